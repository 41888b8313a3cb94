"""Pictures come with a tenant's archive: the same files under the same links, or not at all."""

import json
from collections.abc import AsyncIterator, Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from central.jobs.models import Job, TenantArchiveResult, TenantImportResult
from central.users.models import User
from central_client import AsyncCentral
from central_server.infra.object_store import Bucket, ObjectStore
from central_server.tenant_archives import packing
from central_server.tenant_archives.exporting import TenantExporter
from central_server.tenant_archives.packing import PicturePacker
from support.archives import another_server, archive_of, imported, members_of, run_archive
from support.database import superuser
from support.deleting import delete_wholly, left_of
from support.hostile_pictures import photo
from support.pictured import Objects, forget, objects_of, pictured
from support.picturing import made, ready, uploaded
from support.place import BASE_URL, Place, Stack, make_place


@pytest.fixture(scope="module")
async def elsewhere(stack: Stack, folder: Path) -> AsyncIterator[Stack]:
    """Another server, with a database, files and keys of its own."""
    async with another_server(stack, folder) as other:
        yield other


async def _moved(place: Place, archive: bytes, elsewhere: Stack, folder: Path) -> Place:
    """Import the archive of a place, and give the place there."""
    job = await imported(elsewhere, archive, folder)
    assert (job.state, job.error) == ("succeeded", None)
    session = await elsewhere.session_of(place.tenant.id, place.owner_user.id)
    owner = elsewhere.client(place.tenant.id, session)
    return Place(elsewhere, place.tenant, place.owner_user, owner)


async def _me(owner: AsyncCentral) -> User:
    return await owner.users.get(user=(await owner.users.me()).id)


def _pictures(objects: Objects) -> Objects:
    return {where: content for where, content in objects.items() if where.startswith(f"{Bucket.USER_CONTENT}/")}


def _key(path: str) -> str:
    """Give where the file lies that a path leads to."""
    _, _, _, image, digest, name = path.split("/")
    return f"images/{image}/{digest}/{name}"


async def test_the_same_pictures_under_the_same_links(stack: Stack, elsewhere: Stack, tmp_path: Path) -> None:
    """What a person, the tenant and its pages show is shown there by the same paths, byte by byte."""
    place = await make_place(stack)
    image = await made(place, place.owner, photo(600, 400))
    await place.owner.users.set_avatar_image(user=place.owner_user.id, image=image.id)
    await place.owner.tenants.set_logo_image(image=(await made(place, place.owner, usage="logo")).id)
    await made(place, place.owner, usage="content")
    there = await _moved(place, await archive_of(stack, place.tenant.id), elsewhere, tmp_path)
    avatar = (await _me(there.owner)).avatar
    assert avatar is not None
    assert avatar == (await _me(place.owner)).avatar
    assert (await there.owner.tenants.get()).logo == (await place.owner.tenants.get()).logo
    listed = [one async for one in there.owner.images.list()]
    assert listed == [one async for one in place.owner.images.list()]
    assert len(listed) == 3
    paths = [rendition.url.removeprefix(BASE_URL) for one in listed for rendition in one.renditions]
    async with stack.http() as here, elsewhere.http() as http:
        for path in (avatar.path, avatar.small_path, *paths):
            shown, before = await http.get(path), await here.get(path)
            assert (shown.status_code, shown.content) == (200, before.content)
            assert shown.headers["content-type"] == before.headers["content-type"]


async def test_jobs_tell_how_many(stack: Stack, elsewhere: Stack, tmp_path: Path) -> None:
    """Both jobs say how many pictures there were; what is still to be made is none."""
    place = await pictured(stack)
    await uploaded(place, place.owner, photo(64, 64))
    job = await place.owner.tenants.start_archive()
    await run_archive(stack, job, place.tenant.id)
    written = (await place.owner.jobs.get(job=job.id)).result
    assert isinstance(written, TenantArchiveResult)
    assert (written.pictures, written.pictures_left_out) == (3, 0)
    path = tmp_path / "archive.zip"
    await place.owner.jobs.download(job=job.id, to=path)
    result = (await imported(elsewhere, path.read_bytes(), tmp_path)).result
    assert isinstance(result, TenantImportResult)
    assert (result.pictures, result.rows) == (3, written.rows)


async def test_imported_pictures_go_with_their_tenant(stack: Stack, elsewhere: Stack, tmp_path: Path) -> None:
    """Deleted where it was imported, a tenant leaves no file there."""
    place = await pictured(stack)
    there = await _moved(place, await archive_of(stack, place.tenant.id), elsewhere, tmp_path)
    assert _pictures(await objects_of(elsewhere, place.tenant.id))
    await delete_wholly(there)
    assert await objects_of(elsewhere, place.tenant.id) == {}


async def _lose(stack: Stack, place: Place, key: str) -> None:
    await forget(stack, place.tenant.id, key)


async def _spoil(stack: Stack, place: Place, key: str) -> None:
    async def content() -> AsyncIterator[bytes]:
        yield b"x" * len(before)

    before = (await objects_of(stack, place.tenant.id))[f"{Bucket.USER_CONTENT}/{key}"]
    await (await stack.central.container.get(ObjectStore)).put(Bucket.USER_CONTENT, place.tenant.id, key, content())


@pytest.mark.parametrize("harm", [_lose, _spoil], ids=["gone", "another"])
async def test_a_picture_without_its_files_is_left_out(
    stack: Stack, elsewhere: Stack, tmp_path: Path, harm: Callable[..., Any]
) -> None:
    """One file of a picture that is not as it was made keeps the whole picture out, and nothing else."""
    place = await pictured(stack)
    avatar = (await _me(place.owner)).avatar
    assert avatar is not None
    await harm(stack, place, _key(avatar.path))
    file = BytesIO()
    written = await (await stack.central.container.get(TenantExporter)).write(place.tenant.id, file)
    assert written.pictures_left_out == 1
    there = await _moved(place, file.getvalue(), elsewhere, tmp_path)
    assert (await _me(there.owner)).avatar is None
    assert (await there.owner.tenants.get()).logo == (await place.owner.tenants.get()).logo
    assert len([one async for one in there.owner.images.list()]) == 2
    others = _pictures(await objects_of(stack, place.tenant.id)).items()
    assert await objects_of(elsewhere, place.tenant.id) == {
        where: content for where, content in others if avatar.image_id not in where
    }


async def test_deleted_while_it_is_written(
    stack: Stack, elsewhere: Stack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A picture that goes between the rows and the files is left out with what shows it, and the archive is good."""
    place, whole = await pictured(stack), PicturePacker.pack
    avatar = (await _me(place.owner)).avatar
    assert avatar is not None

    async def pack(self: PicturePacker, *arguments: Any) -> packing.Packed:
        await place.owner.images.delete(image=avatar.image_id)
        await self.files.delete_all(place.tenant.id, avatar.image_id)
        return await whole(self, *arguments)

    monkeypatch.setattr(PicturePacker, "pack", pack)
    archive = await archive_of(stack, place.tenant.id)
    rows = [json.loads(line)["avatar"] for line in members_of(archive)["users.ndjson"].splitlines()]
    assert rows == [None]
    there = await _moved(place, archive, elsewhere, tmp_path)
    assert (await _me(there.owner)).avatar is None


async def test_without_pictures(stack: Stack, elsewhere: Stack, tmp_path: Path) -> None:
    """Whoever asks for none gets an archive in which nobody shows one."""
    place = await pictured(stack)
    job = await place.owner.tenants.start_archive(pictures=False)
    await run_archive(stack, job, place.tenant.id)
    path = tmp_path / "archive.zip"
    await place.owner.jobs.download(job=job.id, to=path)
    assert members_of(path.read_bytes())["images.files"] == b""
    there = await _moved(place, path.read_bytes(), elsewhere, tmp_path)
    async with superuser(elsewhere) as connection:
        shown = "SELECT (SELECT count(avatar) FROM users WHERE tenant_id = $1) + count(logo) FROM tenants WHERE id = $1"
        assert await connection.fetchval(shown, place.tenant.id.uuid) == 0
    assert ((await _me(there.owner)).avatar, (await there.owner.tenants.get()).logo) == (None, None)
    assert await objects_of(elsewhere, place.tenant.id) == {}


async def test_the_files_of_a_tenant_that_is_there(stack: Stack, tmp_path: Path) -> None:
    """They are not touched by an archive of it: none is deleted, none written, none comes back."""
    place = await pictured(stack)
    archive = await archive_of(stack, place.tenant.id)
    (gone, *_), kept = [one async for one in place.owner.images.list(usage="content")], await ready(place, "content")
    await forget(stack, place.tenant.id, _key(gone.renditions[0].url.removeprefix(BASE_URL)))
    before = await objects_of(stack, place.tenant.id)
    assert any(kept in where for where in before)
    job = await imported(stack, archive, tmp_path)
    assert _code(job) == "tenant_exists"
    assert await objects_of(stack, place.tenant.id) == before


async def test_an_import_that_fails_leaves_no_file(stack: Stack, elsewhere: Stack, tmp_path: Path) -> None:
    """One that comes to its end only in the database, behind the files, leaves neither files nor a claim."""
    place, neighbour = await pictured(stack), await make_place(elsewhere)
    archive = await archive_of(stack, place.tenant.id)
    job = await imported(elsewhere, archive, tmp_path, slug=neighbour.tenant.slug)
    assert _code(job) == "slug_taken"
    assert await left_of(Place(elsewhere, place.tenant, place.owner_user, place.owner)) == {}
    await _moved(place, archive, elsewhere, tmp_path)


def _code(job: Job) -> str | None:
    return None if job.error is None else job.error.code
