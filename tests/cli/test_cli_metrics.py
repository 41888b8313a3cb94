"""The dashboard, the alerts and the page on operations, held against what real processes tell Prometheus."""

import asyncio
import json
import re
from contextlib import ExitStack
from itertools import combinations
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from central.catalog import CATALOG
from central_server.infra.embedded.ports import free_port
from central_server.infra.embedded.temporal import EmbeddedTemporal
from central_server.infra.temporal.client import TemporalConnection
from support.commands import process
from support.durable import connection, temporal
from support.waiting import until

__all__ = ["connection", "temporal"]

ROOT = Path(__file__).parents[2]
DASHBOARD = json.loads((ROOT / "deploy/grafana/central.json").read_text())
ALERTS = yaml.safe_load((ROOT / "deploy/prometheus/alerts.yaml").read_text())
PAGE = (ROOT / "docs/operations.md").read_text()

_TYPE = re.compile(r"^# TYPE (\S+) (\S+)$", re.MULTILINE)
_NAME = re.compile(r"\b(?:central|process|python)_[a-z_]+\b")
_PARTS = {"histogram": ("_bucket", "_sum", "_count"), "summary": ("_sum", "_count")}

NOT_SHOWN = {
    "process_virtual_memory_bytes": "says nothing where memory is mapped and not used",
    "python_info": "a version is no curve",
    "python_gc_objects_collected_total": "for those who look for a leak",
    "python_gc_objects_uncollectable_total": "as above",
    "python_gc_collections_total": "as above",
    "central_worker_activity_seconds_bucket": "the mean and the wait show what is slow; for a closer look by hand",
    "central_worker_activity_wait_seconds_sum": "the quantile is shown",
    "central_worker_activity_wait_seconds_count": "as above",
    "central_worker_workflow_task_seconds_bucket": "as for activities",
    "central_worker_workflow_task_wait_seconds_sum": "the quantile is shown",
    "central_worker_workflow_task_wait_seconds_count": "as above",
}
"""What the dashboard leaves out, and why."""


_COMMANDS = {
    ("api", "--port", "0"): "central_request_seconds",
    ("worker", "core"): "central_database_pool_size",
    ("worker", "media"): "central_database_pool_size",
}
"""Each process, and what it tells when it tells all: the API measures requests once it is about to take some."""


def panels() -> list[dict[str, Any]]:
    return [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]


def names_in(*texts: str) -> set[str]:
    return {name for text in texts for name in _NAME.findall(text)}


def shown() -> set[str]:
    return names_in(*(target["expr"] for panel in panels() for target in panel["targets"]))


def told_by(text: str) -> set[str]:
    """Give the names of a page of metrics, those of empty families included."""
    names: set[str] = set()
    for name, kind in _TYPE.findall(text):
        if not name.endswith("_created"):
            names |= {name + part for part in _PARTS.get(kind, ("",))}
    return names


@pytest.fixture(scope="module")
def told() -> dict[str, set[str]]:
    return {}


@pytest.fixture
async def exposed(migrated: dict[str, str], told: dict[str, set[str]]) -> set[str]:
    """Give the names that an API, a core worker and a media worker tell, asked once for the module."""
    if not told:
        for command, last in _COMMANDS.items():
            told[" ".join(command)] = await _ask(migrated, command, last)
    return set().union(*told.values())


async def _ask(settings: dict[str, str], command: tuple[str, ...], last: str) -> set[str]:
    return told_by(await _read(settings, command, last))


async def _read(settings: dict[str, str], command: tuple[str, ...], *lasts: str) -> str:
    """Give what a process tells as soon as it tells all of something."""
    port = free_port()
    with ExitStack() as running:
        running.enter_context(process(settings | {"metrics_port": str(port)}, *command))
        async with httpx.AsyncClient() as client:
            text = ""

            async def answers() -> bool:
                nonlocal text
                try:
                    text = (await client.get(f"http://127.0.0.1:{port}/metrics")).text
                except httpx.TransportError:
                    await asyncio.sleep(0.1)
                return all(last in text for last in lasts)

            await until(answers, 60)
    return text


@pytest.mark.parametrize("queue", ["core", "media"])
async def test_a_worker_tells_of_its_queue(
    temporal: EmbeddedTemporal, connection: TemporalConnection, migrated: dict[str, str], queue: str
) -> None:
    """A worker that Temporal knows tells of its steps of workflows; the core worker, of who serves which queue, too."""
    where = {"temporal_address": temporal.address, "temporal_namespace": connection.namespace}
    lines = [f'central_worker_workflow_tasks_running{{queue="{queue}"}} 0.0']
    if queue == "core":
        lines += [f'central_queue_workers{{queue="{each}"}} {float(each == queue)}' for each in ("core", "media")]
    text = await _read(migrated | where, ("worker", queue), *lines)
    assert f'central_worker_activity_slots{{queue="{queue}"}}' in text
    assert ("central_queue_workers" in text) == (queue == "core")


async def test_files_name_what_is_told(exposed: set[str]) -> None:
    """The dashboard and the alerts name only what is told, and the dashboard leaves nothing out by chance."""
    alerts = names_in(*(rule["expr"] for group in ALERTS["groups"] for rule in group["rules"]))
    assert shown() | alerts <= exposed
    assert exposed - shown() == NOT_SHOWN.keys()


async def test_names_follow_the_conventions(exposed: set[str]) -> None:
    """Counters end in `_total`, times are in seconds, and each name of ours is explained in docs/operations.md."""
    own = {re.sub(r"_(bucket|sum|count)$", "", name) for name in exposed if name.startswith("central_")}
    explained = set(re.findall(r"^\| `(central_[a-z_]+)`", PAGE, re.MULTILINE))
    assert explained == own
    assert not {name for name in own if re.search(r"(lag|latency|time|duration|rest|_ms)$", name)}


def test_dashboard_can_be_imported() -> None:
    """It has what Grafana needs: ids of their own, a place for each panel that no other has, and one data source."""
    assert (DASHBOARD["uid"], DASHBOARD["schemaVersion"] >= 36) == ("central", True)
    ids = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(ids) == len(set(ids))
    places = [panel["gridPos"] for panel in DASHBOARD["panels"]]
    assert all(place["x"] >= 0 and place["x"] + place["w"] <= 24 for place in places)
    assert not [pair for pair in combinations(places, 2) if _overlap(*pair)]
    variables = {each["name"] for each in DASHBOARD["templating"]["list"]}
    used = set(re.findall(r"\$\{?([a-z]+)\}?", json.dumps(DASHBOARD["panels"])))
    assert used - {"__rate_interval"} <= variables
    for panel in panels():
        assert panel["title"]
        assert panel["description"].endswith(".")
        references = [target["refId"] for target in panel["targets"]]
        assert len(references) == len(set(references))
        assert all(target["expr"].count("(") == target["expr"].count(")") for target in panel["targets"])
        assert {target["datasource"]["uid"] for target in panel["targets"]} == {"${datasource}"}


def _overlap(one: dict[str, int], other: dict[str, int]) -> bool:
    beside = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
    above = one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
    return not beside and not above


def test_alerts_say_what_to_do() -> None:
    """Each rule has a name of its own, a severity, what is wrong and what to do."""
    rules = [rule for group in ALERTS["groups"] for rule in group["rules"]]
    names = [rule["alert"] for rule in rules]
    assert len(names) == len(set(names))
    for rule in rules:
        assert rule.keys() <= {"alert", "expr", "for", "labels", "annotations"}
        assert rule["labels"]["severity"] in {"page", "ticket"}
        assert rule["annotations"].keys() == {"summary", "action"}
        assert rule["expr"].count("(") == rule["expr"].count(")")


def test_what_waits_on_purpose_is_not_slow() -> None:
    """How long requests take is told without those operations that wait when they are asked to."""
    waits = "|".join(operation.name for operation in CATALOG if "wait" in operation.input_class.model_fields)
    shown = [target["expr"] for panel in panels() for target in panel["targets"]]
    alerts = [rule["expr"] for group in ALERTS["groups"] for rule in group["rules"]]
    times = [expr for expr in (*shown, *alerts) if "central_request_seconds_bucket" in expr]
    assert len(times) >= 4
    assert waits == "events.read|jobs.get"
    assert all(f'operation!~"{waits}"' in expr for expr in times)
