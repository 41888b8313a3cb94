"""`schedules`."""

from collections.abc import AsyncIterator

import pytest

from central_server.infra.temporal.client import TemporalConnection
from central_server.infra.temporal.schedules import PREFIX, ScheduleKeeper
from central_server.worker.schedules import SCHEDULES
from support.durable import fresh_connection
from support.servers import shared_temporal

NAMES = sorted(spec.workflow.name for spec in SCHEDULES)


@pytest.fixture
async def temporal(empty: dict[str, str]) -> AsyncIterator[tuple[TemporalConnection, dict[str, str]]]:
    """A namespace of the test's own, and the settings with which commands reach it."""
    async with shared_temporal() as server:
        connection = await fresh_connection(server)
        where = {"temporal_address": server.address, "temporal_namespace": connection.namespace}
        yield connection, empty | where
        await ScheduleKeeper(connection, []).apply()
        client = await connection.client()
        async for listed in await client.list_schedules():
            await client.get_schedule_handle(listed.id).delete()


def _rows(out: str) -> list[list[str]]:
    return [line.split("\t") for line in out.splitlines()]


async def test_schedules(cli, temporal: tuple[TemporalConnection, dict[str, str]]) -> None:
    """They are missing before a core worker has made them; then they are listed, run now, and told of."""
    connection, settings = temporal
    missing = await cli("schedules", "list", **settings)
    assert missing.status == 0, missing.err
    assert [row[:1] + row[5:] for row in _rows(missing.out)[1:]] == [[name, "missing"] for name in NAMES]
    early = await cli("schedules", "trigger", "domains.recheck")
    assert (early.status, "Temporal has no schedule domains.recheck yet" in early.error_line) == (1, True)

    await ScheduleKeeper(connection, SCHEDULES).apply()
    ran = await cli("schedules", "trigger", "domains.recheck")
    assert ran.status == 0, ran.err
    assert ran.out.startswith(f"{PREFIX}domains.recheck-")
    header, *rows = _rows((await cli("schedules", "list")).out)
    assert header == ["name", "every", "next run", "last run", "outcome", "state"]
    assert [row[0] for row in rows] == NAMES
    assert {row[5] for row in rows} == {"active"}
    assert all(row[2] for row in rows)
    (recheck,) = [row for row in rows if row[0] == "domains.recheck"]
    assert (recheck[1], recheck[4]) == ("1h", "running")  # no worker is there
    again = await cli("schedules", "trigger", "domains.recheck")
    assert (again.status, again.error_line) == (1, "central-server: A run of domains.recheck goes on already.")
    await (await connection.client()).get_workflow_handle(ran.out.strip()).terminate()


async def test_an_unknown_schedule(cli, temporal: tuple[TemporalConnection, dict[str, str]]) -> None:
    """The line names those that there are."""
    ran = await cli("schedules", "trigger", "nonsense", **temporal[1])
    line = f"central-server: There is no schedule 'nonsense'; there are: {', '.join(NAMES)}."
    assert (ran.status, ran.error_line) == (2, line)


async def test_no_temporal(cli, empty: dict[str, str]) -> None:
    """Temporal that does not answer is one line and status 1."""
    ran = await cli("schedules", "list", **empty)
    assert (ran.status, ran.error_line) == (1, "central-server: Temporal cannot be reached.")
