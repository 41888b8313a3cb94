"""ID tokens that a hostile or broken provider issues: each is refused, and for the right reason."""

import json
import time

import pytest

from central_server.infra.oidc import email_verified_is_true
from support.provider import ALL_ALGORITHMS, Misbehaviour, Person, Provider, _key
from support.relying_party import RelyingParty

NOW = int(time.time())
OTHER = "another-client"
SELF = "central-tests"

CLAIMS = {
    "iss as a list": ({"iss": ["https://evil.example"]}, "bad_claim"),
    "iss null": ({"iss": None}, "missing_claim"),
    "iss empty": ({"iss": ""}, "wrong_issuer"),
    "aud empty": ({"aud": []}, "wrong_audience"),
    "aud null": ({"aud": None}, "missing_claim"),
    "aud a prefix": ({"aud": SELF[:-1]}, "wrong_audience"),
    "aud in another case": ({"aud": SELF.upper()}, "wrong_audience"),
    "aud an object": ({"aud": {SELF: 1}}, "wrong_audience"),
    "aud with a number": ({"aud": [SELF, 1], "azp": SELF}, "wrong_audience"),
    "several aud, no azp": ({"aud": [SELF, OTHER]}, "wrong_authorized_party"),
    "several aud, azp another": ({"aud": [SELF, OTHER], "azp": OTHER}, "wrong_authorized_party"),
    "one aud, azp another": ({"azp": OTHER}, "wrong_authorized_party"),
    "azp null": ({"azp": None}, "wrong_authorized_party"),
    "expired": ({"exp": NOW - 61, "iat": NOW - 400}, "expired"),
    "exp text": ({"exp": str(NOW + 300)}, "bad_claim"),
    "exp true": ({"exp": True}, "bad_claim"),
    "exp null": ({"exp": None}, "missing_claim"),
    "exp negative": ({"exp": -1}, "bad_claim"),
    "exp endless": ({"exp": 10**400}, "bad_claim"),
    "iat of the future": ({"iat": NOW + 120}, "not_yet_valid"),
    "iat text": ({"iat": str(NOW)}, "bad_claim"),
    "iat a list": ({"iat": [NOW]}, "bad_claim"),
    "nbf of the future": ({"nbf": NOW + 120}, "not_yet_valid"),
    "iat of the future, nbf not": ({"iat": NOW + 120, "nbf": NOW}, "not_yet_valid"),
    "nbf null": ({"nbf": None}, "missing_claim"),
    "nonce null": ({"nonce": None}, "missing_claim"),
    "nonce empty": ({"nonce": ""}, "wrong_nonce"),
    "nonce a list": ({"nonce": ["x"]}, "bad_claim"),
    "nonce not encodable": ({"nonce": "\ud800"}, "bad_claim"),
    "nonce not ASCII": ({"nonce": "né"}, "wrong_nonce"),
    "sub empty": ({"sub": ""}, "bad_subject"),
    "sub null": ({"sub": None}, "bad_subject"),
    "sub a number": ({"sub": 42}, "bad_subject"),
    "sub of 256 characters": ({"sub": "a" * 256}, "bad_subject"),
    "sub not ASCII": ({"sub": "adä"}, "bad_subject"),
    "sub with NUL": ({"sub": "ada\0"}, "bad_subject"),
    "sub with a line end": ({"sub": "ada\n"}, "bad_subject"),
    "at_hash of another token": ({"at_hash": "A" * 22}, "wrong_at_hash"),
    "at_hash null": ({"at_hash": None}, "missing_claim"),
}
HEADERS = {
    "crit unknown": ({"crit": ["exp"], "exp": 1}, "crit_refused"),
    "crit empty": ({"crit": []}, "crit_refused"),
    "crit b64": ({"crit": ["b64"], "b64": False}, "crit_refused"),
    "b64 without crit": ({"b64": True}, "crit_refused"),
    "alg none": ({"alg": "none"}, "algorithm_refused"),
    "alg None": ({"alg": "None"}, "algorithm_refused"),
    "alg null": ({"alg": None}, "algorithm_refused"),
    "alg a list": ({"alg": ["RS256"]}, "algorithm_refused"),
    "alg HS256": ({"alg": "HS256"}, "algorithm_refused"),
    "alg HS512": ({"alg": "HS512"}, "algorithm_refused"),
    "alg ES256K": ({"alg": "ES256K"}, "algorithm_refused"),
    "alg not advertised": ({"alg": "PS256"}, "algorithm_refused"),
    "typ of an access token": ({"typ": "at+jwt"}, "token_type"),
    "typ of a logout token": ({"typ": "logout+jwt"}, "token_type"),
    "typ a number": ({"typ": 1}, "token_type"),
    "kid unknown": ({"kid": "../../dev/null"}, "unknown_key"),
    "kid in another case": ({"kid": "rs256-1"}, "unknown_key"),
    "kid empty": ({"kid": ""}, "unknown_key"),
    "kid a number": ({"kid": 1}, "token_malformed"),
}
TOKENS = {
    "empty parts": ("..", "token_malformed"),
    "one part": ("x", "token_malformed"),
    "two parts": ("e30.e30", "token_malformed"),
    "five parts of a JWE": ("e30.e30.e30.e30.e30", "token_malformed"),
    "header not base64": ("!!.e30.e30", "token_malformed"),
    "header not JSON": ("eHg.e30.e30", "token_malformed"),
    "header an array": ("W10.e30.e30", "token_malformed"),
    "header a text with alg": ("ImFsZyI.e30.e30", "token_malformed"),
    "header without alg": ("e30.e30.e30", "token_malformed"),
    "header as deep as the limit": ("W1tb" * 2700 + ".e30.e30", "token_malformed"),
    "not ASCII": ("é.e30.e30", "token_malformed"),
    "17 KiB": ("e30." + "A" * 17_000 + ".e30", "token_too_large"),
    "half a megabyte": ("A" * 500_000, "token_too_large"),
}


def as_of_now(claims: dict[str, object]) -> dict[str, object]:
    """Move the times around `NOW`, when this file was read, to the present: a long run gets here much later."""
    passed = int(time.time()) - NOW
    return {
        name: value + passed
        if name in {"exp", "iat", "nbf"} and type(value) in {int, float} and value > 1 << 30
        else value
        for name, value in claims.items()
    }


@pytest.mark.parametrize("case", CLAIMS)
async def test_wrong_claims_are_refused(refused, case):
    """Each claim is required, typed and compared exactly."""
    claims, reason = CLAIMS[case]
    assert await refused(Misbehaviour(claims=as_of_now(claims))) == reason


@pytest.mark.parametrize("claim", ["iss", "sub", "aud", "exp", "iat", "nonce"])
async def test_missing_claims_are_refused(refused, claim):
    """None of the six has a default."""
    assert await refused(Misbehaviour(drop_claims=(claim,))) == "missing_claim"


@pytest.mark.parametrize("case", HEADERS)
async def test_wrong_headers_are_refused(refused, case):
    """The header chooses neither the algorithm nor the key beyond what the provider publishes."""
    header, reason = HEADERS[case]
    assert await refused(Misbehaviour(header=header)) == reason


@pytest.mark.parametrize("case", TOKENS)
async def test_what_is_no_token_is_refused(refused, case):
    """Sizes are judged before anything is decoded."""
    token, reason = TOKENS[case]
    assert await refused(Misbehaviour(id_token=token)) == reason


@pytest.mark.parametrize(
    ("signature", "reason"),
    [("other_key", "bad_signature"), ("broken", "bad_signature"), ("missing", "bad_signature")],
)
async def test_wrong_signatures_are_refused(refused, signature, reason):
    """A key of the attacker's under the right `kid`, a wrong bit and no signature at all."""
    assert await refused(Misbehaviour(signature=signature)) == reason


@pytest.mark.parametrize("algorithm", ALL_ALGORITHMS)
async def test_a_signature_of_another_family_is_refused(algorithm):
    """A token by an algorithm whose key the provider does not publish is refused, whatever it advertises."""
    other = "ES256" if algorithm != "ES256" else "RS256"
    wrong = Misbehaviour(sign_as=other, discovery={"id_token_signing_alg_values_supported": [algorithm, other]})
    async with Provider(algorithm=algorithm) as provider, RelyingParty(provider) as party:
        provider.misbehaviour = wrong
        with pytest.raises(Exception, match="does not publish"):
            await party.sign_in()


async def test_a_key_in_the_header_is_not_looked_at(refused):
    """A token that brings its own key, or a URL of one, is not verified by it, and the URL is not called."""
    attacker = _key("RS256", 2001)
    header = {"jwk": attacker.as_dict(private=False), "jku": "https://evil.example/jwks"}
    assert await refused(Misbehaviour(signature="other_key", header=header)) == "bad_signature"
    assert await refused(Misbehaviour(signature="other_key", header={**header, "kid": attacker.kid})) == "unknown_key"


async def test_a_retired_key_is_refused(party, provider, clock, refused):
    """A key that the provider no longer publishes signs nobody in, once the ten minutes are over that keys are kept."""
    await party.sign_in()
    provider.rotate()
    clock.now += 600
    retired = Misbehaviour(header={"kid": _key("RS256", 1).kid}, signature="retired_key")
    assert await refused(retired) == "unknown_key"


@pytest.mark.parametrize("payload", [b"[]", b"null", b'"a"', b"{", b"\xff", b'{"sub":"a","sub":"b"}', b"[" * 9000])
async def test_a_signed_payload_that_is_no_object_is_refused(refused, payload):
    """Also what is validly signed is read with care; a claim given twice is no claim."""
    assert await refused(Misbehaviour(payload=payload)) == "token_malformed"


@pytest.mark.parametrize(("past", "accepted"), [(-1, True), (0, True), (59, True), (60, False), (61, False)])
async def test_the_leeway_is_sixty_seconds(party, refused, past, accepted):
    """An ID token is taken until a minute after `exp`, and no second longer."""
    wrong = Misbehaviour(claims={"iat": NOW, "exp": NOW + 300})
    if accepted:
        party.provider.misbehaviour = wrong
        assert (await party.sign_in(now=NOW + 300 + past)).claims.expires_at == NOW + 300
    else:
        assert await refused(wrong, now=NOW + 300 + past) == "expired"


@pytest.mark.parametrize(("ahead", "accepted"), [(60, True), (61, False)])
async def test_the_leeway_holds_for_iat_too(party, refused, ahead, accepted):
    """A provider's clock may be a minute ahead."""
    wrong = Misbehaviour(claims={"iat": NOW + ahead, "exp": NOW + 600})
    if accepted:
        party.provider.misbehaviour = wrong
        await party.sign_in(now=NOW)
    else:
        assert await refused(wrong, now=NOW) == "not_yet_valid"


async def test_good_variants_are_taken(party, provider):
    """Several audiences with `azp`, a list of one, a `sub` of 255 characters, odd types and fractional times."""
    variants = (
        {"aud": [SELF, OTHER], "azp": SELF},
        {"aud": [SELF]},
        {"azp": SELF},
        {"sub": "a" * 255},
        {"exp": NOW + 300.5, "iat": NOW - 0.5},
        {"nbf": NOW},
    )
    for claims in variants:
        userinfo = {"sub": claims.get("sub", "ada")}
        provider.misbehaviour = Misbehaviour(claims=as_of_now(claims), userinfo=userinfo)
        assert (await party.sign_in()).claims.subject == userinfo["sub"]
    for header in ({"typ": "jwt"}, {"typ": "JWT"}, {"x-vendor": "y"}, {"x5t": "AAAA"}):
        provider.misbehaviour = Misbehaviour(header=header)
        await party.sign_in()
    provider.misbehaviour = Misbehaviour(drop_header=("typ",), drop_claims=("at_hash",))
    await party.sign_in()


@pytest.mark.parametrize("value", [True, False, None, "true", "True", 1, 0, [True], {}])
async def test_email_verified_is_the_boolean_true_or_nothing(party, provider, value):
    """The raw value is kept; only `true` itself counts (CVE-2026-56666, CVE-2023-3128)."""
    provider.misbehaviour = Misbehaviour(claims={"email_verified": value}, userinfo={"email_verified": value})
    signed_in = await party.sign_in()
    assert signed_in.claims.claims["email_verified"] == value
    assert email_verified_is_true(signed_in.claims.claims) is signed_in.profile.email_verified is (value is True)


async def test_an_email_is_not_verified_by_another_source(party, provider):
    """The address of one source never gets the verification of the other."""
    provider.person = Person(email="ada@example.com", email_verified=False)
    provider.misbehaviour = Misbehaviour(userinfo={"email": "eve@example.com", "email_verified": True})
    profile = (await party.sign_in()).profile
    assert (profile.email, profile.email_verified) == ("ada@example.com", False)
    provider.misbehaviour = Misbehaviour(
        drop_claims=("email_verified",), userinfo={"email": "eve@example.com", "email_verified": True}
    )
    profile = (await party.sign_in()).profile
    assert (profile.email, profile.email_verified) == ("eve@example.com", True)


async def test_no_secret_stands_in_an_error(party, provider):
    """Errors and reprs hold neither tokens nor codes nor the client's secret."""
    provider.misbehaviour = Misbehaviour(claims={"iss": "https://evil.example"})
    with pytest.raises(Exception, match="another issuer") as caught:
        await party.sign_in()
    shown = f"{caught.value!r} {caught.value.__cause__!r} {caught.value.__context__!r}"
    assert "eyJ" not in shown
    assert json.dumps(provider.client_secret)[1:-1] not in shown
