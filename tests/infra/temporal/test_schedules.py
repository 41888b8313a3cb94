import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleDescription,
    ScheduleOverlapPolicy,
)
from temporalio.client import ScheduleSpec as Times
from temporalio.service import RPCError, RPCStatusCode

from central_server.infra.embedded.ports import free_port
from central_server.infra.embedded.temporal import EmbeddedTemporal
from central_server.infra.temporal.client import TemporalConnection
from central_server.infra.temporal.schedules import PREFIX, ScheduleKeeper
from central_server.infra.temporal.spec import Queue, ScheduleSpec
from support.durable import fresh_connection, running, sample_worker
from support.sample_specs import CLOCK, SAMPLE, SAMPLE_SCHEDULE, SampleActivity, SampleInput
from support.waiting import until

ID = f"{PREFIX}{SAMPLE.name}"


def _variant(**changes: Any) -> ScheduleSpec[Any, Any]:
    """Give the sample's schedule as another release would declare it."""
    registry = dict(ScheduleSpec.registry)
    ScheduleSpec.registry.clear()
    try:
        return replace(SAMPLE_SCHEDULE, **changes)
    finally:
        ScheduleSpec.registry.clear()
        ScheduleSpec.registry.update(registry)


@pytest.fixture
async def own(temporal: EmbeddedTemporal) -> AsyncIterator[TemporalConnection]:
    """A namespace in which nothing is yet, and in the end no schedule goes on."""
    connection = await fresh_connection(temporal)
    yield connection
    await ScheduleKeeper(connection, []).apply()
    client = await connection.client()
    for id in await _ids(client):
        try:
            await client.get_schedule_handle(id).delete()
        except RPCError as error:  # the list still has what was deleted just now
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise


async def _ids(client: Client) -> set[str]:
    return {listed.id async for listed in await client.list_schedules()}


async def _describe(connection: TemporalConnection) -> ScheduleDescription:
    return await (await connection.client()).get_schedule_handle(ID).describe()


async def test_schedule_starts_its_workflow(own: TemporalConnection) -> None:
    """What is declared is started again and again, on its queue and with its input."""
    activity = SampleActivity()
    async with running(sample_worker(own, activity), ScheduleKeeper(own, [SAMPLE_SCHEDULE])):

        async def twice() -> bool:
            return len(activity.words) >= 2

        await until(twice)
    assert set(activity.words) == {"again"}
    client = await own.client()
    started = [run.id async for run in client.list_workflows(f"WorkflowType = '{SAMPLE.name}'")]
    assert all(id.startswith(ID) for id in started)


async def test_schedule_is_as_declared(own: TemporalConnection) -> None:
    """Interval, offset, queue, time-out, one at a time, and one start for a whole absence."""
    every, offset = timedelta(hours=6), timedelta(minutes=20)
    await ScheduleKeeper(own, [_variant(every=every, offset=offset)]).apply()
    schedule = (await _describe(own)).schedule
    (interval,) = schedule.spec.intervals
    assert (interval.every, interval.offset) == (every, offset)
    assert (schedule.policy.overlap, schedule.policy.catchup_window) == (ScheduleOverlapPolicy.SKIP, every)
    action = schedule.action
    assert isinstance(action, ScheduleActionStartWorkflow)
    assert (action.workflow, action.task_queue) == (SAMPLE.name, Queue.CORE.value)
    assert action.run_timeout == SAMPLE.run_timeout


async def test_applying_again_changes_what_changed(own: TemporalConnection) -> None:
    """Any number of workers may apply, at once too; a newer declaration wins, and a pause of an operator's stays."""
    hourly = [_variant(every=timedelta(hours=1))]
    await asyncio.gather(*(ScheduleKeeper(own, hourly).apply() for _ in range(4)))
    handle = (await own.client()).get_schedule_handle(ID)
    await handle.pause(note="for a while")
    await ScheduleKeeper(own, [_variant(every=timedelta(hours=2), input=SampleInput(word="new"))]).apply()
    described = await handle.describe()
    assert described.schedule.spec.intervals[0].every == timedelta(hours=2)
    assert (described.schedule.state.paused, described.schedule.state.note) == (True, "for a while")
    action = described.schedule.action
    assert isinstance(action, ScheduleActionStartWorkflow)
    assert b"new" in action.args[0].data


async def test_what_is_not_declared_any_more_goes(own: TemporalConnection) -> None:
    """Our schedules that are no longer declared are removed; those of others stay."""
    client = await own.client()
    action = ScheduleActionStartWorkflow(CLOCK.name, SampleInput(word="x"), id="x", task_queue="none")
    for id in (f"{PREFIX}tests.former", "somebody-elses"):
        await client.create_schedule(id, Schedule(action=action, spec=Times()))
    await ScheduleKeeper(own, [_variant(every=timedelta(hours=1))]).apply()

    async def settled() -> bool:
        # The list lags behind, for the keeper and for us.
        await ScheduleKeeper(own, [_variant(every=timedelta(hours=1))]).apply()
        return await _ids(client) == {ID, "somebody-elses"}

    await until(settled)


async def test_two_workers_start_at_once(own: TemporalConnection) -> None:
    """Each has a connection of its own; what a former release left goes, and what is declared is there once."""
    client = await own.client()
    leftover = ScheduleActionStartWorkflow(CLOCK.name, SampleInput(word="x"), id="x", task_queue="none")
    await client.create_schedule(f"{PREFIX}tests.former", Schedule(action=leftover, spec=Times()))
    declared = [_variant(every=timedelta(hours=1))]
    second = TemporalConnection(own.address, namespace=own.namespace)
    keepers = [ScheduleKeeper(connection, declared, first_delay=0.05, again=0.2) for connection in (own, second)]

    async def settled() -> bool:
        return await _ids(client) == {ID}

    async with running(*keepers):
        await until(settled)
    assert not any([await _waits(keeper) for keeper in keepers])
    assert (await _describe(own)).schedule.spec.intervals[0].every == timedelta(hours=1)


async def _waits(keeper: ScheduleKeeper) -> bool:
    return keeper._waiting


async def test_keeper_waits_for_temporal_and_heals_what_it_lost(temporal: EmbeddedTemporal, tmp_path: Any) -> None:
    """A worker that starts without Temporal makes the schedules when it is there, and again when they are gone."""
    connection = TemporalConnection(f"127.0.0.1:{free_port()}", connect_timeout=0.5)
    keeper = ScheduleKeeper(
        connection, [_variant(every=timedelta(hours=1))], first_delay=0.05, last_delay=0.1, again=0.1
    )

    async def there() -> bool:
        try:
            await _describe(connection)
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
            return False
        return True

    server = EmbeddedTemporal(tmp_path / "temporal", port=int(connection.address.partition(":")[2]), durable=False)
    async with running(keeper):
        await until(lambda: _waits(keeper))
        async with server:
            await until(there)
            await (await connection.client()).get_schedule_handle(ID).delete()
            await until(there)


def test_a_workflow_has_one_schedule() -> None:
    """A second one is refused when it is declared."""
    with pytest.raises(TypeError, match="has a schedule already"):
        ScheduleSpec(SAMPLE, SampleInput(word="x"), every=timedelta(days=1))
    assert ScheduleSpec.registry[SAMPLE.name] is SAMPLE_SCHEDULE
