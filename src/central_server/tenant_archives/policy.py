"""What becomes of the rows of an archive where it is imported."""

from collections.abc import Collection
from typing import Any, NamedTuple, cast

from pydantic import ValidationError

from central.images.models import ImageUsage
from central.kernel.ids import AuthConnectorId, TenantId, WebhookEndpointId
from central_server.infra.archives import ArchiveError, ArchiveReader
from central_server.infra.db.archiving import Archived
from central_server.tenant_archives.contents import ARCHIVED, FILES_MEMBER, SEALED, sealed_member
from central_server.tenant_archives.shown import ShownPictures


class Arrival(NamedTuple):
    """The tenant that an archive becomes: its name here, what it lacks, its webhook endpoints, its pictures."""

    tenant: TenantId
    slug: str
    keeps_slugs: bool
    missing_secrets: Collection[AuthConnectorId]
    endpoints: Collection[WebhookEndpointId]
    pictures: ShownPictures


def check_members(reader: ArchiveReader) -> None:
    """Refuse an archive that has not exactly the files that this version knows."""
    expected = {FILES_MEMBER, *(archived.member for archived in ARCHIVED)}
    if reader.manifest.sealed_with is not None:
        expected.update(map(sealed_member, SEALED))
    if expected != set(reader.members):
        raise ArchiveError("archive_malformed", "The archive has not the files that this version of the format has.")


def missing_secrets(reader: ArchiveReader, *, opened: bool) -> list[AuthConnectorId]:
    """Name the connectors that come without their secret."""
    return [] if opened else [AuthConnectorId(id) for id in reader.manifest.connectors_with_secrets]


def fitted(archived: Archived, row: dict[str, Any], arrival: Arrival) -> dict[str, Any]:
    """Give a row as it is inserted: the tenant's own name here, no way in without its secret, no event of others."""
    match archived.table.name:
        case "tenants":
            _check_shows("tenants", "logo", row["logo"], arrival)
            return {**row, "slug": arrival.slug}
        case "users":
            _check_shows("users", "avatar", row["avatar"], arrival)
        case "auth_connectors" if row["id"] in arrival.missing_secrets:
            return {**row, "enabled": False}
        case "outbox":
            _check_of(arrival.tenant, row["payload"])
        case _:
            pass
    return row


def _check_shows(table: str, usage: ImageUsage, picture: Any, arrival: Arrival) -> None:
    """Refuse a link to anything but a picture of the archive."""
    if not arrival.pictures.may_show(usage, picture):
        raise row_invalid(table)


def _check_of(tenant: TenantId, payload: Any) -> None:
    """Refuse an event that says that it is another tenant's, as an event names its tenant itself."""
    named: Any = cast("dict[str, Any]", payload).get("tenantId") if isinstance(payload, dict) else None
    if named != tenant:
        raise row_invalid("outbox")


def row_of(archived: Archived, line: bytes) -> dict[str, Any]:
    """Read a line; `ArchiveError` for what is no row of this table."""
    try:
        return archived.read(line)
    except ValidationError:
        raise row_invalid(archived.table.name) from None


def row_invalid(table: str) -> ArchiveError:
    """Say that a row is none; not which, since rows are of people."""
    return ArchiveError("row_invalid", f"A row of {table} is not what it must be; nothing was imported.")
