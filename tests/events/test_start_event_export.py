"""What happened into a file: in each format the same, for who may read it, and nothing that a spreadsheet runs."""

import csv
import io
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow.parquet
import pytest

from central.errors import ForbiddenError, NotFoundError, ValidationFailedError
from central.jobs.models import EventExportResult
from central.kernel.cells import unshielded
from central.kernel.ids import EventId, UserId
from central_client import AsyncCentral, JobFailedError
from central_server.event_exports import exporting, service
from support.database import superuser
from support.exporting import exported_events, while_working, work_on
from support.place import Place
from support.sessions import grow_stale

COLUMNS = ["occurred_at", "kind", "id", "actor", "impersonator", "request_id", "target", "details"]


async def populate(place: Place) -> None:
    """Let things happen."""
    for number in range(4):
        user = await place.user()
        await place.owner.users.set_tags(user=user.id, tags={"number": str(number)})


async def listed(place: Place, **filters: Any) -> list[dict[str, Any]]:
    """Give events as the API gives them, the earliest first."""
    events = [event async for event in place.owner.events.list(limit=200, **filters)]
    return [json.loads(event.model_dump_json(by_alias=True)) for event in events[::-1]]


async def test_lines_are_events_as_the_api_gives_them(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each line is an event as `events.list` gives it, the earliest first, on as many pages as it takes."""
    monkeypatch.setattr("central_server.events.service._PAGE", 3)
    await populate(place)
    expected = await listed(place)
    content = await exported_events(place)
    assert [json.loads(line) for line in content.splitlines()] == expected


async def test_tables_say_the_same(place: Place) -> None:
    """A CSV and a Parquet file have a row for each event, with what every event has and the rest as JSON."""
    await populate(place)
    kinds = ["user.created", "user.tags.changed"]
    expected = await listed(place, kind=kinds)
    text = (await exported_events(place, format="csv", kind=kinds)).decode()
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert list(rows[0]) == COLUMNS
    table = pyarrow.parquet.read_table(io.BytesIO(await exported_events(place, format="parquet", kind=kinds)))
    assert table.column_names == COLUMNS
    for source, read in ((rows, _cell), (table.to_pylist(), _value)):
        assert [read(row, "id") for row in source] == [event["id"] for event in expected]
        assert [read(row, "kind") for row in source] == [event["kind"] for event in expected]
        assert [read(row, "actor") for row in source] == [event["actor"] for event in expected]
        assert [read(row, "target") for row in source] == [event["userId"] for event in expected]
        assert {read(row, "impersonator") for row in source} == {None}
        details = [json.loads(read(row, "details")) for row in source]
        assert [one["userId"] for one in details] == [event["userId"] for event in expected]
        assert [one.get("keys") for one in details] == [event.get("keys") for event in expected]
    times = [row["occurred_at"] for row in table.to_pylist()]
    assert times == [datetime.fromisoformat(event["occurredAt"]) for event in expected]
    assert [datetime.fromisoformat(row["occurred_at"]) for row in rows] == times


def _cell(row: dict[str, str], name: str) -> str | None:
    return unshielded(row[name]) or None


def _value(row: dict[str, Any], name: str) -> str | None:
    return row[name]


async def test_filters_are_those_of_the_list(place: Place, admin: AsyncCentral) -> None:
    """Kinds, actor, target and times choose as they do for the list."""
    await populate(place)
    user = (await admin.users.me()).id
    await admin.users.update_me(display_name="Me")
    now = datetime.now(UTC)
    for filters in (
        {"kind": ["user.created"]},
        {"actor": user},
        {"target": user},
        {"after": now - timedelta(hours=1), "before": now + timedelta(hours=1)},
    ):
        expected = await listed(place, **filters)
        assert expected
        lines = (await exported_events(place, **filters)).splitlines()
        assert [json.loads(line) for line in lines][: len(expected)] == expected
    for nothing in ({"actor": UserId.new()}, {"after": now + timedelta(hours=1)}, {"before": now - timedelta(days=9)}):
        assert await exported_events(place, **nothing) == b""


async def test_what_happens_meanwhile_is_not_in_it(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is of what had been written when the job was made: it comes to an end however much goes on."""
    monkeypatch.setattr("central_server.events.service._PAGE", 2)
    job = await place.owner.events.start_export()
    late = await place.user()
    done = await work_on(place, job)
    assert done.state == "succeeded"
    target = io.BytesIO()
    await place.owner.jobs.download(job=job.id, to=target)
    assert late.id.encode() not in target.getvalue()
    assert done.result == EventExportResult(exported=len(target.getvalue().splitlines()))


async def test_who_may_ask(place: Place, admin: AsyncCentral, member: AsyncCentral, other_tenant: AsyncCentral) -> None:
    """It takes reading events, then and at the download, and a sign-in of the last ten minutes."""
    with pytest.raises(ForbiddenError) as refusal:
        await member.events.start_export()
    assert refusal.value.code == "permission_missing"
    job = await admin.events.start_export()
    assert (job.kind, job.state) == ("event_export", "queued")
    with pytest.raises(NotFoundError):
        await other_tenant.jobs.get(job=job.id)
    await work_on(place, job)
    await place.owner.roles.create(slug="watcher", name="Watcher", permissions=["jobs:read", "users:read"])
    watcher = await place.signed_in("watcher")
    with pytest.raises(ForbiddenError):
        await watcher.jobs.download(job=job.id, to=io.BytesIO())
    await grow_stale(place, (await admin.users.me()).id)
    with pytest.raises(ForbiddenError) as refusal:
        await admin.events.start_export()
    assert refusal.value.code == "reauthentication_required"


async def test_its_own_tenant_alone(place: Place, other_place: Place) -> None:
    """Nothing of another tenant is in the file."""
    await populate(other_place)
    for kind in ("ndjson", "csv"):
        content = await exported_events(place, format=kind)
        assert other_place.tenant.id.encode() not in content
        assert other_place.owner_user.id.encode() not in content


async def test_without_pyarrow(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that cannot write Parquet says so at once, and a worker that cannot ends the job with the same words."""
    job = await place.owner.events.start_export(format="parquet")
    monkeypatch.setattr(exporting, "writes_parquet", lambda: False)
    with pytest.raises(JobFailedError, match=r"central\[parquet\]") as failure:
        await while_working(place, place.owner.jobs.wait(job=job.id))
    assert failure.value.code == "parquet_unavailable"
    monkeypatch.setattr(service, "writes_parquet", lambda: False)
    with pytest.raises(ValidationFailedError, match=r"central\[parquet\]"):
        await place.owner.events.start_export(format="parquet")


async def test_kinds_of_newer_servers(place: Place) -> None:
    """An event of a kind that this version does not know is in every format, with all its fields; none of them runs."""
    event = EventId.new()
    payload = {"id": event, "tenant_id": place.tenant.id, "kind": "=new.thing", "occurred_at": "2026-01-01T00:00:00Z"}
    async with superuser(place.stack) as connection:
        await connection.execute(
            "INSERT INTO outbox (id, tenant_id, kind, payload) VALUES ($1, $2, $3, $4)",
            event.uuid,
            place.tenant.id.uuid,
            "=new.thing",
            json.dumps({**payload, "extra": "=1+1"}),
        )
    assert b'"extra":"=1+1"' in await exported_events(place)
    rows = list(csv.DictReader(io.StringIO((await exported_events(place, format="csv")).decode(), newline="")))
    (row,) = [row for row in rows if row["id"] == event]
    assert row["kind"] == "'=new.thing"
    assert json.loads(row["details"])["extra"] == "=1+1"
