"""Objects in a folder, and on servers as S3, Google Cloud Storage and Azure have them: the same promises on all."""

import asyncio
import hashlib
import os
import secrets
import time
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import psutil
import pytest

from central.errors import UnavailableError
from central.kernel.ids import TenantId
from central_server.infra.object_store import Bucket, ObjectStore, object_path, object_store_from_url
from support.buckets import BUCKET

MIB = 1024 * 1024
CORE = Bucket.CORE


async def pieces(*parts: bytes) -> AsyncIterator[bytes]:
    """Give content piece by piece."""
    for part in parts:
        yield part


async def content_of(store: ObjectStore, tenant: TenantId, key: str) -> bytes | None:
    """Read an object to its end."""
    found = await store.get(CORE, tenant, key)
    return None if found is None else b"".join([piece async for piece in found])


async def test_what_is_put_is_got(store: ObjectStore, tenant: TenantId) -> None:
    """Content of any size comes back as it was, with its length and its SHA-256, and another one takes its place."""
    for parts in ((), (b"a",), (b"a" * 100, b"", b"b"), tuple(secrets.token_bytes(MIB) for _ in range(18))):
        whole = b"".join(parts)
        stored = await store.put(CORE, tenant, "jobs/one/file.csv", pieces(*parts))
        assert stored == (len(whole), hashlib.sha256(whole).hexdigest())
        assert await content_of(store, tenant, "jobs/one/file.csv") == whole
    assert [key async for key in store.list(CORE, tenant)] == ["jobs/one/file.csv"]


async def test_what_is_not_there(store: ObjectStore, tenant: TenantId) -> None:
    """An absent object is None, and deleting it, or all of a tenant's, is no error."""
    assert await content_of(store, tenant, "jobs/none") is None
    assert not await store.exists(CORE, tenant, "jobs/none")
    await store.delete(CORE, tenant, "jobs/none")
    assert await store.delete_prefix(tenant) == 0
    assert [key async for key in store.list(CORE, tenant)] == []


async def test_content_that_fails_leaves_what_was(store: ObjectStore, tenant: TenantId) -> None:
    """Where the content fails, or the work is cancelled, the object from before stays, and its own error is raised."""
    await store.put(CORE, tenant, "kept", pieces(b"before"))

    async def failing() -> AsyncIterator[bytes]:
        yield secrets.token_bytes(9 * MIB)
        raise LookupError("of the content")

    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield bytes(MIB)
            await asyncio.sleep(0.01)

    with pytest.raises(LookupError, match="of the content"):
        await store.put(CORE, tenant, "kept", failing())
    putting = asyncio.create_task(store.put(CORE, tenant, "kept", endless()))
    await asyncio.sleep(0.3)
    putting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await putting
    assert await content_of(store, tenant, "kept") == b"before"
    assert [key async for key in store.list(CORE, tenant)] == ["kept"]


async def test_deleting(store: ObjectStore, tenant: TenantId) -> None:
    """One object, a folder but for one, or all of a tenant in every bucket: never another tenant's, nor its like."""
    other = TenantId.new()
    for key in ("a/1", "a/2", "a/3", "ab/1", "b"):
        for whose in (tenant, other):
            await store.put(CORE, whose, key, pieces(b"x"))
    await store.put(Bucket.USER_CONTENT, tenant, "logo", pieces(b"x"))
    await store.put(Bucket.UPLOAD_STAGING, tenant, "part", pieces(b"x"))
    await store.delete(CORE, tenant, "b")
    await store.put(CORE, tenant, "a/4/deep", pieces(b"x"))
    await store.put(CORE, tenant, "a/44", pieces(b"x"))
    assert await store.delete_folder(CORE, tenant, "a", keep="a/4") == 4
    assert [key async for key in store.list(CORE, tenant, "a")] == ["a/4/deep"]
    await store.put(CORE, tenant, "a/2", pieces(b"x"))
    assert await store.delete_folder(CORE, tenant, "a", keep="a/2") == 1
    assert sorted([key async for key in store.list(CORE, tenant)]) == ["a/2", "ab/1"]
    assert [key async for key in store.list(CORE, tenant, "a")] == ["a/2"]
    assert await store.delete_prefix(tenant) == 4
    assert [key for bucket in Bucket async for key in store.list(bucket, tenant)] == []
    assert len([key async for key in store.list(CORE, other)]) == 5


async def test_memory_is_bounded(store: ObjectStore, tenant: TenantId) -> None:
    """200 MiB go in and out with the memory of some parts."""
    piece, count, process = secrets.token_bytes(MIB), 200, psutil.Process()
    before, most = process.memory_info().rss, 0

    async def much() -> AsyncIterator[bytes]:
        nonlocal most
        for _ in range(count):
            yield piece
            most = max(most, process.memory_info().rss)

    assert (await store.put(CORE, tenant, "large", much())).size == count * MIB
    found, size = await store.get(CORE, tenant, "large"), 0
    assert found is not None
    async for part in found:
        size += len(part)
        most = max(most, process.memory_info().rss)
    await store.delete(CORE, tenant, "large")
    assert size == count * MIB
    assert most - before < 100 * MIB


async def test_it_says_whether_it_works(store: ObjectStore) -> None:
    """`doctor` writes, reads and deletes an object."""
    assert await store.works()


BAD_KEYS = [
    "",
    "/",
    "/a",
    "a/",
    "a//b",
    "..",
    "../b",
    "a/../../b",
    ".hidden",
    "a/.",
    "a\0b",
    "a\nb",
    "a b",
    "a\\b",
    "ä",
    "a%2f..",
    "-a",
    "a" * 129,
    "/".join("abcdefghi"),
]


@pytest.mark.parametrize("key", BAD_KEYS)
async def test_keys_lead_nowhere_else(folder_store: ObjectStore, tenant: TenantId, key: str) -> None:
    """A key that is none is refused by every method, and nothing is written."""
    with pytest.raises(ValueError, match="no key"):
        await folder_store.put(CORE, tenant, key, pieces(b"x"))
    for call in (folder_store.get, folder_store.exists, folder_store.delete, folder_store.delete_folder):
        with pytest.raises(ValueError, match="no key"):
            await call(CORE, tenant, key)
    with pytest.raises(ValueError, match="no key"):
        [one async for one in folder_store.list(CORE, tenant, key)]
    assert [name for bucket in Bucket async for name in folder_store.list(bucket, tenant)] == []


def test_paths_begin_with_the_bucket_and_the_tenant(tenant: TenantId) -> None:
    """All that a tenant has lies below its id, and what is no id of a tenant is refused."""
    assert object_path(CORE, tenant, "jobs/a") == f"core/{tenant}/jobs/a"
    assert {bucket.value for bucket in Bucket} == {"core", "user-content", "upload-staging"}
    for forged in ("", "..", "core", f"{tenant}/..", "tenant-"):
        with pytest.raises(ValueError, match="tenant"):
            object_path(CORE, TenantId(forged), "a")


async def test_storage_that_is_away(tmp_path: Path, tenant: TenantId, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that does not answer, wrong credentials and a folder that is gone are 503, without their words."""
    monkeypatch.setenv("AWS_ENDPOINT", "http://127.0.0.1:1")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "wrong-credentials")
    monkeypatch.setenv("AWS_ALLOW_HTTP", "true")
    away = object_store_from_url(f"s3://{BUCKET}", patience=0.1)
    gone = object_store_from_url((tmp_path / "gone").as_uri())
    (tmp_path / "gone").rmdir()
    (tmp_path / "gone").write_text("no folder")
    for store in (away, gone):
        for call in (
            store.put(CORE, tenant, "a", pieces(b"x")),
            store.works(),
        ):
            with pytest.raises(UnavailableError) as refusal:
                await call
            assert refusal.value.code == "object_store_unavailable"
            assert "wrong-credentials" not in str(refusal.value)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "objects",
        "/var/lib/objects",
        "file://",
        "file:///",
        "file://host/objects",
        "memory:///",
        "http://bucket.example/x",
        "https://bucket.s3.amazonaws.com",
        "s3://",
        "s3://key:secret@bucket",
        "s3://bucket?secret=x",
    ],
)
def test_urls_that_name_none(url: str) -> None:
    """Whatever names no folder and no bucket is refused, and so are credentials in a URL, without being repeated."""
    with pytest.raises(ValueError, match="expected") as refusal:
        object_store_from_url(url)
    assert "secret" not in str(refusal.value)


def test_a_folder_is_for_its_owner(tmp_path: Path) -> None:
    """A folder that is made is readable by nobody else; one that cannot be made is an error that says why."""
    object_store_from_url((tmp_path / "a b").as_uri())
    assert (tmp_path / "a b").stat().st_mode & 0o777 == 0o700
    (tmp_path / "file").touch()
    with pytest.raises(ValueError, match="cannot be made: Not a directory"):
        object_store_from_url((tmp_path / "file" / "objects").as_uri())


async def test_what_is_old(folder_store: ObjectStore, tenant: TenantId, tmp_path: Path) -> None:
    """Objects of all tenants can be found that were not written lately; never those of another bucket."""
    other = TenantId.new()
    for whose in (tenant, other):
        await folder_store.put(CORE, whose, "images/old", pieces(b"x"))
        await folder_store.put(CORE, whose, "images/new", pieces(b"x"))
        await folder_store.put(Bucket.USER_CONTENT, whose, "images/old", pieces(b"x"))
    (tmp_path / "objects" / "core" / "nobody").touch()
    for path in (tmp_path / "objects").rglob("*"):
        if path.is_file() and path.name != "new":
            os.utime(path, (time.time() - 100,) * 2)
    found = [one async for one in folder_store.list_old(CORE, timedelta(seconds=50))]
    assert sorted(found) == sorted([(tenant, "images/old"), (other, "images/old")])
