from datetime import datetime

from pydantic import Field, JsonValue

from central.kernel.ids import AuthConnectorId, IdentityId, UserId
from central.kernel.model import Resource, TenantInput
from central.kernel.pages import Page, TenantPageInput


class Identity(Resource):
    """Who a user is at an identity provider, as administrators see it."""

    id: IdentityId
    connector_id: AuthConnectorId
    connector_name: str
    issuer: str
    subject: str = Field(description="By what the provider knows them, for good.")
    created_at: datetime = Field(description="When they signed in by it for the first time.")
    seen_at: datetime | None = Field(default=None, description="When they did last.")


class IdentityPrivate(Resource):
    """Who somebody is at an identity provider, and what it last said of them, for them alone."""

    id: IdentityId
    connector_id: AuthConnectorId
    connector_name: str
    issuer: str
    subject: str
    created_at: datetime
    seen_at: datetime | None = None
    claims: dict[str, JsonValue] = Field(
        default={}, description="What the provider said at the last sign-in; kept sealed, and shown to nobody else."
    )


class ListMyIdentitiesInput(TenantPageInput):
    """The caller's own identities, oldest first, all on one page."""


class ListMyIdentitiesResponse(Page[IdentityPrivate]):
    """The caller's identities."""

    identities: list[IdentityPrivate]


class ListIdentitiesInput(TenantPageInput):
    """A user's identities, oldest first, all on one page."""

    user: UserId


class ListIdentitiesResponse(Page[Identity]):
    """A user's identities."""

    identities: list[Identity]


class UnlinkIdentityInput(TenantInput):
    """Which identity of which user to unlink."""

    user: UserId
    identity: IdentityId
