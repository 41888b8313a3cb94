"""Writing the archive of a tenant, as a worker does it: all tables as of one moment, into one file."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from functools import partial
from tempfile import TemporaryFile
from typing import IO, Any, Final, NamedTuple

from central.errors import NotFoundError
from central.images.models import ImageUsage
from central.kernel.ids import JobId, TenantId
from central_server.auth_connectors.archiving import SECRETS as CLIENT_SECRETS
from central_server.images.archiving import PICTURES
from central_server.infra.archives import FORMAT_VERSION, ArchiveError, ArchiveKeys, ArchiveWriter, Manifest
from central_server.infra.db import Database, ReadExecutor
from central_server.infra.db.archiving import Archived
from central_server.jobs.files import JobFiles
from central_server.jobs.runs import JobRuns, Outcome, Place, Run
from central_server.jobs.working import JobWork, Pace, WorkFailedError
from central_server.tenant_archives.contents import ARCHIVED, FILES_MEMBER, SEALED
from central_server.tenant_archives.packing import PicturePacker, write_lines
from central_server.tenant_archives.passphrases import Passphrases
from central_server.tenant_archives.sealed_secrets import SealedSecrets
from central_server.tenant_archives.shown import ShownPictures
from central_server.tenant_archives.spool import Spool
from central_server.tenants.archiving import TENANT
from central_server.users.archiving import PEOPLE

_PAGE: Final = 500
_PIECE: Final = 256 * 1024
_STAGE: Final = "archiving"
_PICTURES: Final = "pictures"
_SHOWING: Final[Mapping[Archived, ImageUsage]] = {TENANT: "logo", PEOPLE: "avatar"}
"""Whose rows show pictures, in a column that is called after the usage."""

_NO_KEY: Final = "0" * 64
Told = Callable[[str, int], Awaitable[None]]
"""Is told, now and then, the stage of the work and how many rows or pictures it has come to."""


class Written(NamedTuple):
    """An archive that was written: what it says of itself, and how many pictures had lost their files."""

    manifest: Manifest
    pictures_left_out: int


class TenantExporter:
    """Writes archives of tenants.

    One snapshot gives all tables, so that no row names what is not there. Files of pictures are fetched when it is
    over, as no transaction waits for a storage; what shows pictures waits for them. A worker that is killed leaves
    nothing behind: the next one writes all of it again, from a later moment.
    """

    def __init__(
        self,
        db: Database,
        runs: JobRuns,
        work: JobWork,
        files: JobFiles,
        secrets: SealedSecrets,
        passphrases: Passphrases,
        pictures: PicturePacker,
        keys: ArchiveKeys,
    ) -> None:
        self.db = db
        self.runs = runs
        self.work = work
        self.files = files
        self.secrets = secrets
        self.passphrases = passphrases
        self.pictures = pictures
        self.keys = keys

    async def run(self, tenant: TenantId, job: JobId) -> str | None:
        """Do the job, or what is left of it; gives how it ended, or None when there was nothing to do."""
        return await self.work.do(tenant, job, _STAGE, self._archive)

    async def _archive(self, run: Run) -> Outcome:
        result = dict(run.place.result or {})
        run = await self.runs.TX_advance(run, Place(_STAGE, result=result))
        pace = Pace()

        async def tell(stage: str, done: int) -> None:
            nonlocal run
            if pace.is_due():
                run = await self.runs.TX_advance(run, Place(stage, 0, done, None, None, result))

        with TemporaryFile() as file:
            try:
                written = await self.write(
                    run.tenant_id,
                    file,
                    self.passphrases.open(run.tenant_id, run.options),
                    tell,
                    pictures=run.options.get("pictures", True),
                )
            except ArchiveError as error:
                raise WorkFailedError(error.code, error.message, result) from error
            name = f"{written.manifest.slug}-{written.manifest.created_at:%Y-%m-%d}.zip"
            stored = await self.files.TX_write(run, name, "application/zip", _pieces_of(file))
        return Outcome({**result, **_counts(written)}, file=stored)

    async def write(
        self,
        tenant: TenantId,
        to: IO[bytes],
        passphrase: str | None = None,
        tell: Told | None = None,
        *,
        pictures: bool = True,
    ) -> Written:
        """Write a tenant's archive into a file, with its pictures or without any."""
        tell = tell or _nobody
        with ArchiveWriter(to, self.keys) as writer, ExitStack() as stack:
            waiting = {archived: stack.enter_context(Spool()) for archived in (*_SHOWING, PICTURES)}
            async with self.db.snapshot(tenant) as reader:
                manifest = await self._describe(tenant, reader)
                await self._read_tables(writer, tenant, reader, waiting, tell)
                manifest = await self._write_secrets(writer, manifest, reader, passphrase)
            rows = waiting[PICTURES] if pictures else stack.enter_context(Spool())
            packed = await self.pictures.pack(writer, tenant, rows, partial(tell, _PICTURES))
            for archived in _SHOWING:
                await _write_showing(writer, archived, waiting[archived], packed.shown)
            return Written(writer.finish(manifest), packed.left_out)

    async def _describe(self, tenant: TenantId, reader: ReadExecutor) -> Manifest:
        found = await reader.first(TENANT.first, tenant_id=tenant, count=1)
        if found is None:
            raise NotFoundError.of("tenant")
        return Manifest(
            version=FORMAT_VERSION,
            tenant_id=tenant,
            slug=found["slug"],
            created_at=datetime.now(UTC),
            key=_NO_KEY,
            members=(),
        )

    async def _read_tables(
        self,
        writer: ArchiveWriter,
        tenant: TenantId,
        reader: ReadExecutor,
        waiting: Mapping[Archived, Spool],
        tell: Told,
    ) -> None:
        """Write all tables, but for those that wait for the pictures."""
        rows = 0
        for archived in ARCHIVED:
            member = waiting.get(archived) or writer.open(archived.member)
            async for page in _pages(archived, tenant, reader):
                # Packing takes the processor; others on this loop have heartbeats to send meanwhile.
                await asyncio.to_thread(member.write, [archived.line(row) for row in page])
                rows += len(page)
                await tell(_STAGE, rows)
            if not isinstance(member, Spool):
                writer.close(member)

    async def _write_secrets(
        self, writer: ArchiveWriter, manifest: Manifest, reader: ReadExecutor, passphrase: str | None
    ) -> Manifest:
        """Write the secrets, sealed, if there is a passphrase; say in any case which connectors have some."""
        tenant = manifest.tenant_id
        rows = {one: [row async for page in _pages(one, tenant, reader) for row in page] for one in SEALED}
        connectors = sorted({row["connector_id"] for row in rows[CLIENT_SECRETS]})
        manifest = manifest.model_copy(update={"connectors_with_secrets": tuple(connectors)})
        if passphrase is None:
            return manifest
        return await self.secrets.write(writer, manifest, rows, passphrase)


async def _nobody(stage: str, done: int) -> None:
    """Hear of how far the work is, and make nothing of it."""


async def _write_showing(writer: ArchiveWriter, archived: Archived, rows: Spool, shown: ShownPictures) -> None:
    """Write rows that show pictures, but not those pictures that are not in the archive."""
    with Spool() as fitted:
        async for batch in rows.batches():
            fitted.write(await asyncio.to_thread(_fitted, archived, batch, shown))
        await write_lines(writer, archived.member, fitted)


def _fitted(archived: Archived, lines: list[bytes], shown: ShownPictures) -> list[bytes]:
    usage = _SHOWING[archived]
    rows = [archived.read(line) for line in lines]
    return [
        line if shown.may_show(usage, row[usage]) else archived.line({**row, usage: None})
        for line, row in zip(lines, rows, strict=True)
    ]


def _counts(written: Written) -> dict[str, int]:
    files = {FILES_MEMBER: 0} | {member.name: member.rows for member in written.manifest.members}
    pictures = files.pop(FILES_MEMBER)
    return {"rows": sum(files.values()), "pictures": pictures, "pictures_left_out": written.pictures_left_out}


async def _pages(archived: Archived, tenant: TenantId, reader: ReadExecutor) -> AsyncGenerator[list[Mapping[str, Any]]]:
    page = await reader.all(archived.first, tenant_id=tenant, count=_PAGE)
    while page:
        yield page
        if archived.next is None or len(page) < _PAGE:
            return
        page = await reader.all(archived.next, tenant_id=tenant, count=_PAGE, **archived.after(page[-1]))


async def _pieces_of(file: IO[bytes]) -> AsyncIterator[bytes]:
    file.seek(0)
    while piece := await asyncio.to_thread(file.read, _PIECE):
        yield piece
