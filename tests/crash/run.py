"""One run: work under trouble, mend, drain, look."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

from central_server.parts import make_listeners
from crash.callers import Caller, call
from crash.checks import Findings, drained, examine
from crash.diary import Diary
from crash.faults import Faults
from crash.stand import Stand, make_stand

CALLERS = 16


@dataclass(frozen=True)
class Plan:
    """How much is done: `pause` are the least and the most seconds from one trouble to the next."""

    operations: int
    seed: int
    tenants: int = 4
    pause: tuple[float, float] = (3.0, 9.0)
    drain_seconds: float = 240.0


@dataclass(frozen=True)
class Report:
    """What was done to whom, and what was found."""

    plan: Plan
    diary: Diary
    faults: Faults
    findings: Findings
    seconds: float


async def run(plan: Plan, folder: Path, tell: Callable[[str, int], None]) -> Report:
    """Do it; `tell` hears what goes on, and how many operations were asked for by then."""
    began = monotonic()
    tell("starting everything", 0)
    async with make_stand(folder, plan.tenants) as stand:
        diary, faults = Diary(), Faults(stand, plan.seed)
        await _work(plan, stand, diary, faults, lambda done: tell("working under trouble", done))
        tell("mended; waiting for what is under way", diary.operations)
        await stand.healthy()
        await drained(stand, plan.drain_seconds)
        await asyncio.to_thread(stand.mail.stop)
        tell("comparing", diary.operations)
        heard = [(listener.kind, listener.name) for listener in make_listeners()]
        findings = await examine(stand, diary, heard)
    return Report(plan, diary, faults, findings, monotonic() - began)


async def _work(plan: Plan, stand: Stand, diary: Diary, faults: Faults, tell: Callable[[int], None]) -> None:
    clients = [stand.owner(number) for number in range(CALLERS)]
    tenants = [stand.places[number % len(stand.places)].tenant.slug for number in range(CALLERS)]
    callers = [Caller(number, clients[number], tenants[number], plan.seed, diary) for number in range(CALLERS)]
    stop, half = asyncio.Event(), asyncio.Event()

    def told(done: int) -> None:
        tell(done)
        if done >= plan.operations // 2:
            half.set()

    trouble = asyncio.create_task(_make_trouble(faults, stop, half, plan.pause))
    try:
        await call(callers, plan.operations, diary, told)
    finally:
        stop.set()
        await trouble
        for client in clients:
            await client.aclose()


async def _make_trouble(faults: Faults, stop: asyncio.Event, half: asyncio.Event, pause: tuple[float, float]) -> None:
    """Make trouble until the end; half way through, Temporal loses everything."""
    first = asyncio.Event()
    trouble = asyncio.create_task(faults.run(first, pause))
    await half.wait()
    first.set()
    await trouble
    await faults.wipe_temporal()
    await faults.run(stop, pause)
