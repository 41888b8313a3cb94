"""Whom no row of an import is about: how many they are, and disabling them."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from central.kernel.ids import UserId
from central_server.infra.db import WriteExecutor
from central_server.jobs.runs import JobRuns, Run
from central_server.user_imports.judging import RowJudge, options_of
from central_server.user_imports.reading import key_of, read_rows
from central_server.users.batches import UserBatches, Whom
from central_server.users.inputs import Powers
from central_server.users.policy import OWNER
from central_server.users.tables import DBConsidered, DBKnownUser

_PAGE = 500
_CONSIDERED_AT_ONCE = 2000


class Missing(NamedTuple):
    """Who would be disabled, of how many that the rows could be about."""

    users: Sequence[UserId]
    considered: int


class MissingUsers:
    """Finds and disables whom no row is about: never owners, nor the starter, nor who may do more than they.

    Who is named and who is there are compared here: joined in one statement, large imports took too long.
    """

    def __init__(self, people: UserBatches, judge: RowJudge, runs: JobRuns) -> None:
        self.people = people
        self.judge = judge
        self.runs = runs

    async def find(self, run: Run) -> Missing:
        """Find them; those whom an attempt before has disabled are not among them any more."""
        powers = await self.judge.powers(run, self.people.db.read(run.tenant_id))
        whom = Whom(options_of(run).match, options_of(run).source, run.created_at, powers.user)
        named, users, considered = await self._named(run, whom), list[UserId](), 0
        after: UserId | None = None
        while page := await self.people.list_considered(run.tenant_id, whom, after, _CONSIDERED_AT_ONCE):
            slugs = {role for user in page for role in user["roles"]}
            roles = await self.people.roles.permissions_of_each(run.tenant_id, slugs)
            users += [user["id"] for user in page if user["id"] not in named and _may_change(powers, user, roles)]
            considered, after = considered + len(page), page[-1]["id"]
        return Missing(users, considered)

    async def pages(self, run: Run) -> Sequence[Sequence[UserId]]:
        """Find them, page by page."""
        users = (await self.find(run)).users
        return [users[first : first + _PAGE] for first in range(0, len(users), _PAGE)]

    async def _named(self, run: Run, whom: Whom) -> frozenset[UserId]:
        """Find whom the rows, which have no errors, are about."""
        options, named, chunk = options_of(run), set[UserId](), 0
        while (raw := await self.runs.get_rows(run, chunk)) is not None:
            keys = [key_of(row, options) for row in read_rows(raw, 1, options).rows]
            named.update(await self.people.find_named(run.tenant_id, whom, keys))
            chunk += 1
        return frozenset(named)

    async def disable(self, run: Run, page: Sequence[UserId], executor: WriteExecutor) -> Sequence[UserId]:
        """Disable a page of them, as they are now; gives whom."""
        powers = await self.judge.powers(run, executor)
        locked = await self.people.lock_users(run.tenant_id, page, executor)
        slugs = {role for user in locked.values() for role in user["roles"]}
        roles = await self.people.roles.hold_each(run.tenant_id, slugs, executor)
        chosen = [id for id, user in locked.items() if _may_change(powers, user, roles)]
        return await self.people.disable(run.tenant_id, chosen, run.by, executor)


def _may_change(powers: Powers, who: DBConsidered | DBKnownUser, roles: Mapping[str, frozenset[str]]) -> bool:
    needed = frozenset[str]().union(*(roles.get(role, frozenset()) for role in who["roles"]))
    return OWNER not in who["roles"] and powers.covers(needed, who["system_permissions"])
