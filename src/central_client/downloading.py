"""Downloading the file of a job: fetched piece by piece, verified, and put in its place as a whole."""

import hashlib
import os
import secrets
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol, TypeAlias

from central.errors import NotFoundError
from central.jobs.models import Job, JobFile
from central_client.core import Core
from central_client.errors import UnreadableAnswerError
from central_client.messages import Flow
from central_client.plan import Plan


class Writable(Protocol):
    """Something open for writing bytes."""

    def write(self, data: bytes, /) -> object:
        """Write them all."""
        ...


Target: TypeAlias = str | Path | Writable
Shown: TypeAlias = Callable[[int, int], None] | None


def download_flow(
    core: Core[Any], plan: Plan[Job], job: str, tenant: str | None, to: Target, shown: Shown
) -> Flow[JobFile]:
    """Ask what file there is, and fetch it; what came in part is deleted again."""
    given = plan.check({"job": job} if tenant is None else {"job": job, "tenant": tenant})
    file = (yield from core.call(plan, given)).file
    if file is None:
        raise NotFoundError("This job has no file, or none any more.", code="job_file_not_found")
    sink = _PathSink(Path(to), file, shown) if isinstance(to, str | Path) else _WritableSink(to, file, shown)
    try:
        yield from core.fetch(plan, given, "/file", sink)
        sink.finish()
    finally:
        sink.close()
    return file


class _WritableSink:
    """Writes on what the caller opened, from which nothing can be taken back."""

    def __init__(self, to: Writable, file: JobFile, shown: Shown) -> None:
        self._to = to
        self._file = file
        self._shown = shown
        self._size = 0
        self._hash = hashlib.sha256()

    @property
    def repeatable(self) -> bool:
        return self._size == 0

    def begin(self) -> None:
        self._size, self._hash = 0, hashlib.sha256()

    def take(self, piece: bytes) -> None:
        self._write(piece)
        self._size += len(piece)
        self._hash.update(piece)
        if self._shown is not None:
            self._shown(self._size, self._file.size)

    def _write(self, piece: bytes) -> None:
        self._to.write(piece)

    def finish(self) -> None:
        if (self._size, self._hash.hexdigest()) != (self._file.size, self._file.sha256):
            raise UnreadableAnswerError(
                f"{self._file.name} came otherwise than the server says that it is; download it again.",
                code="checksum_differs",
            )

    def close(self) -> None:
        """Leave what the caller opened as it is."""


class _PathSink(_WritableSink):
    """Writes beside the path, and puts the file there when all of it has come."""

    def __init__(self, path: Path, file: JobFile, shown: Shown) -> None:
        self._path = path
        self._part = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
        descriptor = os.open(self._part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        self._open = os.fdopen(descriptor, "wb")
        super().__init__(self._open, file, shown)

    @property
    def repeatable(self) -> bool:
        return True

    def begin(self) -> None:
        super().begin()
        self._open.seek(0)
        self._open.truncate()

    def finish(self) -> None:
        super().finish()
        self._open.close()
        self._part.replace(self._path)

    def close(self) -> None:
        self._open.close()
        with suppress(FileNotFoundError):  # it is where it belongs
            self._part.unlink()
