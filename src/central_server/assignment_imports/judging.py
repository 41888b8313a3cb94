"""What rows mean now: which units and people they name, who is where, and what whoever started the import may do."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

from central.access import TenantPermissionName
from central.assignment_imports.models import StartAssignmentImportInput
from central.kernel.ids import UnitId, UserId
from central_server.assignment_imports.matching import just_before
from central_server.assignment_imports.planning import There
from central_server.assignment_imports.reading import Directory, Found, Id, Row, id_in
from central_server.infra.db import WriteExecutor
from central_server.jobs.runs import Run
from central_server.units.placements import UnitPlacements
from central_server.units.tables import DBUnit
from central_server.users.batches import UserBatches
from central_server.users.inputs import Starter
from central_server.users.tables import DBKnownUser

_NEEDED: Final[tuple[TenantPermissionName, ...]] = ("units:write", "users:read")
_AT_ONCE: Final = 1000


class AssignmentJudge:
    """Finds what rows are about, as of now, and as whom an import acts."""

    def __init__(self, people: UserBatches, placements: UnitPlacements) -> None:
        self.people = people
        self.placements = placements

    async def starter(self, run: Run, tx: WriteExecutor | None = None) -> Starter:
        """Give as whom the import acts; `ForbiddenError` when importing is not among what they may do any more."""
        powers = await self.people.get_powers(run.tenant_id, run.starter, tx)
        powers.check_hold(*_NEEDED)
        return Starter(run.tenant_id, run.by, powers.permissions, powers.is_owner)

    async def directory(self, run: Run, options: StartAssignmentImportInput, rows: Sequence[Row]) -> Directory:
        """Find the units and people that rows name."""
        units: dict[str, DBUnit] = {}
        codes, ids = _split((row.input.unit for row in rows), UnitId)
        for unit in await self.placements.find_units(run.tenant_id, {code.lower() for code in codes}, ids):
            units[unit["id"]] = unit
            if unit["code"] is not None:
                units[unit["code"].lower()] = unit
        people: dict[str, DBKnownUser] = {}
        for first in range(0, len(rows), _AT_ONCE):
            page = rows[first : first + _AT_ONCE]
            people |= await self._people(run, options.source, [row.input.user for row in page])
        return Directory(units, people, options.source is not None)

    async def there(self, run: Run, found: Sequence[Found]) -> There:
        """Find who is in the units of these rows, as far back as they say, and what the roles of all that allow."""
        now = await self.placements.now(run.tenant_id)
        units = {one.unit["id"] for one in found}
        placed = await self.placements.list_placed(run.tenant_id, units, _since(found, now))
        slugs = {role for one in found if (role := one.row.role) is not None}
        slugs |= {role for one in placed if (role := one["role"]) is not None}
        roles = await self.people.roles.permissions_of_each(run.tenant_id, slugs)
        return There(placed, roles, now, run.created_at)

    async def _people(self, run: Run, source: str | None, names: Sequence[str]) -> dict[str, DBKnownUser]:
        called, ids = _split(names, UserId)
        addresses = {name.lower() for name in called} if source is None else set[str]()
        of_source = set[tuple[str, str]]() if source is None else {(source, name) for name in called}
        known = await self.people.find(run.tenant_id, addresses, of_source, self.people.db.read(run.tenant_id))
        by_id = await self.people.find_users(run.tenant_id, ids)
        by_address = {address: one["user_id"] for address, one in known.addresses.items() if one["counts"]}
        by_name = {name: user for (_, name), user in known.names.items()}
        people: dict[str, DBKnownUser] = dict(by_id.items())
        return people | {name: known.users[user] for name, user in (by_address | by_name).items()}


def _split(texts: Iterable[str], kind: type[Id]) -> tuple[set[str], set[Id]]:
    """Tell ids from what else units or people are called."""
    read = {text: id_in(text, kind) for text in texts}
    return {text for text, id in read.items() if id is None}, {id for id in read.values() if id is not None}


def _since(found: Sequence[Found], now: datetime) -> datetime:
    """Give from when on it matters who was where."""
    said = [moment for one in found for moment in (one.row.input.starts_at, one.row.input.ends_at)]
    return just_before(min([now, *(moment for moment in said if isinstance(moment, datetime))]))
