"""Webhook endpoints of an archive, judged as those that somebody makes: a file from elsewhere names the addresses."""

from typing import Any

from pydantic import ValidationError

from central.errors import ValidationFailedError
from central.kernel.ids import WebhookEndpointId
from central.webhooks.models import CreateWebhookEndpointInput
from central_server.infra.archives import ArchiveError, ArchiveReader
from central_server.tenant_archives.policy import row_invalid, row_of
from central_server.webhooks.archiving import ENDPOINTS
from central_server.webhooks.policy import check_room
from central_server.webhooks.service import WebhookService


def read_endpoints(reader: ArchiveReader, webhooks: WebhookService) -> list[WebhookEndpointId]:
    """Judge all of them; `ArchiveError` for a wrong one, `ConflictError` for more than a tenant has room for."""
    found = list[WebhookEndpointId]()
    for line in reader.lines(ENDPOINTS.member):
        check_room(len(found))
        row = row_of(ENDPOINTS, line)
        _check_row(row)
        _check_url(row, webhooks)
        found.append(row["id"])
    return found


def _check_row(row: dict[str, Any]) -> None:
    try:
        asked = CreateWebhookEndpointInput(url=row["url"], description=row["description"], kinds=row["kinds"])
    except ValidationError:
        raise row_invalid(ENDPOINTS.table.name) from None
    if (asked.description, sorted(set(asked.kinds))) != (row["description"], row["kinds"]):
        raise row_invalid(ENDPOINTS.table.name)


def _check_url(row: dict[str, Any], webhooks: WebhookService) -> None:
    try:
        webhooks.check_url(row["url"])
    except ValidationFailedError as error:
        why = error.field_errors[0].code
        message = f"{row['id']} leads where this server sends nothing ({why}); change or delete it, and archive again."
        raise ArchiveError("webhook_refused", message) from None
