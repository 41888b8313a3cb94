import json
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import pytest

from central.errors import ForbiddenError, NotFoundError
from central.jobs.models import TenantArchiveResult
from central.users.models import User
from central_server.infra.archives import ArchiveReader, writer
from central_server.tenant_archives.exporting import TenantExporter
from support.archives import PASSPHRASE, archive_of, keys_of, members_of, run_archive
from support.database import superuser
from support.picturing import ready
from support.place import Place


async def test_its_file_is_the_archive(place: Place, tmp_path: Path) -> None:
    """The job gives a file that is signed by this server, says whose it is, and holds what the tenant has."""
    job = await place.owner.tenants.start_archive()
    assert (job.kind, job.state) == ("tenant_archive", "queued")
    assert await run_archive(place.stack, job, place.tenant.id) == "succeeded"
    done = await place.owner.jobs.get(job=job.id)
    assert isinstance(done.result, TenantArchiveResult)
    assert done.result.rows > 0
    path = tmp_path / "archive.zip"
    file = await place.owner.jobs.download(job=job.id, to=path)
    assert (file.content_type, file.name.startswith(place.tenant.slug)) == ("application/zip", True)
    with path.open("rb") as opened:
        reader = ArchiveReader(opened, keys_of(place.stack.settings))
        assert (reader.manifest.tenant_id, reader.manifest.slug) == (place.tenant.id, place.tenant.slug)
        assert place.owner_user.email.encode() in b"".join(reader.lines("user_emails.ndjson"))
    with ZipFile(path) as opened:
        assert json.loads(opened.read("manifest.json"))["format"] == "central-tenant-archive"


async def test_the_passphrase_is_nowhere(place: Place) -> None:
    """It stands in no event, no result, no file, and in the database only sealed."""
    job = await place.owner.tenants.start_archive(passphrase=PASSPHRASE)
    await run_archive(place.stack, job, place.tenant.id)
    assert PASSPHRASE not in (await place.owner.jobs.get(job=job.id)).model_dump_json()
    async with superuser(place.stack) as connection:
        for table in ("jobs", "outbox", "idempotency_keys"):
            rows = await connection.fetch(
                f"SELECT t::text AS row FROM {table} t WHERE tenant_id = $1", place.tenant.id.uuid
            )
            assert rows
            assert not any(PASSPHRASE in row["row"] for row in rows), table


async def test_all_is_of_one_moment(place: Place) -> None:
    """A user who comes while it is written is in no table of it; it tells how far it is, rows first, then pictures."""
    exporter, file, came = await place.stack.central.container.get(TenantExporter), BytesIO(), list[User]()
    await ready(place, "content")
    stages = dict[str, int]()

    async def tell(stage: str, done: int) -> None:
        stages[stage] = done
        if not came:
            came.append(await place.user())

    await exporter.write(place.tenant.id, file, tell=tell)
    assert came
    assert list(stages) == ["archiving", "pictures"]
    assert stages["pictures"] == 1
    archive = members_of(file.getvalue())
    users = {json.loads(line)["id"] for line in archive["users.ndjson"].splitlines()}
    theirs = {json.loads(line)["user_id"] for line in archive["user_emails.ndjson"].splitlines()}
    assert users == theirs == {str(place.owner_user.id)}


async def test_more_than_an_archive_holds(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """A tenant that is too large is told so, wherever its end is met; without its pictures it may fit."""
    small = await archive_of(place.stack, place.tenant.id)
    for _ in range(10):
        await ready(place, "content")
    events_of_jobs = 5_000
    monkeypatch.setattr(writer, "MOST_BYTES", sum(map(len, members_of(small).values())) + events_of_jobs)
    job = await place.owner.tenants.start_archive()
    assert await run_archive(place.stack, job, place.tenant.id) == "failed"
    done = await place.owner.jobs.get(job=job.id)
    assert done.error is not None
    assert done.error.code == "archive_too_large"
    job = await place.owner.tenants.start_archive(pictures=False)
    assert await run_archive(place.stack, job, place.tenant.id) == "succeeded"


@pytest.mark.parametrize("role", ["admin", "member"])
async def test_owners_alone(place: Place, role: str) -> None:
    """It takes `tenant:write`, and downloading does as well."""
    client = await place.signed_in(role)
    with pytest.raises(ForbiddenError) as refusal:
        await client.tenants.start_archive()
    assert refusal.value.code == "permission_missing"
    job = await place.owner.tenants.start_archive()
    await run_archive(place.stack, job, place.tenant.id)
    with pytest.raises((ForbiddenError, NotFoundError)):
        await client.jobs.download(job=job.id, to=Path("never"))
