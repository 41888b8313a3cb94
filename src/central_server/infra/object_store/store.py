import hashlib
import re
import secrets
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Generator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final, NamedTuple

import obstore
from obstore.exceptions import BaseError, PermissionDeniedError, UnauthenticatedError
from obstore.store import AzureStore, GCSStore, S3Store

from central.errors import UnavailableError
from central.kernel.ids import TenantId
from central_server.infra.logs import component_logger
from central_server.infra.object_store.keys import Bucket, object_path, read_path, tenant_prefix

if TYPE_CHECKING:
    from obstore import GetResult, ObjectMeta
    from obstore.store import ObjectStore as AnyStore

_PART_BYTES: Final = 8 * 1024 * 1024
"""Of an upload; S3 takes 10,000 parts, so that an object has up to 80 GB."""
_PARTS_AT_ONCE: Final = 2
_READ_BYTES: Final = 256 * 1024
_REFUSED: Final = re.compile(r"status code: 40[13] ", re.ASCII)
_AZURE_HEADERS: Final[Mapping[str, str]] = {"x-ms-blob-type": "BlockBlob"}
"""Azure takes no PUT of a file without (REST API, "Put Blob"); its signature does not cover it."""


class StoredObject(NamedTuple):
    """What was stored: its length in bytes, and its SHA-256 in hexadecimal digits."""

    size: int
    sha256: str


class SignedPut(NamedTuple):
    """Where a file may be PUT for a while, and the headers that must go with it."""

    url: str
    headers: Mapping[str, str]


class PlacedObject(NamedTuple):
    """Where an object lies."""

    tenant: TenantId
    key: str


class ObjectStore:
    """Files by bucket, tenant and key (`object_path` says which); `UnavailableError` when the storage is away.

    Contents are streamed, a few parts of 8 MiB at a time in memory. An object is there as a whole or not at all, and
    another one of the same key takes its place.
    """

    def __init__(self, store: "AnyStore") -> None:
        self._store = store
        self._log = component_logger(self)

    async def put(self, bucket: Bucket, tenant: TenantId, key: str, content: AsyncIterable[bytes]) -> StoredObject:
        """Store what comes; when that fails, or is cancelled, nothing was stored, and an object from before stays."""
        path, measure = object_path(bucket, tenant, key), _Measure()
        with self._told():
            await obstore.put_async(
                self._store,
                path,
                measure.of(content),
                use_multipart=True,
                chunk_size=_PART_BYTES,
                max_concurrency=_PARTS_AT_ONCE,
            )
        return measure.result()

    async def presign_put(self, bucket: Bucket, tenant: TenantId, key: str, seconds: int) -> SignedPut | None:
        """Give a URL to which whoever has it may PUT the object for a while; None where the storage knows no such.

        How large it becomes nobody bounds: `size` tells afterwards.
        """
        return await self._sign_put(object_path(bucket, tenant, key), seconds)

    async def _sign_put(self, path: str, seconds: int) -> SignedPut | None:
        store = self._store
        if not isinstance(store, S3Store | GCSStore | AzureStore):
            return None
        with self._told():
            url = await obstore.sign_async(store, "PUT", path, timedelta(seconds=seconds))
        return SignedPut(url, _AZURE_HEADERS if isinstance(store, AzureStore) else {})

    async def get(self, bucket: Bucket, tenant: TenantId, key: str) -> AsyncIterator[bytes] | None:
        """Give an object's content piece by piece, or None when there is none."""
        path = object_path(bucket, tenant, key)
        with self._told():
            try:
                found = await obstore.get_async(self._store, path)
            except FileNotFoundError:
                return None
        return self._pieces(found)

    async def _pieces(self, found: "GetResult") -> AsyncGenerator[bytes]:
        with self._told():
            async for piece in found.stream(min_chunk_size=_READ_BYTES):
                yield piece

    async def exists(self, bucket: Bucket, tenant: TenantId, key: str) -> bool:
        """Tell whether there is such an object."""
        return await self.size(bucket, tenant, key) is not None

    async def size(self, bucket: Bucket, tenant: TenantId, key: str) -> int | None:
        """Give how many bytes an object has, or None when there is none."""
        path = object_path(bucket, tenant, key)
        with self._told():
            try:
                return (await obstore.head_async(self._store, path))["size"]
            except FileNotFoundError:
                return None

    async def list(self, bucket: Bucket, tenant: TenantId, folder: str | None = None) -> AsyncIterator[str]:
        """Give the keys of a tenant's objects, or of those below a folder, which is the beginning of a key."""
        root = tenant_prefix(bucket, tenant)
        prefix = root if folder is None else object_path(bucket, tenant, folder)
        async for one in self._list(prefix):
            yield one["path"].removeprefix(f"{root}/")

    async def list_old(self, bucket: Bucket, age: timedelta) -> AsyncIterator[PlacedObject]:
        """Give the objects of all tenants that were last written so long ago, by the storage's clock."""
        before = datetime.now(UTC) - age
        async for one in self._list(bucket.value):
            if one["last_modified"] < before and (read := read_path(one["path"])) is not None:
                yield PlacedObject(*read)

    async def _list(self, prefix: str) -> AsyncGenerator["ObjectMeta"]:
        with self._told():
            # One of its overloads gives tables of pyarrow, whose types are not there.
            listed: AsyncIterator[Sequence[ObjectMeta]] = obstore.list(self._store, prefix)  # pyright: ignore[reportUnknownMemberType]
            async for found in listed:
                for one in found:
                    yield one

    async def delete(self, bucket: Bucket, tenant: TenantId, key: str) -> None:
        """Delete an object; that there is none is no error."""
        path = object_path(bucket, tenant, key)
        with self._told():
            try:
                await obstore.delete_async(self._store, path)
            except FileNotFoundError:
                return

    async def delete_folder(self, bucket: Bucket, tenant: TenantId, folder: str, *, keep: str | None = None) -> int:
        """Delete all objects below a folder but for one, or one folder in it; gives how many."""
        keys = [key async for key in self.list(bucket, tenant, folder) if not _is_at(key, keep)]
        for key in keys:
            await self.delete(bucket, tenant, key)
        return len(keys)

    async def delete_prefix(self, tenant: TenantId) -> int:
        """Delete all that a tenant has, in every bucket; gives how many objects. May be repeated until it gives 0."""
        deleted = 0
        for bucket in Bucket:
            async for key in self.list(bucket, tenant):
                await self.delete(bucket, tenant, key)
                deleted += 1
        return deleted

    async def works(self) -> bool:
        """Write an object of nobody's, read it and delete it; `UnavailableError` when the storage is away."""
        path, text = f"doctor/{secrets.token_hex(8)}", secrets.token_bytes(16)
        with self._told():
            await obstore.put_async(self._store, path, text)
            read = bytes(await (await obstore.get_async(self._store, path)).bytes_async())
            await obstore.delete_async(self._store, path)
        return read == text

    async def signs(self) -> bool:
        """Tell whether the storage knows signed URLs; `UnavailableError` when the credentials cannot sign any."""
        return await self._sign_put("doctor/signed", 1) is not None

    @contextmanager
    def _told(self) -> Generator[None]:
        """Turn what the storage says into the error of a part that is away; its own words are for the log."""
        try:
            yield
        except (BaseError, OSError) as error:
            self._log.warning("object store failed", error=str(error).partition("\n")[0][:500])
            raise UnavailableError(_what_failed(error), code="object_store_unavailable") from error


def _what_failed(error: Exception) -> str:
    # Lists and deletions of several come as a general error, with the status in its words.
    if isinstance(error, PermissionDeniedError | UnauthenticatedError) or _REFUSED.search(str(error)):
        return "The storage of files does not let the server in: its credentials, or their rights, are wrong."
    if isinstance(error, FileNotFoundError):
        return "The storage of files has no such bucket or folder."
    return "The storage of files does not answer; try again later."


def _is_at(key: str, place: str | None) -> bool:
    return place is not None and (key == place or key.startswith(f"{place}/"))


class _Measure:
    """Counts and hashes what goes through."""

    def __init__(self) -> None:
        self._size = 0
        self._hash = hashlib.sha256()

    async def of(self, content: AsyncIterable[bytes]) -> AsyncGenerator[bytes]:
        async for piece in content:
            self._size += len(piece)
            self._hash.update(piece)
            yield piece

    def result(self) -> StoredObject:
        return StoredObject(self._size, self._hash.hexdigest())
