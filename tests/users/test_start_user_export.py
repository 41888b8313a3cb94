"""Users into a file: what is in it, who may have it, and that importing it again changes nothing."""

import asyncio
import csv
import io
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from central.errors import ForbiddenError, ValidationFailedError
from central.jobs.models import UserExportResult
from central_client import AsyncCentral, JobFailedError
from central_server.jobs.files import JobFiles
from central_server.jobs.runs import JobRuns
from central_server.user_exports import exporting
from support.database import superuser
from support.exporting import exported, while_working, work_on
from support.importing import counted, errors_of
from support.importing import work_on as work_on_import
from support.place import Place
from support.sessions import grow_stale

FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "'=1", "''=2", "\N{FULLWIDTH EQUALS SIGN}1", "\N{MINUS SIGN}1"]


async def populate(place: Place) -> None:
    """Make people with all that a row can say, and with what a spreadsheet would run."""
    rules = {"type": "object"}
    await place.owner.users.set_attribute_rules(json_schema=rules)
    await place.owner.roles.create(slug="editor", name="Editor", permissions=["users:read"])
    people: list[dict[str, Any]] = [
        {"email": place.address("ada"), "display_name": "Ada", "roles": ["admin", "editor"], "locale": "de-CH"},
        {"email": place.address("bob"), "external_ids": {"hr": "4711", "crm.old": "x"}, "time_zone": "Europe/Zurich"},
        {"email": place.address("=cmd"), "tags": {"team": "=1+1", "site.floor": "+3"}},
        {
            "email": place.address("eve"),
            "display_name": 'Quote " comma , semicolon ; ünï',
            "attributes": {"n": 3, "text": "3", "yes": True, "list": [1, "a"], "in": {"a": {"b": 1}}, "f": "=2"},
        },
        {"email": place.address("mix"), "attributes": {"n": "three", "text": "-x"}},
        *({"email": place.address(), "display_name": formula} for formula in FORMULAS),
    ]
    for person in people:
        await place.owner.users.create(**person)
    gone = await place.user()
    await place.owner.users.disable(user=gone.id)


async def snapshot(place: Place) -> dict[str, Any]:
    """Give all users, but for when they last signed in."""
    return {user.id: user.model_dump(exclude={"last_sign_in_at"}) async for user in place.owner.users.list(limit=200)}


async def import_again(place: Place, path: Path) -> dict[str, int]:
    """Import a file, and give what that did."""
    job = await place.owner.users.import_users(path, wait=False)
    done = await work_on_import(place, job)
    assert (done.state, await errors_of(place, done)) == ("succeeded", [])
    return counted(done)


@pytest.mark.parametrize("kind", ["csv", "ndjson"])
async def test_importing_it_again_changes_nothing(place: Place, kind: Any, tmp_path: Path) -> None:
    """The file of all users, imported where it came from, leaves every user as they were: no version grows."""
    await populate(place)
    before, path = await snapshot(place), tmp_path / f"users.{kind}"
    job = await while_working(place, place.owner.users.export_users(to=path, format=kind))
    assert job.result == UserExportResult(exported=len(before))
    assert await import_again(place, path) == {"unchanged": len(before)}
    assert await snapshot(place) == before


@pytest.mark.parametrize("kind", ["csv", "ndjson"])
async def test_importing_it_elsewhere_makes_the_same(
    place: Place, other_place: Place, kind: Any, tmp_path: Path
) -> None:
    """In another tenant the file makes the same people, and exporting those gives the same file."""
    await populate(place)
    await other_place.owner.roles.create(slug="editor", name="Editor", permissions=["users:read"])
    path = tmp_path / f"users.{kind}"
    path.write_bytes(first := await exported(place, format=kind, text=place.domain))
    kept = [line for line in first.splitlines(keepends=True) if place.owner_user.email.encode() not in line]
    path.write_bytes(b"".join(kept))
    made = await import_again(other_place, path)
    assert made == {"created": len(FORMULAS) + 5}
    second = await exported(other_place, format=kind, text=place.domain)
    assert sorted(second.splitlines()) == sorted(b"".join(kept).splitlines())


async def test_nothing_in_it_runs(place: Place) -> None:
    """No cell of the table is a formula to a spreadsheet; every cell stands in quotes."""
    await populate(place)
    content = (await exported(place)).decode()
    rows = list(csv.reader(io.StringIO(content, newline="")))
    assert rows[0][:5] == ["email", "display_name", "roles", "locale", "time_zone"]
    cells = {cell for row in rows for cell in row}
    assert {f"'{formula}" for formula in FORMULAS} <= cells
    assert {"'=1+1", "'+3", "'=2", "'-x"} <= cells
    assert not [cell for cell in cells if cell.lstrip()[:1] in {"=", "+", "-", "@"} and cell]
    assert all(line.startswith('"') and line.endswith('"') for line in content.removesuffix("\r\n").split("\r\n"))


async def test_what_is_in_it(place: Place) -> None:
    """Each line is what `users.create` takes: nothing of sign-ins, sessions or what only the server knows."""
    await populate(place)
    user = await place.user("member")
    await place.owner.roles.grant(user=user.id, role="admin", expires_at=datetime.now(UTC) + timedelta(days=1))
    lines = [json.loads(line) for line in (await exported(place, format="ndjson")).splitlines()]
    names = {"email", "display_name", "roles", "locale", "time_zone", "external_ids", "tags", "attributes"}
    assert set().union(*lines) == names
    (line,) = [line for line in lines if line["email"] == user.email]
    assert line["roles"] == ["member"], "a role that ends by itself is not for an import to set"
    users = sorted([user async for user in place.owner.users.list()], key=lambda user: user.id)
    assert [line["email"] for line in lines] == [user.email for user in users]


async def test_filters_are_those_of_the_list(place: Place) -> None:
    """What is asked for is who is exported; filters that contradict themselves are refused at once."""
    await populate(place)
    some = [{"role": "editor"}, {"state": "disabled"}, {"tag": ["team:=1+1"]}, {"text": "ada"}, {"attribute": ["n:3"]}]
    for filters in some:
        expected = sorted([user.email async for user in place.owner.users.list(**filters)])
        assert expected
        lines = (await exported(place, format="ndjson", **filters)).splitlines()
        assert sorted(json.loads(line)["email"] for line in lines) == expected
    assert await exported(place, format="ndjson", text="nobody at all") == b""
    with pytest.raises(ValidationFailedError):
        await place.owner.users.start_export(tag=["a:b", "a:c"])


async def test_who_may_ask(place: Place, admin: AsyncCentral, other_tenant: AsyncCentral) -> None:
    """It takes reading users and a sign-in of the last ten minutes; the job is its starter's and its tenant's alone."""
    await place.owner.roles.create(slug="guest", name="Guest", permissions=["roles:read"])
    guest = await place.signed_in("guest")
    with pytest.raises(ForbiddenError) as refusal:
        await guest.users.start_export()
    assert refusal.value.code == "permission_missing"
    job = await admin.users.start_export()
    assert (job.kind, job.state, job.started_by) == ("user_export", "queued", (await admin.users.me()).id)
    with pytest.raises(Exception, match="no job"):
        await other_tenant.jobs.get(job=job.id)
    await grow_stale(place, (await admin.users.me()).id)
    with pytest.raises(ForbiddenError) as refusal:
        await admin.users.start_export()
    assert refusal.value.code == "reauthentication_required"


async def test_it_sees_its_own_tenant_alone(place: Place, other_place: Place) -> None:
    """Nobody of another tenant is in the file."""
    await other_place.user(email=other_place.address("other"))
    content = await exported(place) + await exported(place, format="ndjson")
    assert other_place.domain.encode() not in content
    assert place.owner_user.email.encode() in content


async def test_new_columns_meanwhile(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """A tag of a new name that comes between the columns and the rows is in the file all the same; nothing is lost."""
    user, pages, left = await place.user(), exporting.UserExporter._pages, [1]

    async def slow(self, run, asked):
        async for page in pages(self, run, asked):
            yield page
        if left:
            left.pop()
            await place.owner.users.set_tags(user=user.id, tags={"late": "x"})

    monkeypatch.setattr(exporting.UserExporter, "_pages", slow)
    rows = list(csv.DictReader(io.StringIO((await exported(place)).decode(), newline="")))
    assert {row["email"]: row["tags.late"] for row in rows}[user.email] == "x"

    async def always(self, run, asked):
        async for page in pages(self, run, asked):
            yield page
        left.append(1)
        await place.owner.users.set_tags(user=user.id, tags={f"late{len(left)}": "x"})

    monkeypatch.setattr(exporting.UserExporter, "_pages", always)
    with pytest.raises(JobFailedError) as failure:
        await exported(place)
    assert failure.value.code == "columns_changed"


async def test_cancelled_in_the_middle(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """A job that is cancelled while it writes stops at the next page, and gives no file."""
    monkeypatch.setattr("central_server.users.directory._PAGE", 1)
    monkeypatch.setattr("central_server.jobs.working._SECONDS_BETWEEN_WRITES", 0.0)
    for _ in range(5):
        await place.user()
    job = await place.owner.users.start_export(format="ndjson")
    runs = await place.stack.central.container.get(JobRuns)
    advance, hold, written, cancelled = runs.advance, runs.hold, asyncio.Event(), asyncio.Event()

    async def say_after_two(run, position, executor):
        advanced = await advance(run, position, executor)
        if position.done == 2:
            written.set()
        return advanced

    async def wait_for_the_cancel(run, executor):
        if written.is_set():
            await cancelled.wait()
        return await hold(run, executor)

    async def cancel() -> None:
        await written.wait()
        await place.owner.jobs.cancel(job=job.id)
        cancelled.set()

    monkeypatch.setattr(runs, "advance", say_after_two)
    monkeypatch.setattr(runs, "hold", wait_for_the_cancel)
    async with asyncio.timeout(30):
        ended, _ = await asyncio.gather(work_on(place, job), cancel())
    assert (ended.state, ended.file) == ("cancelled", None)
    assert ended.progress.done == 2
    files = await place.stack.central.container.get(JobFiles)
    await files.TX_delete_expired(1000)
    async with superuser(place.stack) as connection:
        expires = await connection.fetchval("SELECT file_expires_at FROM jobs WHERE id = $1", job.id.uuid)
    assert expires is None
