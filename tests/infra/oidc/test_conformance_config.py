"""The modules that `oidcc-client-config-certification-test-plan` adds, under their names, and what is worth adding."""

import pytest

from support.provider import Misbehaviour, Provider
from support.races import ROUNDS
from support.relying_party import RelyingParty


async def test_oidcc_client_test_discovery_openid_config(party, provider):
    """Every endpoint is taken from the discovery document."""
    metadata = await party.providers.metadata(provider.issuer)
    assert provider.seen["discovery"].target == "/.well-known/openid-configuration"
    assert metadata.authorization_endpoint == f"{provider.issuer}/authorize"
    assert metadata.token_endpoint == f"{provider.issuer}/token"
    assert metadata.userinfo_endpoint == f"{provider.issuer}/userinfo"


async def test_oidcc_client_test_discovery_jwks_uri_keys(party, provider):
    """Keys come from `jwks_uri`, and a token by one of them is verified."""
    metadata = await party.providers.metadata(provider.issuer)
    keys = await party.providers.keys(metadata)
    assert [key.kid for key in keys.keys] == [provider.key.kid]
    assert (await party.sign_in()).claims.subject == "ada"


@pytest.mark.parametrize("wrong", ["https://evil.example", "{issuer}/", "{ISSUER}", "{issuer}/.", ""])
async def test_oidcc_client_test_discovery_issuer_mismatch(party, provider, refused, wrong):
    """A discovery document of another issuer is refused; a slash more or another case is another issuer."""
    issuer = wrong.format(issuer=provider.issuer, ISSUER=provider.issuer.replace("http", "HTTP"))
    assert await refused(Misbehaviour(discovery={"issuer": issuer})) in {"issuer_mismatch", "bad_metadata"}


async def test_oidcc_client_test_signing_key_rotation(party, provider, clock):
    """A key that appears after discovery is fetched and used."""
    await party.sign_in()
    clock.now += 120
    provider.rotate()
    assert (await party.sign_in()).claims.subject == "ada"
    assert provider.hits["jwks"] == 2


async def test_oidcc_client_test_signing_key_rotation_just_before_signing(party, provider, clock):
    """A key that appears between the keys' fetch and the token is fetched: every sign-in succeeds."""
    await party.sign_in()
    provider.algorithm = "ES256"
    party.providers.forget(provider.issuer)
    for _ in range(20 if ROUNDS == 1 else 100):
        provider.misbehaviour = Misbehaviour(rotate_before_signing=True)
        assert (await party.sign_in()).claims.subject == "ada"
        clock.now += 60


async def test_oidcc_client_test_invalid_sig_hs256(refused):
    """An HMAC under what the client knows, be it the public key or its own secret, is refused."""
    assert await refused(Misbehaviour(signature="hs256_public_key")) == "algorithm_refused"
    assert await refused(Misbehaviour(signature="hs256_secret")) == "algorithm_refused"


async def test_oidcc_client_test_invalid_sig_es256():
    """A wrong ES256 signature is refused."""
    async with Provider(algorithm="ES256") as provider, RelyingParty(provider) as party:
        assert (await party.sign_in()).claims.subject == "ada"
        provider.misbehaviour = Misbehaviour(signature="broken")
        with pytest.raises(Exception, match="signature does not hold"):
            await party.sign_in()


async def test_oidcc_client_test_missing_aud(refused):
    """An ID token without `aud` is refused."""
    assert await refused(Misbehaviour(drop_claims=("aud",))) == "missing_claim"


@pytest.mark.parametrize("algorithm", ["RS256", "PS256", "ES256", "EdDSA"])
async def test_every_common_algorithm_is_verified(algorithm):
    """RSA in both paddings, P-256 and Ed25519, each with its `at_hash`."""
    async with Provider(algorithm=algorithm) as provider, RelyingParty(provider) as party:
        signed_in = await party.sign_in()
    assert "at_hash" in signed_in.claims.claims
    assert signed_in.claims.subject == "ada"
