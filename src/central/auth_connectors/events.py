from datetime import datetime
from typing import Literal

from pydantic import Field

from central.kernel.events import Changed, Event
from central.kernel.ids import AuthConnectorId, ClientSecretId, ConnectorTestId


class AuthConnectorCreated(Event):
    """A connector was created."""

    kind: Literal["auth_connector.created"] = "auth_connector.created"
    connector_id: AuthConnectorId
    forced: bool = Field(default=False, description="Whether it was enabled without a test sign-in.")


class AuthConnectorUpdated(Changed):
    """A connector's name, settings or provisioning changed."""

    told = frozenset({"name", "settings", "provisioning"})

    kind: Literal["auth_connector.updated"] = "auth_connector.updated"
    connector_id: AuthConnectorId


class AuthConnectorDisabled(Event):
    """A connector was disabled."""

    kind: Literal["auth_connector.disabled"] = "auth_connector.disabled"
    connector_id: AuthConnectorId


class AuthConnectorEnabled(Event):
    """A connector was enabled."""

    kind: Literal["auth_connector.enabled"] = "auth_connector.enabled"
    connector_id: AuthConnectorId
    forced: bool = Field(default=False, description="Whether it was enabled without a test sign-in.")


class AuthConnectorDeleted(Event):
    """A connector was deleted."""

    kind: Literal["auth_connector.deleted"] = "auth_connector.deleted"
    connector_id: AuthConnectorId


class ConnectorTestStarted(Event):
    """Somebody began a test sign-in."""

    kind: Literal["auth_connector.test.started"] = "auth_connector.test.started"
    connector_id: AuthConnectorId
    test_id: ConnectorTestId


class ConnectorTestEnded(Event):
    """A test sign-in came to an end."""

    kind: Literal["auth_connector.test.ended"] = "auth_connector.test.ended"
    connector_id: AuthConnectorId
    test_id: ConnectorTestId
    succeeded: bool


class ClientSecretAdded(Event):
    """A connector got a further client secret."""

    kind: Literal["auth_connector.secret.added"] = "auth_connector.secret.added"
    connector_id: AuthConnectorId
    secret_id: ClientSecretId


class ClientSecretRemoved(Event):
    """A client secret of a connector was forgotten."""

    kind: Literal["auth_connector.secret.removed"] = "auth_connector.secret.removed"
    connector_id: AuthConnectorId
    secret_id: ClientSecretId


class ClientSecretExpiring(Event):
    """A client secret will soon be taken no longer: told 30 days before, 7 days before and on the last day."""

    kind: Literal["auth_connector.secret.expiring"] = "auth_connector.secret.expiring"
    connector_id: AuthConnectorId
    secret_id: ClientSecretId
    expires_at: datetime
