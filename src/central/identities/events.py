from typing import Literal

from central.kernel.events import Event
from central.kernel.ids import AuthConnectorId, IdentityId, UserId


class IdentityLinked(Event):
    """A user signed in by a connector for the first time."""

    kind: Literal["identity.linked"] = "identity.linked"
    identity_id: IdentityId
    user_id: UserId
    connector_id: AuthConnectorId


class IdentityUnlinked(Event):
    """A user is no longer who somebody is at a provider."""

    kind: Literal["identity.unlinked"] = "identity.unlinked"
    identity_id: IdentityId
    user_id: UserId
    connector_id: AuthConnectorId
