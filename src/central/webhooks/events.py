from typing import Literal, TypeAlias

from pydantic import Field

from central.kernel.events import Changed, Event
from central.kernel.ids import WebhookDeliveryId, WebhookEndpointId
from central.kernel.unknown import UnknownValue

WebhookDisabledReason: TypeAlias = Literal["by_hand", "failing", "gone", "imported"]
"""Why an endpoint is disabled: somebody did it; every attempt of a day failed; it answered 410 Gone; it came so."""


class WebhookEndpointCreated(Event):
    """An endpoint was created."""

    kind: Literal["webhook_endpoint.created"] = "webhook_endpoint.created"
    endpoint_id: WebhookEndpointId


class WebhookEndpointUpdated(Changed):
    """An endpoint's address, description or kinds changed. The address is not told: it may hold a credential."""

    told = frozenset({"description", "kinds"})
    withheld = frozenset({"url"})

    kind: Literal["webhook_endpoint.updated"] = "webhook_endpoint.updated"
    endpoint_id: WebhookEndpointId


class WebhookEndpointEnabled(Event):
    """An endpoint was enabled."""

    kind: Literal["webhook_endpoint.enabled"] = "webhook_endpoint.enabled"
    endpoint_id: WebhookEndpointId


class WebhookEndpointDisabled(Event):
    """An endpoint was disabled, by somebody or since it does not answer; its owners get a mail of the latter."""

    kind: Literal["webhook_endpoint.disabled"] = "webhook_endpoint.disabled"
    endpoint_id: WebhookEndpointId
    reason: WebhookDisabledReason | UnknownValue


class WebhookEndpointDeleted(Event):
    """An endpoint was deleted with its deliveries."""

    kind: Literal["webhook_endpoint.deleted"] = "webhook_endpoint.deleted"
    endpoint_id: WebhookEndpointId


class WebhookSecretRotated(Event):
    """An endpoint got a new signing secret."""

    kind: Literal["webhook_endpoint.secret_rotated"] = "webhook_endpoint.secret_rotated"
    endpoint_id: WebhookEndpointId


class WebhookRedeliveryRequested(Event):
    """Somebody had deliveries sent again: one, or all of an endpoint that failed since a time."""

    kind: Literal["webhook_endpoint.redelivery_requested"] = "webhook_endpoint.redelivery_requested"
    endpoint_id: WebhookEndpointId
    delivery_id: WebhookDeliveryId | None = Field(default=None, description="The one; null for all that failed.")


class WebhookPing(Event):
    """Somebody tries an endpoint; only that one is sent it."""

    kind: Literal["webhook.ping"] = "webhook.ping"
    endpoint_id: WebhookEndpointId
