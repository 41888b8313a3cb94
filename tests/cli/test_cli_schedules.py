"""`schedules`."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from central_server.cli.schedules import in_words
from central_server.infra.temporal.client import TemporalConnection
from central_server.infra.temporal.schedules import PREFIX, ScheduleKeeper
from central_server.worker.schedules import SCHEDULES
from support.commands import process
from support.durable import fresh_connection
from support.schedules import remove_schedules
from support.servers import shared_temporal
from support.waiting import until

NAMES = sorted(spec.workflow.name for spec in SCHEDULES)


@pytest.fixture
async def temporal(empty: dict[str, str]) -> AsyncIterator[tuple[TemporalConnection, dict[str, str]]]:
    """A namespace of the test's own, and the settings with which commands reach it."""
    async with shared_temporal() as server:
        connection = await fresh_connection(server)
        where = {"temporal_address": server.address, "temporal_namespace": connection.namespace}
        yield connection, empty | where
        await remove_schedules(connection, NAMES)


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


async def test_doctor_looks_at_them(cli, temporal: tuple[TemporalConnection, dict[str, str]]) -> None:
    """It says which are missing; when each last succeeded, once they are there; and which have failed."""

    async def said(**settings: str) -> str:
        return " ".join((await cli("doctor", **settings)).out.split())

    connection, settings = temporal
    missing = f"schedules wrong Temporal has no {', '.join(NAMES)}: start `central-server worker core`"
    assert missing in await said(**settings)
    await ScheduleKeeper(connection, SCHEDULES).apply()
    assert "schedules ok last success: " + ", ".join(f"{name} none yet" for name in NAMES) in await said()
    ran = await cli("schedules", "trigger", "domains.recheck")
    await (await connection.client()).get_workflow_handle(ran.out.strip()).terminate()
    assert "schedules wrong domains.recheck terminated at 20" in await said()


async def test_a_core_worker_makes_and_runs_them(
    cli, migrated: dict[str, str], temporal: tuple[TemporalConnection, dict[str, str]]
) -> None:
    """Two workers that start at once make all of them; each one does its work, and doctor sees both."""
    settings = migrated | temporal[1]

    async def states() -> dict[str, tuple[str, str]]:
        return {row[0]: (row[4], row[5]) for row in _rows((await cli("schedules", "list", **settings)).out)[1:]}

    async def are_there() -> bool:
        return {state for _, state in (await states()).values()} == {"active"}

    async def are_done() -> bool:
        return {outcome for outcome, _ in (await states()).values()} == {"completed"}

    with process(settings, "worker", "core"), process(settings, "worker", "core"):
        await until(are_there, 60)
        for name in NAMES:
            ran = await cli("schedules", "trigger", name)
            assert ran.status == 0, ran.err
        await until(are_done, 60)
        served = " ".join((await cli("doctor")).out.split())
        assert "queues wrong nobody serves media: start `central-server worker media`" in served
    assert "schedules ok last success: auth_connectors.warn_of_secrets 20" in " ".join(
        (await cli("doctor")).out.split()
    )


async def test_an_unknown_schedule(cli, temporal: tuple[TemporalConnection, dict[str, str]]) -> None:
    """The line names those that there are."""
    ran = await cli("schedules", "trigger", "nonsense", **temporal[1])
    line = f"central-server: There is no schedule 'nonsense'; there are: {', '.join(NAMES)}."
    assert (ran.status, ran.error_line) == (2, line)


def test_every_schedule_is_documented() -> None:
    """docs/cli.md names each, and how often it comes round."""
    text = (Path(__file__).parents[2] / "docs" / "cli.md").read_text()
    documented = re.findall(r"^\| `([a-z_.]+)` \| (\w+) \|", text, re.MULTILINE)
    assert documented == sorted((spec.workflow.name, in_words(spec.every)) for spec in SCHEDULES)


async def test_no_temporal(cli, empty: dict[str, str]) -> None:
    """Temporal that does not answer is one line and status 1."""
    ran = await cli("schedules", "list", **empty)
    assert (ran.status, ran.error_line) == (1, "central-server: Temporal cannot be reached.")
