from typing import Literal

from central.kernel.events import Event
from central.kernel.ids import AuthConnectorId


class AuthConnectorCreated(Event):
    """A connector was created."""

    kind: Literal["auth_connector.created"] = "auth_connector.created"
    connector_id: AuthConnectorId


class AuthConnectorUpdated(Event):
    """A connector's name, settings or provisioning changed."""

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


class AuthConnectorDeleted(Event):
    """A connector was deleted."""

    kind: Literal["auth_connector.deleted"] = "auth_connector.deleted"
    connector_id: AuthConnectorId
