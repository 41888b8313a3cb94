"""The modules of the OpenID Foundation's `oidcc-client-basic-certification-test-plan`, under their names."""

import base64
from urllib.parse import unquote_plus

from support.provider import Misbehaviour, Person


async def test_oidcc_client_test(party, provider):
    """A plain sign-in by code ends with the right person."""
    provider.person = Person(sub="ada", email="ada@example.com", email_verified=True)
    signed_in = await party.sign_in()
    assert signed_in.claims.subject == "ada"
    assert signed_in.claims.issuer == provider.issuer
    assert signed_in.claims.audience == (provider.client_id,)
    assert (signed_in.profile.email, signed_in.profile.email_verified) == ("ada@example.com", True)


async def test_oidcc_client_test_invalid_iss(refused):
    """An ID token of another issuer is refused."""
    assert await refused(Misbehaviour(claims={"iss": "https://evil.example"})) == "wrong_issuer"


async def test_oidcc_client_test_missing_sub(refused):
    """An ID token without `sub` is refused."""
    assert await refused(Misbehaviour(drop_claims=("sub",))) == "missing_claim"


async def test_oidcc_client_test_invalid_aud(refused):
    """An ID token for another client is refused."""
    assert await refused(Misbehaviour(claims={"aud": "another-client"})) == "wrong_audience"


async def test_oidcc_client_test_missing_iat(refused):
    """An ID token without `iat` is refused."""
    assert await refused(Misbehaviour(drop_claims=("iat",))) == "missing_claim"


async def test_oidcc_client_test_kid_absent_single_jwks(party, provider):
    """Without a `kid`, the only key of the set is used."""
    provider.misbehaviour = Misbehaviour(drop_header=("kid",), keys_without_kid=True)
    assert (await party.sign_in()).claims.subject == "ada"


async def test_oidcc_client_test_kid_absent_multiple_jwks(refused):
    """Without a `kid`, several keys that fit leave it open which one signed: refused."""
    assert await refused(Misbehaviour(drop_header=("kid",), twin_keys=True)) == "ambiguous_key"


async def test_oidcc_client_test_idtoken_sig_rs256(party, provider):
    """RS256 is verified."""
    provider.algorithm = "RS256"
    assert (await party.sign_in()).claims.subject == "ada"


async def test_oidcc_client_test_idtoken_sig_none(refused):
    """An unsigned ID token is refused; the code flow has no exception for it here."""
    assert await refused(Misbehaviour(signature="none")) == "algorithm_refused"


async def test_oidcc_client_test_invalid_sig_rs256(refused):
    """A signature with one wrong bit is refused."""
    assert await refused(Misbehaviour(signature="broken")) == "bad_signature"


async def test_oidcc_client_test_userinfo_invalid_sub(refused):
    """Userinfo about another person is refused."""
    assert await refused(Misbehaviour(userinfo={"sub": "eve"})) == "userinfo_subject_mismatch"


async def test_oidcc_client_test_nonce_invalid(refused):
    """An ID token of another sign-in is refused."""
    assert await refused(Misbehaviour(claims={"nonce": "of another sign-in"})) == "wrong_nonce"


async def test_oidcc_client_test_scope_userinfo_claims(party, provider):
    """Claims that only userinfo gives are used."""
    provider.profile_in_id_token = False
    signed_in = await party.sign_in(scopes=("openid", "email", "profile", "address", "phone"))
    assert provider.seen["authorize"].query["scope"] == "openid email profile address phone"
    assert "email" not in signed_in.claims.claims
    assert (signed_in.profile.email, signed_in.profile.name) == ("ada@example.com", "Ada Lovelace")
    assert signed_in.profile.email_verified


async def test_oidcc_client_test_client_secret_basic(party, provider):
    """The client's id and secret go form-encoded into the Basic header, and nowhere else."""
    await party.sign_in()
    request = provider.seen["token"]
    user, _, password = (
        base64.b64decode(request.headers["authorization"].removeprefix("Basic ")).decode().partition(":")
    )
    assert (unquote_plus(user), unquote_plus(password)) == (provider.client_id, provider.client_secret)
    assert not {"client_id", "client_secret"} & set(request.form)
