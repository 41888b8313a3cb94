"""Archives of tenants without Temporal: what a worker would do is done at once."""

import hashlib
import io
import json
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from zipfile import ZipFile

from central.jobs.models import Job
from central.kernel.ids import TenantId
from central_client import AsyncCentral
from central_server.auth_connectors.client_secrets import ClientSecrets
from central_server.infra.archives import ArchiveKeys
from central_server.infra.archives.format import MANIFEST, SIGNATURE
from central_server.infra.config import Settings
from central_server.infra.vault import SigningKeys
from central_server.tenant_archives.exporting import TenantExporter
from central_server.tenant_archives.importing import TenantImporter
from support.database import superuser
from support.place import Place, Stack, make_stack
from support.servers import shared_postgres

PASSPHRASE = "correct horse battery staple"
Members = dict[str, bytes]
Change = Callable[[Members, dict[str, Any]], None]
"""Something done to an archive's members and its manifest."""


def keys_of(settings: Settings) -> ArchiveKeys:
    """Give the keys by which a server signs."""
    return ArchiveKeys(SigningKeys.parse(settings.signing_keys.get_secret_value()), ())


@asynccontextmanager
async def another_server(stack: Stack, folder: Path) -> AsyncIterator[Stack]:
    """Start a server with a database and keys of its own, which believes the archives of the first one."""
    trusted = keys_of(stack.settings).public_key
    async with (
        shared_postgres() as postgres,
        make_stack(
            postgres, f"other_{secrets.token_hex(6)}", folder / "mailbox", trusted_archive_keys=trusted
        ) as other,
    ):
        yield other


async def grow(place: Place, events: int) -> None:
    """Let so much have happened in a tenant."""
    async with superuser(place.stack) as connection:
        await connection.execute(
            "INSERT INTO outbox (id, tenant_id, kind, payload, position)"
            " SELECT gen_random_uuid(), $1, 'tests.grown', jsonb_build_object('tenantId', $3::text),"
            " nextval('outbox_positions') FROM generate_series(1, $2)",
            place.tenant.id.uuid,
            events,
            str(place.tenant.id),
        )


async def archive_of(stack: Stack, tenant: TenantId, passphrase: str | None = None) -> bytes:
    """Write the archive of a tenant."""
    file = io.BytesIO()
    await (await stack.central.container.get(TenantExporter)).write(tenant, file, passphrase)
    return file.getvalue()


def members_of(archive: bytes) -> Members:
    """Give what is in an archive, but for its manifest, which has a time, and the signature of that."""
    with ZipFile(io.BytesIO(archive)) as file:
        return {name: file.read(name) for name in file.namelist() if name not in {MANIFEST, SIGNATURE}}


async def secrets_of(stack: Stack) -> ClientSecrets:
    """Give what opens the client secrets of a server."""
    return await stack.central.container.get(ClientSecrets)


async def run_archive(stack: Stack, job: Job, tenant: TenantId) -> str | None:
    """Do what a worker does for an archive."""
    return await (await stack.central.container.get(TenantExporter)).run(tenant, job.id)


async def imported(
    stack: Stack, archive: bytes, folder: Path, operator: AsyncCentral | None = None, **options: Any
) -> Job:
    """Import an archive as a worker does, and give the job as it ended."""
    path = folder / f"{secrets.token_hex(4)}.zip"
    path.write_bytes(archive)
    operator = operator or await stack.sign_in_operator()
    job = await operator.tenants.import_archive(path, wait=False, **options)
    await (await stack.central.container.get(TenantImporter)).run(stack.operator_user.tenant_id, job.id)
    return await operator.jobs.get(job=job.id)


def forged(archive: bytes, keys: ArchiveKeys | None, change: Change) -> bytes:
    """Change an archive's members and manifest; with keys, all is signed again as if that had always been so."""
    with ZipFile(io.BytesIO(archive)) as file:
        members = {name: file.read(name) for name in file.namelist()}
    text, signature = members.pop(MANIFEST), members.pop(SIGNATURE)
    manifest = json.loads(text)
    before = json.dumps(manifest)
    change(members, manifest)
    if keys is not None:
        for member in manifest["members"]:
            content = members.get(member["name"], b"")
            rows = content.count(b"\n") if member["name"].endswith(".ndjson") else member["rows"]
            member |= {"size": len(content), "sha256": hashlib.sha256(content).hexdigest(), "rows": rows}
    if keys is not None or json.dumps(manifest) != before:
        text = json.dumps(manifest).encode()
    if keys is not None:
        signature = keys.sign(text)
    return zipped({**members, MANIFEST: text, SIGNATURE: signature})


def in_row(member: str, change: Callable[[dict[str, Any]], None], *, last: bool = False) -> Change:
    """Change the first row of a member, or the last one."""

    def do(members: Members, manifest: dict[str, Any]) -> None:
        lines = members[member].splitlines()
        place = -1 if last else 0
        row = json.loads(lines[place])
        change(row)
        lines[place] = json.dumps(row).encode()
        members[member] = b"".join(line + b"\n" for line in lines)

    return do


def zipped(members: Members) -> bytes:
    """Make a zip."""
    file = io.BytesIO()
    with ZipFile(file, "w") as made:
        for name, content in members.items():
            made.writestr(name, content)
    return file.getvalue()
