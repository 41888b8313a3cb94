"""Between connectors as the database keeps them and as callers see them."""

from typing import Any

from central.auth_connectors.models import (
    AuthConnector,
    AuthConnectorPublic,
    AuthConnectorSettingsInput,
    OidcSettingsInput,
)
from central.kernel.ids import AuthConnectorId, TenantId
from central_server.auth_connectors.tables import DBAuthConnector


def stored_settings(settings: AuthConnectorSettingsInput) -> dict[str, Any]:
    """Give what is kept of a connector's settings in plain text: everything but the secret."""
    return settings.model_dump(mode="json", exclude={"client_secret", "kind"}, by_alias=False)


def secret_of(settings: AuthConnectorSettingsInput) -> bytes | None:
    """Give the secret that settings bring, if they bring one."""
    if isinstance(settings, OidcSettingsInput) and settings.client_secret is not None:
        return settings.client_secret.get_secret_value().encode()
    return None


def callback_address(public_url: str, tenant: TenantId, connector: AuthConnectorId) -> str:
    """Give the one callback address of a connector; made of ids, so that renaming a tenant leaves it alone."""
    return f"{public_url}/v1/tenants/{tenant}/auth-connectors/{connector}/callback"


def signed_out_address(public_url: str) -> str:
    """Give the address to which providers send the browser back after signing out there: one for all connectors."""
    return f"{public_url}/signout/done"


def connector_from(row: DBAuthConnector, public_url: str) -> AuthConnector:
    """Make the DTO of a row."""
    settings: dict[str, Any] = {"kind": row["kind"], **row["settings"]}
    if row["kind"] == "oidc":
        settings["has_client_secret"] = row["client_secret"] is not None
        settings["redirect_uri"] = callback_address(public_url, row["tenant_id"], row["id"])
        settings["post_logout_redirect_uri"] = signed_out_address(public_url)
    return AuthConnector.model_validate(
        {
            "id": row["id"],
            "name": row["name"],
            "enabled": row["enabled"],
            "settings": settings,
            "provisioning": {"just_in_time": row["just_in_time"], "allowed_domains": row["allowed_domains"]},
            "created_at": row["created_at"],
            "updated_at": row["updated_at"],
            "version": row["version"],
        }
    )


def public_connector_from(row: DBAuthConnector) -> AuthConnectorPublic:
    """Make what anyone may see of a row."""
    return AuthConnectorPublic.model_validate({"id": row["id"], "name": row["name"], "kind": row["kind"]})
