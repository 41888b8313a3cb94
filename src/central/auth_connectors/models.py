from datetime import datetime
from typing import Annotated, Literal, TypeAlias

from pydantic import AfterValidator, Field, SecretStr, StringConstraints, Tag
from pydantic_core import PydanticCustomError

from central.kernel.ids import AuthConnectorId
from central.kernel.model import Input, Output, PatchInput, Resource, TenantInput
from central.kernel.pages import Page, TenantPageInput
from central.kernel.text import Line, LongLine
from central.kernel.unknown import UNKNOWN_TAG, UnknownValue, kind_or_unknown

AuthConnectorKind: TypeAlias = Literal["oidc", "email_code"]
Domain: TypeAlias = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True,
        to_lower=True,
        max_length=253,
        # Matched before the text is lowered.
        pattern=r"^(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?$",
    ),
]
Scope: TypeAlias = Annotated[
    str, StringConstraints(min_length=1, max_length=100, pattern=r"^[\x21\x23-\x5b\x5d-\x7e]+$")
]


def _with_openid(scopes: list[str]) -> list[str]:
    if "openid" not in scopes:
        raise PydanticCustomError("openid_missing", "A sign-in at a provider asks for the scope openid")
    return scopes


Scopes: TypeAlias = Annotated[list[Scope], Field(min_length=1, max_length=20), AfterValidator(_with_openid)]
IssuerUrl: TypeAlias = Annotated[str, StringConstraints(max_length=500, pattern=r"^https?://[^\s?#@\\\x00-\x20\x7f]+$")]
ClientSecret: TypeAlias = Annotated[SecretStr, Field(min_length=1, max_length=2000)]


class ProvisioningInput(Input):
    """Whether a connector makes users of people who sign in for the first time."""

    just_in_time: bool = Field(default=False, description="Create a user at the first sign-in of somebody unknown.")
    allowed_domains: list[Domain] = Field(
        default=[],
        max_length=100,
        description="Only for verified addresses of these verified domains of the tenant; empty: for none.",
    )


class OidcSettings(Output):
    """An OpenID Connect provider."""

    kind: Literal["oidc"] = "oidc"
    issuer: str
    client_id: str
    scopes: list[str]
    has_client_secret: bool = Field(description="The secret itself stays in the vault.")
    trusted_domains: list[str] = Field(description="Whose verified addresses may link to existing users.")
    redirect_uri: str = Field(description="The callback address to register with the provider.")
    post_logout_redirect_uri: str | None = Field(
        default=None,
        description="The address to register with the provider for signing out there too, if it offers that.",
    )


class EmailCodeSettings(Output):
    """Codes mailed to the user's address."""

    kind: Literal["email_code"] = "email_code"


class UnknownAuthConnectorSettings(Output):
    """A kind of connector that this version does not know; its fields are in `model_extra`."""

    kind: str


AuthConnectorSettings: TypeAlias = Annotated[
    Annotated[OidcSettings, Tag("oidc")]
    | Annotated[EmailCodeSettings, Tag("email_code")]
    | Annotated[UnknownAuthConnectorSettings, Tag(UNKNOWN_TAG)],
    kind_or_unknown("oidc", "email_code"),
]


class ProvisioningPolicy(Output):
    """Whether a connector makes users of people who sign in for the first time."""

    just_in_time: bool
    allowed_domains: list[str]


class AuthConnector(Resource):
    """A way into a tenant, as its administrators see it."""

    id: AuthConnectorId
    name: str
    enabled: bool
    settings: AuthConnectorSettings
    provisioning: ProvisioningPolicy
    created_at: datetime
    updated_at: datetime
    version: int = Field(description="Grows with every change; give it as `expectedVersion` to change what you saw.")

    @property
    def kind(self) -> str:
        """Which kind of connector it is: that of its settings."""
        return self.settings.kind


class AuthConnectorPublic(Resource):
    """A way into a tenant, as a sign-in page shows it to anyone."""

    id: AuthConnectorId
    name: str
    kind: AuthConnectorKind | UnknownValue


class OidcSettingsInput(Input):
    """An OpenID Connect provider; its discovery document is fetched and checked before the connector exists."""

    kind: Literal["oidc"]
    issuer: IssuerUrl = Field(description="Exactly as the provider writes it.")
    client_id: LongLine
    client_secret: ClientSecret | None = Field(default=None, description="Absent for a public client.")
    scopes: Scopes = Field(default=["openid", "email", "profile"], description="`openid` is always among them.")
    trusted_domains: list[Domain] = Field(
        default=[],
        max_length=100,
        description="Verified domains of the tenant whose addresses, verified by the provider, may link a sign-in to "
        "an existing user.",
    )


class EmailCodeSettingsInput(Input):
    """Codes mailed to the user's address."""

    kind: Literal["email_code"]


AuthConnectorSettingsInput: TypeAlias = Annotated[
    OidcSettingsInput | EmailCodeSettingsInput, Field(discriminator="kind")
]


class CreateAuthConnectorInput(TenantInput):
    """A new way into the tenant."""

    name: Line
    settings: AuthConnectorSettingsInput
    provisioning: ProvisioningInput = ProvisioningInput()
    enabled: bool = True


class GetAuthConnectorInput(TenantInput):
    """Which connector to get."""

    connector: AuthConnectorId


class ListAuthConnectorsInput(TenantPageInput):
    """All connectors of the tenant, oldest first."""


class GetTenantAuthConnectorsResponse(Page[AuthConnector]):
    """One page of a tenant's connectors."""

    auth_connectors: list[AuthConnector]


class ListAuthConnectorsPublicInput(TenantPageInput):
    """The ways into a tenant that a sign-in page offers, oldest first."""


class GetTenantAuthConnectorsPublicResponse(Page[AuthConnectorPublic]):
    """One page of a tenant's enabled connectors, for a sign-in page."""

    auth_connectors: list[AuthConnectorPublic]


class UpdateAuthConnectorInput(PatchInput):
    """What to change of a connector; what is absent is left alone, `settings` are replaced as a whole.

    The kind and the issuer of a connector never change: people are known by them. A `client_secret` that is
    absent from the settings keeps the one in the vault.
    """

    connector: AuthConnectorId
    name: Line | None = None
    settings: AuthConnectorSettingsInput | None = None
    provisioning: ProvisioningInput | None = None
    expected_version: int | None = Field(default=None, ge=1, le=2**31 - 1)


class DisableAuthConnectorInput(TenantInput):
    """Which connector to disable."""

    connector: AuthConnectorId


class EnableAuthConnectorInput(TenantInput):
    """Which connector to enable."""

    connector: AuthConnectorId


class DeleteAuthConnectorInput(TenantInput):
    """Which connector to delete."""

    connector: AuthConnectorId
