"""Verifying an ID token by keys that may have changed since they were fetched."""

from functools import partial
from typing import Final

from central_server.infra.oidc.discovery import Providers
from central_server.infra.oidc.errors import IdTokenError
from central_server.infra.oidc.flow import TokenResponse
from central_server.infra.oidc.id_token import IdTokenClaims, verify_id_token
from central_server.infra.oidc.metadata import ProviderMetadata

# A provider that rotates names a new key; one that names none, or uses a name again, shows it by the signature.
_ROTATED: Final = ("unknown_key", "bad_signature")


async def verified_claims(
    providers: Providers,
    provider: ProviderMetadata,
    tokens: TokenResponse,
    *,
    client_id: str,
    nonce: str,
    now: float,
) -> IdTokenClaims:
    """Verify the ID token of an exchange; `now` is in seconds of the epoch. Raises `OidcError`.

    Keys that do not verify it are fetched anew, once a minute at most for each issuer.
    """
    verify = partial(
        verify_id_token,
        tokens.id_token,
        issuer=provider.issuer,
        client_id=client_id,
        nonce=nonce,
        now=now,
        algorithms=provider.algorithms,
        access_token=tokens.access_token,
    )
    keys = await providers.keys(provider)
    try:
        return verify(keys=keys)
    except IdTokenError as error:
        if error.reason not in _ROTATED or (newer := await providers.newer_keys(provider, keys)) is None:
            raise
    return verify(keys=newer)
