"""What a provider says about itself (OpenID Connect Discovery 1.0, RFC 8414, RFC 9207)."""

from collections.abc import Mapping
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, StrictBool, StrictStr, StringConstraints, ValidationError

from central_server.infra.oidc.errors import DiscoveryError
from central_server.infra.oidc.keys import ALGORITHMS

WELL_KNOWN: Final = "/.well-known/openid-configuration"
_Url = Annotated[StrictStr, StringConstraints(min_length=1, max_length=2048)]
_Words = tuple[StrictStr, ...]


def discovery_url(issuer: str) -> str:
    """Give where an issuer's discovery document is (OpenID Connect Discovery 1.0, section 4)."""
    return issuer.removesuffix("/") + WELL_KNOWN


class ProviderMetadata(BaseModel):
    """The part of a discovery document that a sign-in rests on; absent lists have the defaults of the standard."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    issuer: _Url
    authorization_endpoint: _Url
    token_endpoint: _Url
    jwks_uri: _Url
    userinfo_endpoint: _Url | None = None
    end_session_endpoint: _Url | None = None
    response_types_supported: _Words
    id_token_signing_alg_values_supported: _Words = ("RS256",)
    token_endpoint_auth_methods_supported: _Words = ("client_secret_basic",)
    code_challenge_methods_supported: _Words | None = None
    authorization_response_iss_parameter_supported: StrictBool = False

    @property
    def algorithms(self) -> frozenset[str]:
        """The algorithms that this provider uses and this relying party takes."""
        return frozenset(ALGORITHMS).intersection(self.id_token_signing_alg_values_supported)

    @property
    def endpoints(self) -> tuple[str, ...]:
        """Every URL that is called, or that a browser is sent to."""
        optional = (self.userinfo_endpoint, self.end_session_endpoint)
        required = (self.authorization_endpoint, self.token_endpoint, self.jwks_uri)
        return (*required, *(url for url in optional if url is not None))


def read_metadata(document: Mapping[str, Any], issuer: str) -> ProviderMetadata:
    """Read a discovery document of this very issuer; raises `DiscoveryError` for what cannot be used."""
    try:
        metadata = ProviderMetadata.model_validate(document)
    except ValidationError as error:
        fields = sorted({str(fault["loc"][0]) for fault in error.errors() if fault["loc"]})
        raise DiscoveryError("bad_metadata", f"The discovery document has no usable {', '.join(fields)}.") from None
    if metadata.issuer != issuer:
        raise DiscoveryError("issuer_mismatch", "The discovery document names another issuer than the connector does.")
    if "code" not in metadata.response_types_supported:
        raise DiscoveryError("code_unsupported", "The provider does not offer the authorization code flow.")
    if (
        metadata.code_challenge_methods_supported is not None
        and "S256" not in metadata.code_challenge_methods_supported
    ):
        raise DiscoveryError("pkce_unsupported", "The provider does not offer PKCE with S256.")
    if not metadata.algorithms:
        raise DiscoveryError("algorithm_unsupported", "The provider signs ID tokens by no algorithm that is accepted.")
    return metadata
