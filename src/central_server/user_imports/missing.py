"""Whom no row of an import is about: how many they are, and disabling them."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from central.kernel.ids import UserId
from central_server.infra.db import WriteExecutor
from central_server.jobs.runs import JobRuns, Run
from central_server.user_imports.judging import RowJudge, options_of
from central_server.user_imports.reading import key_of, read_rows
from central_server.users.batches import Keys, UserBatches
from central_server.users.inputs import Powers
from central_server.users.policy import OWNER
from central_server.users.tables import DBKnownUser, DBPower

_PAGE = 500


class Missing(NamedTuple):
    """How many users would be disabled, of how many that the rows could be about."""

    users: int
    considered: int


class MissingUsers:
    """Finds and disables whom no row is about: never owners, nor the starter, nor who may do more than they."""

    def __init__(self, people: UserBatches, judge: RowJudge, runs: JobRuns) -> None:
        self.people = people
        self.judge = judge
        self.runs = runs

    async def keys(self, run: Run) -> Keys:
        """Collect what the rows, which have no errors, are about; who came after the job is not missing."""
        options, values, chunk = options_of(run), list[str](), 0
        while (raw := await self.runs.get_rows(run, chunk)) is not None:
            values += [key_of(row, options) for row in read_rows(raw, 1, options).rows]
            chunk += 1
        assert run.starter is not None, "somebody without powers gets no further"
        return Keys(options.match, options.source, values, run.created_at, run.starter)

    async def count(self, run: Run) -> Missing:
        """Count them."""
        reader = self.people.db.read(run.tenant_id)
        powers = await self.judge.powers(run, reader)
        missing, considered = await self.people.count_missing(run.tenant_id, await self.keys(run), reader)
        slugs = {role for group in missing for role in group["roles"]}
        roles = await self.people.roles.permissions_of_each(run.tenant_id, slugs, reader)
        users = sum(group["people"] for group in missing if _may_change(powers, group, roles))
        return Missing(users, sum(group["people"] for group in considered))

    async def disable_page(
        self, run: Run, keys: Keys, after: UserId | None, executor: WriteExecutor
    ) -> tuple[Sequence[UserId], UserId | None]:
        """Disable a page of them; gives whom, and where the page ended, or None after the last."""
        page = await self.people.list_missing(run.tenant_id, keys, after, _PAGE, executor)
        if not page:
            return [], None
        powers = await self.judge.powers(run, executor)
        locked = await self.people.lock_users(run.tenant_id, page, executor)
        slugs = {role for user in locked.values() for role in user["roles"]}
        roles = await self.people.roles.hold_each(run.tenant_id, slugs, executor)
        chosen = [id for id, user in locked.items() if _may_change(powers, user, roles)]
        return await self.people.disable(run.tenant_id, chosen, run.by, executor), page[-1]


def _may_change(powers: Powers, who: DBPower | DBKnownUser, roles: Mapping[str, frozenset[str]]) -> bool:
    needed = frozenset[str]().union(*(roles.get(role, frozenset()) for role in who["roles"]))
    return OWNER not in who["roles"] and powers.covers(needed, who["system_permissions"])
