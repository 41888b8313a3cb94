"""What is done to the server meanwhile: two troublemakers, each with its own dice."""

import asyncio
import signal
from collections import Counter
from collections.abc import Awaitable, Callable
from random import Random

from crash.stand import Stand

Fault = Callable[[Random], Awaitable[None]]


class Faults:
    """Breaks things one after the other and mends each again, and counts what it did."""

    def __init__(self, stand: Stand, seed: int) -> None:
        self._stand = stand
        self._seed = seed
        self.done: Counter[str] = Counter()

    async def run(self, stop: asyncio.Event, pause: tuple[float, float]) -> None:
        """Make trouble until `stop` is set, for requests and for durable work at once; everything is mended then.

        `pause` are the least and the most seconds from one trouble to the next.
        """
        before: dict[str, Fault] = {
            "API killed": self._kill("api"),
            "API stopped and continued": self._freeze("api"),
            "PostgreSQL stopped at once": self._stop_postgres,
        }
        behind: dict[str, Fault] = {
            "core worker killed": self._kill("core-1"),
            "other core worker killed": self._kill("core-2"),
            "core worker stopped and continued": self._freeze("core-1"),
            "media worker killed": self._kill("media"),
            "Temporal killed": self._kill_temporal,
            "mail server away": self._lose_mail,
        }
        async with asyncio.TaskGroup() as group:
            group.create_task(self._trouble(before, Random(f"{self._seed}-before"), stop, pause))
            group.create_task(self._trouble(behind, Random(f"{self._seed}-behind"), stop, pause))

    async def wipe_temporal(self) -> None:
        """Let Temporal lose everything, once."""
        await self._stand.kill_temporal()
        self._stand.wipe_temporal()
        await self._stand.revive(self._stand.temporal)
        self.done["Temporal killed and wiped"] += 1

    async def _trouble(
        self, faults: dict[str, Fault], random: Random, stop: asyncio.Event, pause: tuple[float, float]
    ) -> None:
        while True:
            try:
                await asyncio.wait_for(stop.wait(), random.uniform(*pause))
            except TimeoutError:
                name = random.choice(sorted(faults))
                await faults[name](random)
                self.done[name] += 1
            else:
                return

    def _kill(self, name: str) -> Fault:
        async def kill(random: Random) -> None:
            program = self._stand.programs[name]
            await program.kill()
            await asyncio.sleep(random.uniform(0, 1.5))
            await program.start()

        return kill

    def _freeze(self, name: str) -> Fault:
        async def freeze(random: Random) -> None:
            program = self._stand.programs[name]
            program.send(signal.SIGSTOP)
            await asyncio.sleep(random.uniform(0.2, 6))
            program.send(signal.SIGCONT)

        return freeze

    async def _stop_postgres(self, random: Random) -> None:
        await self._stand.stop_postgres_at_once()
        await asyncio.sleep(random.uniform(0, 1))
        await self._stand.revive(self._stand.postgres)

    async def _kill_temporal(self, random: Random) -> None:
        await self._stand.kill_temporal()
        await asyncio.sleep(random.uniform(0, 3))
        await self._stand.revive(self._stand.temporal)

    async def _lose_mail(self, random: Random) -> None:
        await asyncio.to_thread(self._stand.mail.stop)
        await asyncio.sleep(random.uniform(1, 4))
        await asyncio.to_thread(self._stand.mail.start)
