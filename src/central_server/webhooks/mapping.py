"""Between webhooks as the database keeps them and as callers see them."""

from collections.abc import Sequence
from typing import Any, Final

from central.webhooks.models import WebhookDelivery, WebhookDeliveryDetails, WebhookEndpoint
from central_server.webhooks.tables import DBWebhookAttempt, DBWebhookDelivery, DBWebhookEndpoint, DBWebhookSecret

_OURS: Final = frozenset({"tenant_id", "imported_at"})


def endpoint_from(row: DBWebhookEndpoint, secrets: Sequence[DBWebhookSecret]) -> WebhookEndpoint:
    """Make the DTO of a row and what may be told of its secrets."""
    told = [{"created_at": one["created_at"], "expires_at": one["expires_at"]} for one in secrets]
    shown: dict[str, Any] = {name: value for name, value in row.items() if name not in _OURS}
    return WebhookEndpoint.model_validate({**shown, "signing_secrets": told})


def delivery_from(row: DBWebhookDelivery) -> WebhookDelivery:
    """Make the DTO of a row."""
    return WebhookDelivery.model_validate({**row})


def details_from(row: DBWebhookDelivery, attempts: Sequence[DBWebhookAttempt]) -> WebhookDeliveryDetails:
    """Make the DTO of a row with its attempts."""
    return WebhookDeliveryDetails.model_validate({**row, "attempts": [{**attempt} for attempt in attempts]})
