"""Between connectors as the database keeps them and as callers see them."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic.alias_generators import to_camel

from central.auth_connectors.models import (
    AuthConnector,
    AuthConnectorPublic,
    AuthConnectorSettingsInput,
    EmailCodeSettingsInput,
)
from central.auth_connectors.provisioning import ProvisioningInput
from central.kernel.ids import AuthConnectorId, TenantId
from central_server.auth_connectors.tables import DBAuthConnector, DBClientSecret

MAIL = "email_code"


def stored_settings(settings: AuthConnectorSettingsInput) -> dict[str, Any]:
    """Give what is kept of a connector's settings in plain text: everything but the secret."""
    return settings.model_dump(mode="json", exclude={"client_secret", "kind"}, by_alias=False)


def secret_of(settings: AuthConnectorSettingsInput) -> bytes | None:
    """Give the secret that settings bring, if they bring one."""
    if isinstance(settings, EmailCodeSettingsInput) or settings.client_secret is None:
        return None
    return settings.client_secret.get_secret_value().encode()


def stored_provisioning(provisioning: ProvisioningInput) -> dict[str, Any]:
    """Give the columns in which a connector's provisioning is kept."""
    return {
        "just_in_time": provisioning.just_in_time,
        "allowed_domains": provisioning.allowed_domains,
        "default_roles": provisioning.default_roles,
        "attribute_claims": provisioning.attributes,
        "group_claim": provisioning.group_claim,
        "group_roles": [each.model_dump() for each in provisioning.group_roles],
    }


def told_of(row: DBAuthConnector) -> dict[str, Any]:
    """Give a connector as its events tell of it; its secrets are elsewhere."""
    provisioning = {
        "just_in_time": row["just_in_time"],
        "allowed_domains": row["allowed_domains"],
        "default_roles": row["default_roles"],
        "attributes": row["attribute_claims"],
        "group_claim": row["group_claim"],
        "group_roles": row["group_roles"],
    }
    parts: dict[str, dict[str, Any]] = {"settings": row["settings"], "provisioning": provisioning}
    spelled = {part: {to_camel(name): value for name, value in fields.items()} for part, fields in parts.items()}
    return {"name": row["name"], "version": row["version"], **spelled}


def is_tested(row: DBAuthConnector) -> bool:
    """Whether a connector may be enabled: its settings of now have been tested, or need not be."""
    return row["kind"] == MAIL or row["tested_version"] == row["settings_version"]


def callback_address(public_url: str, tenant: TenantId, connector: AuthConnectorId) -> str:
    """Give the one callback address of a connector; made of ids, so that renaming a tenant leaves it alone."""
    return f"{public_url}/v1/tenants/{tenant}/auth-connectors/{connector}/callback"


def signed_out_address(public_url: str) -> str:
    """Give the address to which providers send the browser back after signing out there: one for all connectors."""
    return f"{public_url}/signout/done"


def connector_from(row: DBAuthConnector, secrets: Sequence[DBClientSecret], public_url: str) -> AuthConnector:
    """Make the DTO of a row and of its secrets."""
    settings: dict[str, Any] = {"kind": row["kind"], **row["settings"]}
    if row["kind"] != MAIL:
        settings["has_client_secret"] = bool(secrets)
        settings["redirect_uri"] = callback_address(public_url, row["tenant_id"], row["id"])
    if row["kind"] == "oidc":
        settings["post_logout_redirect_uri"] = signed_out_address(public_url)
    return AuthConnector.model_validate(
        {
            **among(row, "id", "name", "enabled", "created_at", "updated_at", "version", "tested_at"),
            "settings": settings,
            "client_secrets": [among(secret, "id", "created_at", "created_by", "expires_at") for secret in secrets],
            "tested": is_tested(row),
            "provisioning": {
                "just_in_time": row["just_in_time"],
                "allowed_domains": row["allowed_domains"],
                "default_roles": row["default_roles"],
                "attributes": row["attribute_claims"],
                "group_claim": row["group_claim"],
                "group_roles": row["group_roles"],
            },
        }
    )


def among(row: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """Give some columns of a row."""
    return {name: row[name] for name in names}


def public_connector_from(row: DBAuthConnector) -> AuthConnectorPublic:
    """Make what anyone may see of a row."""
    return AuthConnectorPublic.model_validate({"id": row["id"], "name": row["name"], "kind": row["kind"]})
