"""Importing a tenant, as a worker does it: an archive is read, checked, and made the tenant in one transaction."""

import asyncio
import base64
import binascii
from collections.abc import Collection, Iterator
from contextlib import AbstractAsyncContextManager, suppress
from itertools import islice
from tempfile import TemporaryFile
from typing import IO, Any, Final, cast

from central.errors import BadRequestError, ConflictError, UnavailableError, ValidationFailedError
from central.kernel.ids import JobId, TenantId, WebhookEndpointId
from central.tenant_archives.events import TenantImported
from central_server.infra.archives import ArchiveError, ArchiveKeys, ArchiveReader
from central_server.infra.db import Database, Unit, WriteExecutor, register_conflict
from central_server.infra.db.archiving import Archived
from central_server.infra.outbox import Outbox
from central_server.jobs.runs import JobRuns, Place, Run
from central_server.jobs.working import Ended, JobWork, Pace, Tally, WorkFailedError
from central_server.tenant_archives.claims import Claim, TenantClaims, tenant_exists
from central_server.tenant_archives.contents import ARCHIVED
from central_server.tenant_archives.endpoints import read_endpoints
from central_server.tenant_archives.passphrases import Passphrases
from central_server.tenant_archives.policy import Arrival, check_members, fitted, missing_secrets, row_of
from central_server.tenant_archives.sealed_secrets import SealedSecrets, SecretRows
from central_server.tenant_archives.shown import ShownPictures
from central_server.tenant_archives.unpacking import PictureUnpacker
from central_server.tenants.archiving import SLUGS
from central_server.tenants.policy import check_slug
from central_server.tenants.service import TenantService
from central_server.webhooks.service import WebhookService

_BATCH: Final = 500
_REASON: Final = "tenant import"
_READING: Final = "reading"
_PICTURES: Final = "pictures"
_ROWS: Final = "rows"
_IMPORTED: Final = "imported"
_NOT_OF_ROWS: Final = frozenset({"tenant_exists", "slug_taken", "import_under_way", "too_many_endpoints"})

register_conflict("pk_tenants", tenant_exists)


class TenantImporter:
    """Imports tenants.

    The transaction that makes the tenant takes the claim on it away, and ends the job: so it happens once, however
    often a worker dies, and nobody signs in to a part of a tenant. It has the job's row locked at its end alone. Until
    there it looks, beside the transaction, whether the job is still to go on, and undoes everything when it is not.
    """

    def __init__(
        self,
        db: Database,
        outbox: Outbox,
        runs: JobRuns,
        work: JobWork,
        tenants: TenantService,
        secrets: SealedSecrets,
        passphrases: Passphrases,
        webhooks: WebhookService,
        pictures: PictureUnpacker,
        claims: TenantClaims,
        keys: ArchiveKeys,
    ) -> None:
        self.db = db
        self.outbox = outbox
        self.runs = runs
        self.work = work
        self.tenants = tenants
        self.secrets = secrets
        self.passphrases = passphrases
        self.webhooks = webhooks
        self.pictures = pictures
        self.claims = claims
        self.keys = keys

    async def run(self, tenant: TenantId, job: JobId) -> str | None:
        """Do the job, or what is left of it; gives how it ended, or None when there was nothing to do."""
        return await self.work.do(tenant, job, _READING, self._import)

    async def _import(self, run: Run) -> Ended:
        with TemporaryFile() as file:
            try:
                await self._assemble(run, file)
                reader = await asyncio.to_thread(ArchiveReader, file, self.keys)
                return await self._import_from(run, reader)
            except ArchiveError as error:
                raise WorkFailedError(error.code, error.message, run.place.result or {}) from error
            except (BadRequestError, ConflictError, ValidationFailedError) as error:
                if error.code in _NOT_OF_ROWS:
                    raise
                message = "Rows of the archive contradict each other, or what is here; nothing was imported."
                raise WorkFailedError("archive_inconsistent", message, run.place.result or {}) from error

    async def _assemble(self, run: Run, file: IO[bytes]) -> None:
        """Put the parts together, outside the database."""
        part = 0
        while (rows := await self.runs.get_rows(run, part)) is not None:
            try:
                file.write(base64.b64decode(rows[0]["content"], validate=True))
            except binascii.Error:
                raise ArchiveError("archive_malformed", f"Part {part} of the archive is no base64.") from None
            part += 1

    async def _import_from(self, run: Run, reader: ArchiveReader) -> Ended:
        """Judge what can be judged beforehand, then store the pictures, then make the tenant."""
        check_members(reader)
        passphrase = self.passphrases.open(run.tenant_id, run.options)
        endpoints = await asyncio.to_thread(read_endpoints, reader, self.webhooks)
        secrets = await self.secrets.read(reader, passphrase, endpoints)
        pictures = await self.pictures.check(reader)
        arrival = _arrival(run, reader, endpoints, pictures, opened=secrets is not None)
        _check_slug(arrival.slug)
        async with self.claims.held(arrival.tenant, run.id) as claim:
            run = await self._store_pictures(run, reader, claim, arrival.pictures.count)
            return await self._TX_import(run, reader, claim, arrival, secrets)

    async def _store_pictures(self, run: Run, reader: ArchiveReader, claim: Claim, count: int) -> Run:
        run = await self.runs.TX_advance(run, run.place._replace(stage=_PICTURES, done=0, total=count))
        pace = Pace()

        async def tell(done: int) -> None:
            nonlocal run
            if pace.is_due():
                run = await self.runs.TX_advance(run, run.place._replace(done=done))

        await self.pictures.store(reader, claim, tell)
        return run

    async def _TX_import(
        self, run: Run, reader: ArchiveReader, claim: Claim, arrival: Arrival, secrets: SecretRows | None
    ) -> Ended:
        total = sum(reader.members[archived.member].rows for archived in ARCHIVED)
        tally = Tally(self.runs, run, _ROWS, total, lambda _: run.place.result or {})
        async with self.db.unit(None) as unit:
            async with self.db.platform_write(_REASON, unit, routine=True) as tx:
                # Whoever wants the claim waits from here on, until it is gone or given back.
                await claim.drop(tx)
            await self._insert_all(reader, arrival, tally, unit)
            async with self.db.write(arrival.tenant, unit) as tx:
                rows = tally.done + await self.secrets.insert(arrival.tenant, secrets, arrival.endpoints, tx)
                await self.outbox.add(TenantImported(tenant_id=arrival.tenant), run.by, tx)
            async with self.db.write(run.tenant_id, unit) as tx:
                state = await self.runs.succeed(tally.run, _done(run, arrival, rows), tx)
            await unit.commit()
        return Ended(state)

    async def _insert_all(self, reader: ArchiveReader, arrival: Arrival, tally: Tally, unit: Unit) -> None:
        for archived in ARCHIVED:
            lines = reader.lines(archived.member)
            while batch := await asyncio.to_thread(_read, archived, lines, arrival):
                async with self._scope(archived, arrival.tenant, unit) as tx:
                    await self._insert(archived, batch, arrival, tx)
                with suppress(UnavailableError):
                    # A look that comes to nothing is no reason to begin anew: the last one is in the transaction.
                    await tally.TX_add(len(batch))

    async def _insert(
        self, archived: Archived, batch: list[dict[str, Any]], arrival: Arrival, tx: WriteExecutor
    ) -> None:
        if archived is SLUGS:
            former = [str(row["slug"]) for row in batch] if arrival.keeps_slugs else [arrival.slug]
            await self.tenants.take_slugs(arrival.tenant, former, tx)
        else:
            await tx.execute_many(archived.insert, [{**row, "tenant_id": arrival.tenant} for row in batch])

    def _scope(self, archived: Archived, tenant: TenantId, unit: Unit) -> AbstractAsyncContextManager[WriteExecutor]:
        if archived.as_platform:
            return self.db.platform_write(_REASON, unit, routine=True)
        return self.db.write(tenant, unit)


def _arrival(
    run: Run,
    reader: ArchiveReader,
    endpoints: Collection[WebhookEndpointId],
    pictures: ShownPictures,
    *,
    opened: bool,
) -> Arrival:
    asked = cast("str | None", run.options.get("slug"))
    return Arrival(
        reader.manifest.tenant_id,
        asked or reader.manifest.slug,
        asked in {None, reader.manifest.slug},
        missing_secrets(reader, opened=opened),
        endpoints,
        pictures,
    )


def _check_slug(slug: str) -> None:
    try:
        check_slug(slug)
    except ValidationFailedError:
        raise ArchiveError("slug_reserved", f"{slug!r} is reserved here; give another slug.") from None


def _done(run: Run, arrival: Arrival, rows: int) -> Place:
    result = {
        **(run.place.result or {}),
        "tenant_id": arrival.tenant,
        "slug": arrival.slug,
        "rows": rows,
        "pictures": arrival.pictures.count,
        "disabled_connectors": list(arrival.missing_secrets),
        "disabled_webhook_endpoints": list(arrival.endpoints),
    }
    return Place(_IMPORTED, 0, rows, rows, None, result)


def _read(archived: Archived, lines: Iterator[bytes], arrival: Arrival) -> list[dict[str, Any]]:
    return [fitted(archived, row_of(archived, line), arrival) for line in islice(lines, _BATCH)]
