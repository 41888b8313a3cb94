"""What rows mean now: who is there, what whoever started the import may do, and what the tenant allows."""

from collections.abc import Collection, Sequence

from central.access import TenantPermissionName
from central.user_imports.models import StartUserImportInput
from central_server.infra.db import ReadExecutor, WriteExecutor
from central_server.jobs.runs import Run
from central_server.user_imports.planning import Plan, Rules, plan_rows
from central_server.user_imports.reading import Row
from central_server.users.attributes import UserAttributes
from central_server.users.batches import Known, UserBatches
from central_server.users.inputs import Powers

_NEEDED: TenantPermissionName = "users:write"


def options_of(run: Run) -> StartUserImportInput:
    """Read how an import is to be done."""
    return StartUserImportInput.model_validate(dict(run.options))


class RowJudge:
    """Plans chunks of rows, by the state of now: to say what would happen, or locked, to do it."""

    def __init__(self, people: UserBatches, attributes: UserAttributes) -> None:
        self.people = people
        self.attributes = attributes

    async def powers(self, run: Run, executor: ReadExecutor) -> Powers:
        """Give what the starter may do now; `ForbiddenError` when importing users is not among it any more."""
        powers = await self.people.get_powers(run.tenant_id, run.starter, executor)
        powers.check_hold(_NEEDED)
        return powers

    async def preview(self, run: Run, rows: Sequence[Row], executor: ReadExecutor) -> Plan:
        """Plan rows by what is there at the moment."""
        known = await self.people.find(run.tenant_id, *_asked(rows), executor)
        roles = await self.people.roles.permissions_of_each(run.tenant_id, _roles(run, rows, known), executor)
        return plan_rows(rows, known, await self._rules(run, roles, executor))

    async def plan(self, run: Run, rows: Sequence[Row], executor: WriteExecutor) -> Plan:
        """Plan rows, and keep those whom they are about, and their roles, as they are until the transaction ends."""
        known = await self.people.lock(run.tenant_id, *_asked(rows), executor)
        roles = await self.people.roles.hold_each(run.tenant_id, _roles(run, rows, known), executor)
        return plan_rows(rows, known, await self._rules(run, roles, executor))

    async def _rules(self, run: Run, roles: dict[str, frozenset[str]], reader: ReadExecutor) -> Rules:
        powers = await self.powers(run, reader)
        return Rules(options_of(run), powers, roles, await self.attributes.checker(run.tenant_id, reader))


def _asked(rows: Sequence[Row]) -> tuple[Collection[str], Collection[tuple[str, str]]]:
    return [row.address for row in rows], [name for row in rows for name in row.names()]


def _roles(run: Run, rows: Sequence[Row], known: Known) -> Collection[str]:
    """Name every role that matters: new ones, and those of whoever is there."""
    slugs = set(options_of(run).roles).union(*(row.input.roles for row in rows))
    return slugs.union(*((*user["roles"], *user["lasting_roles"]) for user in known.users.values()))
