"""What is said of schedules, and running one now."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from central.errors import ConflictError, NotFoundError, UnavailableError
from central_server.infra.embedded.ports import free_port
from central_server.infra.embedded.temporal import EmbeddedTemporal
from central_server.infra.temporal.client import TemporalConnection
from central_server.infra.temporal.schedules import PREFIX, ScheduleKeeper
from central_server.infra.temporal.timetable import ScheduleState, Timetable
from support.durable import fresh_connection, running, sample_worker
from support.sample_specs import CLOCK, SAMPLE, SampleActivity, SampleInput
from support.schedules import hourly, remove_schedules
from support.waiting import until

ONE = hourly(SAMPLE, SampleInput(word="hourly"))
OTHER = hourly(CLOCK, SampleInput(word="never"))


@pytest.fixture
async def own(temporal: EmbeddedTemporal) -> AsyncIterator[TemporalConnection]:
    """A namespace in which nothing is yet, and in the end no schedule goes on."""
    connection = await fresh_connection(temporal)
    yield connection
    await remove_schedules(connection, [SAMPLE.name, CLOCK.name])


async def _sample(timetable: Timetable) -> ScheduleState:
    return next(state for state in await timetable.look() if state.name == SAMPLE.name)


async def test_what_is_said(own: TemporalConnection) -> None:
    """One that is there says when it runs next; one that is not says so; both by name."""
    await ScheduleKeeper(own, [ONE]).apply()
    clock, sample = await Timetable(own, [ONE, OTHER]).look()
    assert clock == ScheduleState(CLOCK.name, timedelta(hours=1))
    assert (sample.there, sample.paused, sample.last_run, sample.last_success) == (True, False, None, None)
    assert sample.next_run is not None
    assert (sample.next_run.minute, sample.next_run.second) == (0, 0)
    await (await own.client()).get_schedule_handle(f"{PREFIX}{SAMPLE.name}").pause()
    paused = await _sample(Timetable(own, [ONE]))
    assert (paused.paused, paused.next_run) == (True, None)


async def test_running_one_now(own: TemporalConnection) -> None:
    """It runs although it is paused, its id is given, and what became of it is told: of the last success, too."""
    timetable, activity = Timetable(own, [ONE]), SampleActivity()
    await ScheduleKeeper(own, [ONE]).apply()
    await (await own.client()).get_schedule_handle(f"{PREFIX}{SAMPLE.name}").pause()

    async def has_ended() -> bool:
        last = (await _sample(timetable)).last_run
        return last is not None and last.outcome != "running"

    async with running(sample_worker(own, activity)):
        good = await timetable.trigger(SAMPLE.name)
        assert good.startswith(f"{PREFIX}{SAMPLE.name}-")
        await until(has_ended)
        activity.fail = 1000
        bad = await timetable.trigger(SAMPLE.name)
        await (await own.client()).get_workflow_handle(bad).terminate()
        await until(has_ended)
    state = await _sample(timetable)
    assert state.last_run is not None
    assert state.last_success is not None
    assert (state.last_run.workflow_id, state.last_run.outcome) == (bad, "terminated")
    assert state.last_success.workflow_id == good
    assert "hourly" in activity.words


async def test_one_at_a_time(own: TemporalConnection) -> None:
    """While a run goes on no other is started, and that is said."""
    timetable = Timetable(own, [ONE])
    await ScheduleKeeper(own, [ONE]).apply()
    first = await timetable.trigger(SAMPLE.name)
    with pytest.raises(ConflictError) as refusal:
        await timetable.trigger(SAMPLE.name)
    assert refusal.value.code == "schedule_runs"
    last = (await _sample(timetable)).last_run
    assert last is not None
    assert (last.workflow_id, last.outcome) == (first, "running")
    await (await own.client()).get_workflow_handle(first).terminate()


async def test_what_is_not_there(own: TemporalConnection) -> None:
    """One that is not declared, or that no worker has made yet, cannot be run; nor can any without Temporal."""
    for name in ("nonsense", SAMPLE.name):
        with pytest.raises(NotFoundError):
            await Timetable(own, [ONE]).trigger(name)
    away = TemporalConnection(f"127.0.0.1:{free_port()}", connect_timeout=0.5)
    with pytest.raises(UnavailableError):
        await Timetable(away, [ONE]).look()
    elsewhere = TemporalConnection(own.address, namespace="nowhere")
    with pytest.raises(UnavailableError):
        await Timetable(elsewhere, [ONE]).look()
