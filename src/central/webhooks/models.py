from datetime import datetime, timedelta
from typing import Annotated, ClassVar, Literal, TypeAlias

from pydantic import Field, StringConstraints

from central.events.models import EventKind, Kinds
from central.kernel.ids import EventId, UserId, WebhookDeliveryId, WebhookEndpointId
from central.kernel.model import Output, PatchInput, Resource, Response, TenantInput
from central.kernel.pages import Page, TenantPageInput
from central.kernel.text import Line
from central.kernel.times import Duration, Moment, between
from central.kernel.unknown import UnknownValue
from central.webhooks.events import WebhookDisabledReason

WebhookDeliveryState: TypeAlias = Literal["waiting", "delivered", "failed"]
WebhookUrl: TypeAlias = Annotated[
    str, StringConstraints(max_length=2000, pattern=r"^https?://[^\s#@\\\x00-\x20\x7f]+$")
]
"""Where to send to; what may be called beyond that is for the server to say."""

Overlap: TypeAlias = Annotated[Duration, between(timedelta(0), timedelta(days=7))]


class WebhookSecret(Output):
    """A signing secret, without the secret."""

    created_at: datetime
    expires_at: datetime | None = Field(default=None, description="When bodies are signed with it no longer.")


class WebhookEndpoint(Resource):
    """Where a tenant's events are sent to, as its administrators see it."""

    id: WebhookEndpointId
    url: str
    description: str | None = None
    kinds: list[str] = Field(description="The kinds of events that it gets; none named: all.")
    enabled: bool
    disabled_reason: WebhookDisabledReason | UnknownValue | None = None
    disabled_at: datetime | None = None
    signing_secrets: list[WebhookSecret] = Field(
        default=[], description="The valid ones, the newest first, two at most: each body is signed with all of them."
    )
    failing_since: datetime | None = Field(
        default=None, description="The first failure since which no attempt has succeeded."
    )
    last_success_at: datetime | None = Field(default=None, description="To within a minute.")
    created_by: UserId | None = None
    created_at: datetime
    updated_at: datetime
    version: int = Field(description="Grows with every change; give it as `expectedVersion` to change what you saw.")


class WebhookAttempt(Output):
    """One request of a delivery, and what came of it."""

    number: int
    started_at: datetime
    duration_ms: int
    status: int | None = Field(default=None, description="The HTTP status; null when no answer came.")
    error: str | None = Field(default=None, description="A stable word for what went wrong: `timeout`, `bad_status`.")
    detail: str | None = Field(default=None, description="The same for people.")
    answer: str = Field(default="", description="The beginning of the answer's body: 1 KB at most, as text.")


class WebhookDelivery(Resource):
    """One event on its way to one endpoint."""

    id: WebhookDeliveryId
    endpoint_id: WebhookEndpointId
    event_id: EventId
    event_kind: str
    state: WebhookDeliveryState | UnknownValue
    attempt_count: int
    next_attempt_at: datetime | None = Field(default=None, description="While it waits: when it is tried next.")
    last_attempt_at: datetime | None = None
    last_status: int | None = None
    last_error: str | None = None
    created_at: datetime
    ended_at: datetime | None = None


class WebhookDeliveryDetails(WebhookDelivery):
    """A delivery with its attempts."""

    attempts: list[WebhookAttempt] = Field(description="The newest first, a hundred at most.")


class CreateWebhookEndpointInput(TenantInput):
    """Where to send which events."""

    url: WebhookUrl
    description: Line | None = None
    kinds: Kinds = Field(default=[], description="Of these kinds; none named: of all.")
    enabled: bool = True


class WebhookEndpointWithSecret(Response):
    """An endpoint and its new signing secret, which is never shown again."""

    endpoint: WebhookEndpoint
    secret: str = Field(repr=False, description="`whsec_…`: what the receiver verifies with.")


class GetWebhookEndpointInput(TenantInput):
    """Which endpoint to get."""

    endpoint: WebhookEndpointId


class ListWebhookEndpointsInput(TenantPageInput):
    """All endpoints of the tenant, oldest first."""


class ListWebhookEndpointsResponse(Page[WebhookEndpoint]):
    """One page of endpoints."""

    webhook_endpoints: list[WebhookEndpoint]


class UpdateWebhookEndpointInput(PatchInput):
    """What to change of an endpoint; what is absent is left alone."""

    clearable: ClassVar[frozenset[str]] = frozenset({"description"})

    endpoint: WebhookEndpointId
    url: WebhookUrl | None = None
    description: Line | None = None
    kinds: Kinds | None = Field(default=None, description="Of these kinds; an empty list: of all.")
    expected_version: int | None = Field(default=None, ge=1, le=2**31 - 1)


class EnableWebhookEndpointInput(TenantInput):
    """Which endpoint to enable."""

    endpoint: WebhookEndpointId


class DisableWebhookEndpointInput(TenantInput):
    """Which endpoint to disable."""

    endpoint: WebhookEndpointId


class DeleteWebhookEndpointInput(TenantInput):
    """Which endpoint to delete."""

    endpoint: WebhookEndpointId


class RotateWebhookSecretInput(TenantInput):
    """Which endpoint gets a new secret, and for how long the one of now stays valid beside it."""

    endpoint: WebhookEndpointId
    overlap: Overlap = Field(
        default=timedelta(days=1),
        description="How long bodies are signed with the old secret too: up to `P7D`; `PT0S` for one that leaked.",
    )


class PingWebhookEndpointInput(TenantInput):
    """Which endpoint to send a `webhook.ping` to."""

    endpoint: WebhookEndpointId


class ListWebhookDeliveriesInput(TenantPageInput):
    """Which deliveries to list, newest first: those for which all that is given holds."""

    endpoint: WebhookEndpointId | None = None
    state: WebhookDeliveryState | None = None
    kind: EventKind | None = Field(default=None, description="Of events of this kind.")


class ListWebhookDeliveriesResponse(Page[WebhookDelivery]):
    """One page of deliveries."""

    webhook_deliveries: list[WebhookDelivery]


class GetWebhookDeliveryInput(TenantInput):
    """Which delivery to get."""

    delivery: WebhookDeliveryId


class RedeliverWebhookInput(TenantInput):
    """Which delivery to send now, whatever became of it."""

    delivery: WebhookDeliveryId


class RedeliverFailedWebhooksInput(TenantInput):
    """Of which endpoint to send again what failed, and from when on."""

    endpoint: WebhookEndpointId
    since: Moment = Field(description="Those whose delivery began at this moment or later.")


class RedeliverFailedWebhooksResponse(Response):
    """How many deliveries begin anew."""

    redelivered: int = Field(description="5,000 at most, the oldest first; call again while it is that many.")
