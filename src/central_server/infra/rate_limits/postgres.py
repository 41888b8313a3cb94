from collections.abc import Mapping, Sequence

from central_server.infra.db import Database

from .bucket import Ask, Drawn, Taken
from .queries import CHARGE_BUCKETS, DROP_FULL_BUCKETS, TAKE_TOKENS

_BATCH = 10_000


class PostgresBuckets:
    """Keeps buckets in the database, by its clock, for all processes: no two of them get the last token.

    Each call is one statement, and a transaction of its own; all raise `UnavailableError` when PostgreSQL is away.
    """

    def __init__(self, db: Database) -> None:
        self._db = db

    async def take(self, asks: Sequence[Ask]) -> Taken:
        """Take tokens of several buckets at once, all that are needed or none."""
        rows = await self._db.unscoped().all(
            TAKE_TOKENS,
            keys=[ask.key for ask in asks],
            intervals=[ask.limit.interval for ask in asks],
            spans=[ask.limit.span for ask in asks],
            needed=[ask.needed for ask in asks],
            wanted=[ask.wanted for ask in asks],
        )
        drawn = [Drawn(row["granted"], row["remaining"], row["debt"]) for row in rows]
        return Taken(rows[0]["enough"], drawn)

    async def give_back(self, asks: Sequence[Ask]) -> None:
        """Put the tokens that were wanted back."""
        await self.charge({ask.key: -ask.wanted * ask.limit.interval for ask in asks})

    async def charge(self, costs: Mapping[bytes, int]) -> dict[bytes, int]:
        """Add microseconds to the debts of buckets, whatever they are; gives what they are then."""
        rows = await self._db.unscoped().all(CHARGE_BUCKETS, keys=list(costs), costs=list(costs.values()))
        return {row["key"]: row["debt"] for row in rows}

    async def drop_full(self) -> None:
        """Delete the buckets that are full again."""
        while await self._db.unscoped().scalar(DROP_FULL_BUCKETS, most=_BATCH) == _BATCH:
            pass
