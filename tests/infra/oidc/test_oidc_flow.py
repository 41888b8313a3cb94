"""The code flow: what the browser is sent away with, what comes back, and the exchange."""

import dataclasses
from urllib.parse import parse_qs, urlsplit

import pytest

from central_server.infra.oidc import (
    CallbackError,
    ExchangeError,
    OidcError,
    UserinfoError,
    authorization_url,
    challenge_s256,
    exchange_code,
    fetch_userinfo,
    new_verifier,
    verify_callback_issuer,
)
from support.provider import Misbehaviour, Person, Provider, callback_parameters
from support.relying_party import REDIRECT_URI, RelyingParty


def asking(metadata, **changes):
    asked = {
        "client_id": "central-tests",
        "redirect_uri": REDIRECT_URI,
        "scopes": ["openid", "email"],
        "state": "the state",
        "nonce": "the nonce",
        "code_challenge": challenge_s256("v" * 43),
    }
    return authorization_url(metadata, **(asked | changes))


async def exchange(party, provider, code, **changes):
    metadata = await party.providers.metadata(provider.issuer)
    given = {
        "client_id": provider.client_id,
        "client_secret": provider.client_secret,
        "code": code,
        "redirect_uri": REDIRECT_URI,
        "verifier": "v" * 43,
    }
    return await exchange_code(party.outbound, metadata, **(given | changes))


async def code_of(party, provider) -> str:
    metadata = await party.providers.metadata(provider.issuer)
    return callback_parameters(await provider.authorize(asking(metadata)))["code"]


def test_the_challenge_is_that_of_the_standard():
    """The example of RFC 7636, appendix B."""
    assert (
        challenge_s256("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk") == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
    )


def test_verifiers_are_long_and_new():
    """43 characters of 256 bits, never twice."""
    made = {new_verifier() for _ in range(100)}
    assert {len(verifier) for verifier in made} == {43}
    assert len(made) == 100


async def test_the_browser_is_sent_away_with_everything(party, provider):
    """Every parameter of the request, encoded once; the endpoint's own query stays."""
    metadata = await party.providers.metadata(provider.issuer)
    tenant = metadata.model_copy(update={"authorization_endpoint": f"{provider.issuer}/authorize?tenant=a%26b"})
    url = asking(tenant, login_hint="ada+x@example.com", prompt="login", state="a&b=c#d")
    assert parse_qs(urlsplit(url).query) == {
        "tenant": ["a&b"],
        "response_type": ["code"],
        "client_id": ["central-tests"],
        "redirect_uri": [REDIRECT_URI],
        "scope": ["openid email"],
        "state": ["a&b=c#d"],
        "nonce": ["the nonce"],
        "code_challenge": [challenge_s256("v" * 43)],
        "code_challenge_method": ["S256"],
        "login_hint": ["ada+x@example.com"],
        "prompt": ["login"],
    }
    assert "login_hint" not in asking(metadata)


async def test_a_sign_in_asks_for_openid(party, provider):
    """Without that scope no ID token would come."""
    metadata = await party.providers.metadata(provider.issuer)
    with pytest.raises(ValueError, match="openid"):
        asking(metadata, scopes=["email"])


@pytest.mark.parametrize(
    ("promised", "iss", "reason"),
    [
        (True, "{issuer}", None),
        (False, "{issuer}", None),
        (False, None, None),
        (True, None, "callback_issuer_missing"),
        (True, "", "callback_issuer_mismatch"),
        (True, "{issuer}/", "callback_issuer_mismatch"),
        (True, "https://evil.example", "callback_issuer_mismatch"),
        (False, "https://evil.example", "callback_issuer_mismatch"),
    ],
)
async def test_a_mixed_up_callback_is_refused(promised, iss, reason):
    """`iss` is right wherever it is sent, and sent wherever it is promised (RFC 9207)."""
    async with Provider(iss_parameter=promised) as provider, RelyingParty(provider) as party:
        metadata = await party.providers.metadata(provider.issuer)
        given = None if iss is None else iss.format(issuer=provider.issuer)
        if reason is None:
            verify_callback_issuer(metadata, given)
            return
        with pytest.raises(CallbackError) as caught:
            verify_callback_issuer(metadata, given)
    assert caught.value.reason == reason


@pytest.mark.parametrize(
    ("authentication", "secret"),
    [("client_secret_basic", "s3cret:/+ %é"), ("client_secret_post", "s3cret:/+ %é"), ("none", None)],
)
async def test_the_client_shows_itself_as_the_provider_asks(authentication, secret):
    """By header, by form, or not at all; the provider takes one way only."""
    client = {"client_id": "id with:colon", "client_secret": secret, "authentication": authentication}
    async with Provider(**client) as provider, RelyingParty(provider) as party:
        assert (await party.sign_in()).claims.subject == "ada"
        assert ("authorization" in provider.seen["token"].headers) is (authentication == "client_secret_basic")


async def test_a_code_works_once(party, provider):
    """The provider's own rules hold, so that tests against it prove something."""
    code = await code_of(party, provider)
    assert (await exchange(party, provider, code)).id_token
    with pytest.raises(ExchangeError) as caught:
        await exchange(party, provider, code)
    assert caught.value.reason == "code_rejected"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"verifier": "w" * 43}, "code_rejected"),
        ({"redirect_uri": REDIRECT_URI + "/other"}, "code_rejected"),
        ({"client_secret": "wrong"}, "client_rejected"),
        ({"client_id": "other"}, "client_rejected"),
        ({"client_secret": None}, "client_rejected"),
    ],
)
async def test_an_exchange_with_wrong_parts_is_rejected(party, provider, changes, reason):
    """The verifier, the redirect URI, the id and the secret each count."""
    with pytest.raises(ExchangeError) as caught:
        await exchange(party, provider, await code_of(party, provider), **changes)
    assert caught.value.reason == reason
    assert "wrong" not in str(caught.value)


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        (Misbehaviour(token_error=(400, "invalid_grant")), "code_rejected"),
        (Misbehaviour(token_error=(400, "invalid_client")), "client_rejected"),
        (Misbehaviour(token_error=(401, "x")), "client_rejected"),
        (Misbehaviour(token_error=(400, "<script>")), "exchange_failed"),
        (Misbehaviour(token_error=(500, "server_error")), "exchange_failed"),
        (Misbehaviour(token_error=(201, "x")), "exchange_failed"),
        (Misbehaviour(drop_tokens=("id_token",)), "bad_token_response"),
        (Misbehaviour(tokens={"id_token": 1}), "bad_token_response"),
        (Misbehaviour(drop_tokens=("access_token",)), "bad_token_response"),
        (Misbehaviour(tokens={"access_token": "a\r\nx: y"}), "bad_token_response"),
        (Misbehaviour(tokens={"access_token": "é"}), "bad_token_response"),
        (Misbehaviour(tokens={"access_token": ""}), "bad_token_response"),
        (Misbehaviour(tokens={"token_type": "mac"}), "bad_token_response"),
        (Misbehaviour(drop_tokens=("token_type",)), "bad_token_response"),
    ],
)
async def test_bad_token_responses_are_refused(refused, wrong, reason):
    """What the token endpoint says is judged before it is used or shown."""
    assert await refused(wrong) == reason


async def test_what_a_provider_says_is_not_repeated(party, provider):
    """Only a well-formed error code reaches the message."""
    provider.misbehaviour = Misbehaviour(token_error=(400, "<script>alert(1)</script>"))
    with pytest.raises(OidcError) as caught:
        await party.sign_in()
    assert str(caught.value) == "The token endpoint answered with status 400."


async def test_an_id_token_is_no_access_token(party, provider):
    """A token response that repeats the ID token as access token leads to no profile."""
    code = await code_of(party, provider)
    tokens = await exchange(party, provider, code)
    metadata = await party.providers.metadata(provider.issuer)
    with pytest.raises(UserinfoError) as caught:
        await fetch_userinfo(party.outbound, metadata, access_token=tokens.id_token, subject="ada")
    assert caught.value.reason == "bad_status"


@pytest.mark.parametrize(
    "wrong",
    [{"sub": "ADA"}, {"sub": "ada "}, {"sub": None}, {"sub": ["ada"]}, {"sub": ""}, {"sub": "ad\ud800"}],
)
async def test_userinfo_is_about_the_same_person(refused, wrong):
    """`sub` is the same text, case and all (OpenID Connect Core 5.3.2)."""
    assert await refused(Misbehaviour(userinfo=wrong)) == "userinfo_subject_mismatch"


async def test_userinfo_without_sub_is_refused(refused):
    """An absent `sub` is no agreement."""
    assert await refused(Misbehaviour(drop_userinfo=("sub",))) == "userinfo_subject_mismatch"


async def test_a_provider_without_userinfo_is_told(party, provider):
    """There may be none; who asks anyway gets a reason."""
    metadata = await party.providers.metadata(provider.issuer)
    without = metadata.model_copy(update={"userinfo_endpoint": None})
    with pytest.raises(UserinfoError) as caught:
        await fetch_userinfo(party.outbound, without, access_token="x", subject="ada")
    assert caught.value.reason == "no_userinfo"


async def test_texts_of_a_profile_are_clean(party, provider):
    """Control characters, lone surrogates, numbers and floods never reach a profile."""
    provider.person = Person(name="A\0da", claims={"given_name": "\ud800", "family_name": 5, "locale": "x" * 3000})
    profile = (await party.sign_in()).profile
    assert (profile.name, profile.given_name, profile.family_name, profile.locale) == (None, None, None, None)
    assert profile.email == "ada@example.com"


async def test_a_person_who_declines_comes_back_without_a_code(party, provider):
    """The provider sends the browser back with an error; the tests' provider does so when nobody is configured."""
    provider.person = None
    metadata = await party.providers.metadata(provider.issuer)
    back = callback_parameters(await provider.authorize(asking(metadata)))
    assert back == {"error": "access_denied", "state": "the state", "iss": provider.issuer}


async def test_the_provider_keeps_to_its_redirect_uris(party, provider):
    """A registered list is exact, as a real provider's is."""
    provider.redirect_uris = {REDIRECT_URI + "/other"}
    metadata = await party.providers.metadata(provider.issuer)
    with pytest.raises(AssertionError, match="refused to authorize"):
        await provider.authorize(asking(metadata))


def test_results_print_no_tokens():
    """Tokens do not stand in reprs."""
    from central_server.infra.oidc import TokenResponse

    tokens = TokenResponse(id_token="eyJ.secret", access_token="secret")
    assert "secret" not in repr(tokens)
    assert dataclasses.is_dataclass(tokens)
