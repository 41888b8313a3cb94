from datetime import datetime
from typing import Annotated, Literal, TypeAlias

from pydantic import AfterValidator, Field, SecretStr, StringConstraints, Tag
from pydantic_core import PydanticCustomError

from central.auth_connectors.provisioning import ProvisioningInput, ProvisioningPolicy
from central.kernel.ids import AuthConnectorId, ClientSecretId, UserId
from central.kernel.model import Input, Output, PatchInput, Resource, TenantInput
from central.kernel.pages import Page, TenantPageInput
from central.kernel.text import Claim, Line, LongLine, MailDomain
from central.kernel.times import Moment
from central.kernel.unknown import UNKNOWN_TAG, UnknownValue, kind_or_unknown

AuthConnectorKind: TypeAlias = Literal["oidc", "oauth2", "email_code"]
ClientAuthentication: TypeAlias = Literal["form", "basic"]
Scope: TypeAlias = Annotated[
    str, StringConstraints(min_length=1, max_length=100, pattern=r"^[\x21\x23-\x5b\x5d-\x7e]+$")
]


def _with_openid(scopes: list[str]) -> list[str]:
    if "openid" not in scopes:
        raise PydanticCustomError("openid_missing", "A sign-in at a provider asks for the scope openid")
    return scopes


PlainScopes: TypeAlias = Annotated[list[Scope], Field(max_length=20)]
Scopes: TypeAlias = Annotated[list[Scope], Field(min_length=1, max_length=20), AfterValidator(_with_openid)]
IssuerUrl: TypeAlias = Annotated[str, StringConstraints(max_length=500, pattern=r"^https?://[^\s?#@\\\x00-\x20\x7f]+$")]
EndpointUrl: TypeAlias = Annotated[
    str, StringConstraints(max_length=500, pattern=r"^https?://[^\s#@\\\x00-\x20\x7f]+$")
]
SecretText: TypeAlias = Annotated[SecretStr, Field(min_length=1, max_length=2000)]


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


class OAuth2Mapping(Output):
    """Where a provider's answers say who somebody is: names of members, joined by dots."""

    subject: str
    email: str | None
    email_verified: str | None
    name: str | None


class OAuth2Settings(Output):
    """A provider of OAuth 2.0 without OpenID Connect."""

    kind: Literal["oauth2"] = "oauth2"
    authorization_endpoint: str
    token_endpoint: str
    user_endpoint: str
    emails_endpoint: str | None
    client_id: str
    client_authentication: ClientAuthentication | UnknownValue
    scopes: list[str]
    mapping: OAuth2Mapping
    has_client_secret: bool = Field(description="The secret itself stays in the vault.")
    trusted_domains: list[str] = Field(description="Whose verified addresses may link to existing users.")
    redirect_uri: str = Field(description="The callback address to register with the provider.")


class EmailCodeSettings(Output):
    """Codes mailed to the user's address."""

    kind: Literal["email_code"] = "email_code"


class UnknownAuthConnectorSettings(Output):
    """A kind of connector that this version does not know; its fields are in `model_extra`."""

    kind: str


AuthConnectorSettings: TypeAlias = Annotated[
    Annotated[OidcSettings, Tag("oidc")]
    | Annotated[OAuth2Settings, Tag("oauth2")]
    | Annotated[EmailCodeSettings, Tag("email_code")]
    | Annotated[UnknownAuthConnectorSettings, Tag(UNKNOWN_TAG)],
    kind_or_unknown("oidc", "oauth2", "email_code"),
]


class ClientSecret(Output):
    """A client secret, without the secret: it stays in the vault."""

    id: ClientSecretId
    created_at: datetime
    created_by: UserId | None = None
    expires_at: datetime | None = Field(default=None, description="When the provider takes it no longer, as was said.")


class AuthConnector(Resource):
    """A way into a tenant, as its administrators see it."""

    id: AuthConnectorId
    name: str
    enabled: bool
    settings: AuthConnectorSettings
    client_secrets: list[ClientSecret] = Field(
        default=[], description="Two at most, the newest first; one that the provider refuses is followed by the next."
    )
    provisioning: ProvisioningPolicy
    tested: bool = Field(
        default=False, description="Whether a test sign-in has succeeded with the settings of now; codes need none."
    )
    tested_at: datetime | None = Field(default=None, description="When one last did, with these settings or others.")
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
    client_secret: SecretText | None = Field(default=None, description="Absent for a public client.")
    scopes: Scopes = Field(default=["openid", "email", "profile"], description="`openid` is always among them.")
    trusted_domains: list[MailDomain] = Field(
        default=[],
        max_length=100,
        description="Verified domains of the tenant whose addresses, verified by the provider, may link a sign-in to "
        "an existing user. Only owners name them.",
    )


class OAuth2MappingInput(Input):
    """Where a provider's answers say who somebody is: names of members, joined by dots (`data.user.id`)."""

    subject: Claim = Field(
        default="id", description="What never changes and is given to nobody else: text or a number."
    )
    email: Claim | None = "email"
    email_verified: Claim | None = Field(
        default=None, description="What must be true for the address to count; without it only `emailsEndpoint` does."
    )
    name: Claim | None = "name"


class OAuth2SettingsInput(Input):
    """A provider of OAuth 2.0 without OpenID Connect: it gives a token, and with that a page that says whose it is.

    For GitHub: `https://github.com/login/oauth/authorize`, `https://github.com/login/oauth/access_token`,
    `https://api.github.com/user`, `https://api.github.com/user/emails` and the scopes `read:user user:email`.
    """

    kind: Literal["oauth2"]
    authorization_endpoint: EndpointUrl = Field(description="Where browsers are sent.")
    token_endpoint: EndpointUrl = Field(description="Where the code is exchanged for a token.")
    user_endpoint: EndpointUrl = Field(description="What says whose the token is, as a JSON object.")
    emails_endpoint: EndpointUrl | None = Field(
        default=None,
        description="What lists the person's addresses as `[{email, primary, verified}]`; the primary one counts.",
    )
    client_id: LongLine
    client_secret: SecretText | None = Field(default=None, description="Absent for a public client.")
    client_authentication: ClientAuthentication = Field(
        default="form", description="Whether the token endpoint takes the secret in the form or by HTTP Basic."
    )
    scopes: PlainScopes = []
    mapping: OAuth2MappingInput = OAuth2MappingInput()
    trusted_domains: list[MailDomain] = Field(
        default=[],
        max_length=100,
        description="Verified domains of the tenant whose addresses, verified by the provider, may link a sign-in to "
        "an existing user. Only owners name them.",
    )


class EmailCodeSettingsInput(Input):
    """Codes mailed to the user's address."""

    kind: Literal["email_code"]


AuthConnectorSettingsInput: TypeAlias = Annotated[
    OidcSettingsInput | OAuth2SettingsInput | EmailCodeSettingsInput, Field(discriminator="kind")
]


class CreateAuthConnectorInput(TenantInput):
    """A new way into the tenant."""

    name: Line
    settings: AuthConnectorSettingsInput
    client_secret_expires_at: Moment | None = Field(
        default=None, description="When the provider takes the settings' secret no longer; a warning comes before."
    )
    provisioning: ProvisioningInput = ProvisioningInput()
    enabled: bool = Field(default=False, description="A provider is tested first, unless that is forced.")
    force: bool = Field(default=False, description="Enable it untested; the event says so.")


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

    The kind of a connector, its issuer, and its endpoints and `mapping.subject` never change: people are known by
    them. A `client_secret` in the settings takes the place of all that are in the vault; absent it leaves them.
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
    force: bool = Field(default=False, description="Enable it untested; the event says so.")


class AddClientSecretInput(TenantInput):
    """A second secret for a connector, beside the one in use: the newest is tried first from now on."""

    connector: AuthConnectorId
    client_secret: SecretText
    expires_at: Moment | None = Field(
        default=None, description="When the provider takes it no longer; a warning comes before."
    )


class RemoveClientSecretInput(TenantInput):
    """Which secret of a connector to forget."""

    connector: AuthConnectorId
    secret: ClientSecretId


class DeleteAuthConnectorInput(TenantInput):
    """Which connector to delete."""

    connector: AuthConnectorId
