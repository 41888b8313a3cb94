"""Writing the archive of a tenant, as a worker does it: all tables as of one moment, into one file."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from datetime import UTC, datetime
from tempfile import TemporaryFile
from typing import IO, Any, Final

from central.errors import NotFoundError
from central.kernel.ids import JobId, TenantId
from central_server.auth_connectors.archiving import SECRETS
from central_server.auth_connectors.client_secrets import ClientSecrets
from central_server.infra.archives import (
    FORMAT_VERSION,
    ArchiveError,
    ArchiveKeys,
    ArchiveWriter,
    Manifest,
    seal_secrets,
)
from central_server.infra.db import Database, ReadExecutor
from central_server.infra.db.archiving import Archived
from central_server.jobs.files import JobFiles
from central_server.jobs.runs import JobRuns, Outcome, Place, Run
from central_server.jobs.working import JobWork, Pace, WorkFailedError
from central_server.tenant_archives.contents import ARCHIVED, SEALED_MEMBER
from central_server.tenant_archives.passphrases import Passphrases
from central_server.tenants.archiving import TENANT

_PAGE: Final = 500
_PIECE: Final = 256 * 1024
_STAGE: Final = "archiving"
_NO_KEY: Final = "0" * 64
Told = Callable[[int], Awaitable[None]]


class TenantExporter:
    """Writes archives of tenants.

    One snapshot gives all tables, so that no row names what is not there. A worker that is killed leaves nothing
    behind: the next one writes all of it again, from a later moment.
    """

    def __init__(
        self,
        db: Database,
        runs: JobRuns,
        work: JobWork,
        files: JobFiles,
        secrets: ClientSecrets,
        passphrases: Passphrases,
        keys: ArchiveKeys,
    ) -> None:
        self.db = db
        self.runs = runs
        self.work = work
        self.files = files
        self.secrets = secrets
        self.passphrases = passphrases
        self.keys = keys

    async def run(self, tenant: TenantId, job: JobId) -> str | None:
        """Do the job, or what is left of it; gives how it ended, or None when there was nothing to do."""
        return await self.work.do(tenant, job, _STAGE, self._archive)

    async def _archive(self, run: Run) -> Outcome:
        result = dict(run.place.result or {})
        run = await self.runs.TX_advance(run, Place(_STAGE, result=result))
        pace = Pace()

        async def tell(rows: int) -> None:
            nonlocal run
            if pace.is_due():
                run = await self.runs.TX_advance(run, Place(_STAGE, 0, rows, None, None, result))

        with TemporaryFile() as file:
            try:
                manifest = await self.write(
                    run.tenant_id, file, self.passphrases.open(run.tenant_id, run.options), tell
                )
            except ArchiveError as error:
                raise WorkFailedError(error.code, error.message, result) from error
            name = f"{manifest.slug}-{manifest.created_at:%Y-%m-%d}.zip"
            stored = await self.files.TX_write(run, name, "application/zip", _pieces_of(file))
        return Outcome({**result, "rows": sum(member.rows for member in manifest.members)}, file=stored)

    async def write(
        self, tenant: TenantId, to: IO[bytes], passphrase: str | None = None, tell: Told | None = None
    ) -> Manifest:
        """Write a tenant's archive into a file; `tell` is called with the number of rows so far, now and then."""
        async with self.db.snapshot(tenant) as reader:
            found = await reader.first(TENANT.first, tenant_id=tenant, count=1)
            if found is None:
                raise NotFoundError.of("tenant")
            manifest = Manifest(
                version=FORMAT_VERSION,
                tenant_id=tenant,
                slug=found["slug"],
                created_at=datetime.now(UTC),
                key=_NO_KEY,
                members=(),
            )
            with ArchiveWriter(to, self.keys) as writer:
                await self._write_tables(writer, tenant, reader, tell)
                manifest = await self._write_secrets(writer, manifest, reader, passphrase)
                return writer.finish(manifest)

    async def _write_tables(
        self, writer: ArchiveWriter, tenant: TenantId, reader: ReadExecutor, tell: Told | None
    ) -> None:
        rows = 0
        for archived in ARCHIVED:
            member = writer.open(archived.member)
            async for page in _pages(archived, tenant, reader):
                # Packing takes the processor; others on this loop have heartbeats to send meanwhile.
                await asyncio.to_thread(member.write, [archived.line(row) for row in page])
                rows += len(page)
                if tell is not None:
                    await tell(rows)
            writer.close(member)

    async def _write_secrets(
        self, writer: ArchiveWriter, manifest: Manifest, reader: ReadExecutor, passphrase: str | None
    ) -> Manifest:
        """Write the client secrets, sealed, if there is a passphrase; say in any case which connectors have some."""
        tenant = manifest.tenant_id
        rows = [row async for page in _pages(SECRETS, tenant, reader) for row in page]
        manifest = manifest.model_copy(
            update={"connectors_with_secrets": tuple(sorted({row["connector_id"] for row in rows}))}
        )
        if passphrase is None:
            return manifest
        lines = [SECRETS.line({**row, "secret": self._opened(tenant, row)}) for row in rows]
        sealed = await seal_secrets(b"\n".join(lines), passphrase, tenant)
        member = writer.open(SEALED_MEMBER)
        member.write_sealed(sealed.content, len(lines))
        writer.close(member)
        return manifest.model_copy(update={"sealed_with": sealed.how})

    def _opened(self, tenant: TenantId, row: Mapping[str, Any]) -> bytes:
        return self.secrets.open(tenant, row["connector_id"], row["secret"])


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
