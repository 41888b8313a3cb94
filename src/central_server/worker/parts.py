import asyncio
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from central_server.infra.outbox import Relay
from central_server.infra.temporal.client import TemporalConnection
from central_server.infra.temporal.meter import ActivityMeter


class RunsBeside(Protocol):
    """Something that works beside a queue for as long as its worker does."""

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set."""
        ...


@dataclass(frozen=True, slots=True)
class WorkerParts:
    """What a worker is made of, as the container built it: one activity object of each listed class.

    `beside` is what works in the worker's process besides its queue and the relay.
    """

    connection: TemporalConnection
    activities: Sequence[object]
    relay: Relay | None = None
    beside: Sequence[RunsBeside] = ()
    drain_seconds: float = 20.0
    meter: ActivityMeter | None = None

    def check(self, listed: Sequence[type]) -> None:
        """Raise a `TypeError` unless the activities are exactly those that are listed for the queue."""
        if given := {type(activity) for activity in self.activities} ^ set(listed):
            names = ", ".join(sorted(kind.__name__ for kind in given))
            raise TypeError(f"activities that are missing, or not listed for this queue: {names}")


def stop_on_signals() -> asyncio.Event:
    """Give an event that the first SIGTERM or SIGINT sets; a second one ends the process as usual."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def begin_to_stop() -> None:
        stop.set()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, begin_to_stop)
    return stop
