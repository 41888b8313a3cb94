import asyncio
from typing import Any, Literal

from central.errors import UnavailableError
from central.kernel.events import Event
from central.kernel.ids import EventId, TenantId
from central_server.infra.outbox import (
    BatchListener,
    Listeners,
    Outbox,
    Relay,
    RelaySettings,
    Retries,
    WorkflowListener,
)
from support.outbox_place import Place
from support.sample_specs import SAMPLE, SampleInput

FAST = RelaySettings(poll=0.05, redrive=30, first_away_delay=0.05, last_away_delay=0.2, measure=60)
QUICK = Retries(first=0.05, last=0.1, within=1.0)


class Sampled(Event):
    """Starts a workflow."""

    kind: Literal["tests.sampled"] = "tests.sampled"
    word: str = "word"


class Batched(Event):
    """Is handed over in batches."""

    kind: Literal["tests.batched"] = "tests.batched"
    word: str = "word"


class Unheard(Event):
    """Starts nothing."""

    kind: Literal["tests.unheard"] = "tests.unheard"


def input_of(event: Sampled) -> SampleInput:
    if event.word == "poison":
        raise ValueError("this event cannot be read")
    return SampleInput(word=event.word)


class Handler:
    """Remembers what it handled; a `poison` it cannot, and a `slow` event takes its time."""

    def __init__(self, seconds: float = 0.3) -> None:
        self.handled: list[EventId] = []
        self.tries = 0
        self.seconds = seconds

    async def handle(self, event: Batched) -> None:
        self.tries += 1
        if event.word == "poison":
            raise ValueError("this event cannot be handled")
        if event.word == "slow":
            await asyncio.sleep(self.seconds)
        self.handled.append(event.id)


LISTENERS = Listeners(
    [
        WorkflowListener("tests.sample", Sampled, SAMPLE, input_of, retries=QUICK),
        BatchListener("tests.batch", Batched, Handler, retries=QUICK, timeout=5),
    ]
)


class FakeStarter:
    """Stands for Temporal: remembers what was started, runs `effect`, and is `away` when told so."""

    def __init__(self) -> None:
        self.started: list[str] = []
        self.calls = 0
        self.away = False
        self.effect: Any = None

    async def start(self, spec: Any, input: Any, *, id: str) -> str:
        self.calls += 1
        await asyncio.sleep(0)
        if self.away:
            raise UnavailableError("away", code="temporal_unavailable")
        self.started.append(id)
        if self.effect is not None:
            await self.effect(id)
        return id


def settling(place: Place, outbox: Outbox, tenant: TenantId) -> Any:
    """Give an effect that writes the receipt, as an activity does."""

    async def effect(id: str) -> None:
        async with place.database.write(tenant) as executor:
            await outbox.settle(EventId(id), "tests.sample", executor)

    return effect


def relay_of(place: Place, starter: Any, settings: RelaySettings = FAST) -> Relay:
    return Relay(place.database, starter, LISTENERS, settings)
