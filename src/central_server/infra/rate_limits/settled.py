import asyncio
from collections.abc import Awaitable, Callable, Sequence

from central.errors import CentralError
from central_server.infra.logs import component_logger
from central_server.infra.telemetry import NO_TRACES, Traces
from central_server.infra.waiting import wait_for_any

from .bucket import Ask, Taken, draw
from .memory import MOST_BUCKETS, Bucket, BucketMap, Clock, monotonic_microseconds
from .postgres import PostgresBuckets

_BATCH = 2000
_SWEEP_SECONDS = 60.0


class SettledBuckets:
    """Hands out tokens of the database's buckets without asking it each time.

    A process takes from copies of its own, and every `seconds` charges what it took, in one statement, which tells it
    what others took. It owes one share of a bucket at most, and waits for the database beyond that: together `n`
    processes hand out `n` shares more than there are tokens, and as everything is charged in the end, what was too
    much is missing later. Where the database does not answer, the copies go on alone.
    """

    def __init__(
        self,
        shared: PostgresBuckets,
        *,
        seconds: float = 1.0,
        most: int = MOST_BUCKETS,
        clock: Clock = monotonic_microseconds,
        traces: Traces = NO_TRACES,
    ) -> None:
        self._shared = shared
        self._seconds = seconds
        self._most = most
        self._clock = clock
        self._traces = traces
        self._buckets = BucketMap(most, clock)
        self._owing: dict[bytes, Bucket] = {}
        self._urgent: dict[bytes, asyncio.Task[bool]] = {}
        self._settling = asyncio.Lock()
        self._stopping = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._log = component_logger(self)

    def __len__(self) -> int:
        return len(self._buckets)

    async def take(self, asks: Sequence[Ask]) -> Taken:
        """Take tokens of several buckets at once, all that are needed or none."""
        for ask in asks:
            if (owing := self._owing.get(ask.key)) is not None and owing.owed >= owing.share:
                await self._settle_shares(asks)
                break
        return self._take_now(asks)

    async def give_back(self, asks: Sequence[Ask]) -> None:
        """Put the tokens that were wanted back."""
        for ask in asks:
            bucket = self._buckets.get(ask.key) or self._add(ask)
            bucket.full_at -= ask.wanted * ask.limit.interval
            bucket.owed -= ask.wanted
            self._note(ask.key, bucket)

    async def start(self) -> None:
        """Begin to settle, and to delete full buckets, in the background."""
        self._tasks = [
            asyncio.create_task(self._repeat(self.settle, self._seconds), name="rate limits settled"),
            asyncio.create_task(self._repeat(self._shared.drop_full, _SWEEP_SECONDS), name="rate limits swept"),
        ]

    async def close(self) -> None:
        """Stop, and settle what is owed."""
        self._stopping.set()
        await asyncio.gather(*self._tasks, *self._urgent.values())
        await self._try(self.settle)

    async def settle(self) -> None:
        """Charge what is owed, and learn what others took; raises `UnavailableError`."""
        async with self._settling:
            keys = list(self._owing)
            with self._traces.working("settle rate limits") as work:
                work.found(buckets=len(keys))
                for start in range(0, len(keys), _BATCH):
                    await self._settle(keys[start : start + _BATCH])

    def _take_now(self, asks: Sequence[Ask]) -> Taken:
        find, now = self._buckets.get, self._clock()
        buckets: list[Bucket] = []
        debts: list[int] = []
        for ask in asks:
            bucket = find(ask.key) or self._add(ask)
            buckets.append(bucket)
            debts.append(bucket.full_at - now if bucket.full_at > now else 0)
        taken = draw(asks, debts)
        if taken.ok:
            for ask, bucket, drawn in zip(asks, buckets, taken.drawn, strict=True):
                bucket.full_at = now + drawn.debt
                bucket.owed += drawn.granted
                if ask.key not in self._owing:
                    self._note(ask.key, bucket)
        return taken

    async def _settle_shares(self, asks: Sequence[Ask]) -> None:
        """Settle until there is room in the shares of all these buckets, or the database is away."""
        waiting = True
        while waiting and (spent := [ask.key for ask in asks if self._is_spent(ask.key)]):
            waiting = await self._settle_soon(spent[0])

    def _is_spent(self, key: bytes) -> bool:
        return (owing := self._owing.get(key)) is not None and owing.owed >= owing.share

    async def _settle_soon(self, key: bytes) -> bool:
        """Charge one bucket now, once for all who wait for it; a caller who leaves does not take that along."""
        task = self._urgent.get(key)
        if task is None:
            task = self._urgent[key] = asyncio.create_task(self._try(lambda: self._settle_one(key)))
            task.add_done_callback(lambda _: self._urgent.pop(key))
        return await asyncio.shield(task)

    async def _settle_one(self, key: bytes) -> None:
        async with self._settling:
            if key in self._owing:
                await self._settle([key])

    async def _settle(self, keys: Sequence[bytes]) -> None:
        """Charge buckets; what is taken of them meanwhile stays owed."""
        sent = [(key, bucket := self._owing[key], bucket.owed) for key in keys]
        debts = await self._shared.charge({key: owed * bucket.interval for key, bucket, owed in sent})
        now = self._clock()
        for key, bucket, owed in sent:
            bucket.owed -= owed
            bucket.full_at = now + debts[key] + bucket.owed * bucket.interval
            if bucket.owed == 0:
                del self._owing[key]

    def _add(self, ask: Ask) -> Bucket:
        """Begin with a full copy; how far that is from the truth is known a share later at most."""
        return self._buckets.add(ask.key, self._owing.get(ask.key) or Bucket(ask.limit))

    def _note(self, key: bytes, bucket: Bucket) -> None:
        """Note that a bucket is to be charged, unless so many are that the database must be away for long."""
        if len(self._owing) < self._most:
            self._owing[key] = bucket

    async def _repeat(self, step: Callable[[], Awaitable[None]], seconds: float) -> None:
        while not self._stopping.is_set():
            await wait_for_any(self._stopping, seconds=seconds)
            await self._try(step)

    async def _try(self, step: Callable[[], Awaitable[None]]) -> bool:
        try:
            await step()
        except CentralError as error:
            self._log.warning("rate limits not settled", owing=len(self._owing), code=error.code)
        except Exception:  # noqa: BLE001 (whatever is wrong there, the copies count on)
            self._log.exception("rate limits not settled", owing=len(self._owing))
        else:
            return True
        return False
