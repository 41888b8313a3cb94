"""Discovery documents and keys of hostile, broken and slow providers."""

import asyncio
import time

import pytest
from joserfc.jwk import ECKey, OctKey, RSAKey

from central_server.infra.oidc import DiscoveryError, OidcError, Providers, SigningKeys, fetch_provider
from central_server.infra.outbound import OutboundClient
from support.http_server import HttpServer, Reply
from support.network import FakeResolver
from support.provider import Misbehaviour, Provider
from support.relying_party import RelyingParty

INTERNAL = (
    "https://169.254.169.254/latest",
    "https://10.0.0.1/token",
    "https://[fd00:ec2::254]/",
    "https://2130706433/",
    "http://10.0.0.1/token",
)
UNUSABLE = (
    "javascript:alert(1)",
    "file:///etc/passwd",
    "//idp.example/x",
    "https://user:pass@idp.example/x",
    "https://idp.example\\@evil.example/",
    "https://",
)
ENDPOINTS = (
    "authorization_endpoint",
    "token_endpoint",
    "jwks_uri",
    "userinfo_endpoint",
    "end_session_endpoint",
)


async def reason_of(call) -> str:
    with pytest.raises(OidcError) as caught:
        await call
    return caught.value.reason


@pytest.mark.parametrize("url", INTERNAL + UNUSABLE)
@pytest.mark.parametrize("endpoint", ENDPOINTS)
async def test_no_endpoint_points_inside(party, provider, refused, endpoint, url):
    """Second-order URLs are judged like first ones, before any of them is used (CVE-2024-49753)."""
    reason = await refused(Misbehaviour(discovery={endpoint: url}))
    assert reason in {"address_refused", "not_https", "invalid_url"}
    assert set(provider.hits) == {"discovery"}


@pytest.mark.parametrize("endpoint", ["token_endpoint", "jwks_uri", "userinfo_endpoint"])
async def test_no_endpoint_resolves_inside(provider, clock, endpoint):
    """A name that looks public and resolves inside is refused when it is called; nothing is dialled there."""
    resolver = FakeResolver(["10.1.2.3"])
    provider.misbehaviour = Misbehaviour(discovery={endpoint: "https://internal.example/x"})
    async with RelyingParty(provider, clock, resolver=resolver) as party:
        assert await reason_of(party.sign_in()) == "address_refused"
    assert resolver.asked == ["internal.example"]


@pytest.mark.parametrize("value", [None, 42, [], {}, ""])
@pytest.mark.parametrize("name", ["issuer", "authorization_endpoint", "token_endpoint", "jwks_uri"])
async def test_required_endpoints_are_text(refused, name, value):
    """What is no URL at all is bad metadata, not a crash."""
    assert await refused(Misbehaviour(discovery={name: value})) == "bad_metadata"


@pytest.mark.parametrize(
    "name", ["issuer", "authorization_endpoint", "token_endpoint", "jwks_uri", "response_types_supported"]
)
async def test_required_members_are_present(refused, name):
    """Nothing is guessed for a member that is missing; the message names it."""
    assert await refused(Misbehaviour(drop_discovery=(name,))) == "bad_metadata"


@pytest.mark.parametrize(
    ("discovery", "reason"),
    [
        ({"response_types_supported": ["id_token", "code id_token"]}, "code_unsupported"),
        ({"response_types_supported": "code"}, "bad_metadata"),
        ({"code_challenge_methods_supported": ["plain"]}, "pkce_unsupported"),
        ({"code_challenge_methods_supported": []}, "pkce_unsupported"),
        ({"id_token_signing_alg_values_supported": ["none", "HS256", "ES256K"]}, "algorithm_unsupported"),
        ({"id_token_signing_alg_values_supported": []}, "algorithm_unsupported"),
        ({"authorization_response_iss_parameter_supported": "true"}, "bad_metadata"),
        ({"token_endpoint_auth_methods_supported": ["private_key_jwt"]}, "client_auth_unsupported"),
    ],
)
async def test_providers_that_cannot_serve_are_told_apart(refused, discovery, reason):
    """Each lack has its own reason, for the admin who sets the connector up."""
    assert await refused(Misbehaviour(discovery=discovery)) == reason


async def test_members_that_may_be_absent_have_the_defaults_of_the_standard(party, provider):
    """Without the optional lists a provider signs by RS256, takes Basic and is asked for S256 all the same."""
    optional = (
        "code_challenge_methods_supported",
        "id_token_signing_alg_values_supported",
        "token_endpoint_auth_methods_supported",
        "authorization_response_iss_parameter_supported",
    )
    provider.misbehaviour = Misbehaviour(drop_discovery=optional)
    assert (await party.sign_in()).claims.subject == "ada"


@pytest.mark.parametrize("suffix", ["?x=1", "#x"])
async def test_an_issuer_is_a_plain_url(provider, party, suffix):
    """An issuer with a query or a fragment would move the well-known path into it."""
    assert await reason_of(fetch_provider(party.outbound, provider.issuer + suffix)) == "invalid_url"
    assert not provider.hits


async def test_an_issuer_with_a_trailing_slash_is_asked_once():
    """The slash is left out of the document's URL and kept in the comparison."""
    seen = []

    async def serve(request):
        seen.append(request.target)
        base = f"http://127.0.0.1:{server.port}"
        endpoints = dict.fromkeys(("authorization_endpoint", "token_endpoint", "jwks_uri"), f"{base}/x")
        return Reply.json({"issuer": f"{base}/realm/", "response_types_supported": ["code"], **endpoints})

    async with HttpServer(serve) as server, OutboundClient(allow_loopback=True) as outbound:
        assert (await fetch_provider(outbound, f"{server.url}/realm/")).issuer.endswith("/realm/")
        assert await reason_of(fetch_provider(outbound, f"{server.url}/realm")) == "issuer_mismatch"
    assert seen == ["/realm/.well-known/openid-configuration"] * 2


@pytest.mark.parametrize("endpoint", ["discovery", "jwks", "token", "userinfo"])
@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        (lambda e: Misbehaviour(redirecting={e: "http://127.0.0.1:9/"}), "redirect_refused"),
        (lambda e: Misbehaviour(huge=(e,)), "too_large"),
        (lambda e: Misbehaviour(gzipped=(e,)), "encoding_refused"),
        (lambda e: Misbehaviour(not_json=(e,)), "not_json"),
        (lambda e: Misbehaviour(slow={e: 9}), "timeout"),
        (lambda e: Misbehaviour(status={e: 503}), "bad_status"),
    ],
)
async def test_broken_answers_are_refused_everywhere(provider, clock, endpoint, wrong, reason):
    """Redirects, floods, compression, pages and silence: the same answer at each of the four endpoints."""
    provider.misbehaviour = wrong(endpoint)
    async with RelyingParty(provider, clock, total_timeout=0.3, max_bytes=100_000) as party:
        with pytest.raises(OidcError) as caught:
            await party.sign_in()
    expected = "exchange_failed" if (endpoint, reason) == ("token", "bad_status") else reason
    assert caught.value.reason == expected
    assert caught.value.transient is (reason in {"timeout", "bad_status"})


async def test_metadata_and_keys_are_kept_ten_minutes(party, provider, clock):
    """Ten sign-ins within ten minutes read the document and the keys once, and once more after."""
    for _ in range(10):
        await party.sign_in()
        clock.now += 59
    assert (provider.hits["discovery"], provider.hits["jwks"]) == (1, 1)
    clock.now += 11
    await party.sign_in()
    assert (provider.hits["discovery"], provider.hits["jwks"]) == (2, 2)


async def test_many_who_wait_cause_one_fetch(party, provider):
    """200 sign-ins that start at once fetch the document once, also when some of them give up."""
    provider.misbehaviour = Misbehaviour(slow={"discovery": 0.1})
    tasks = [asyncio.create_task(party.providers.metadata(provider.issuer)) for _ in range(200)]
    await asyncio.sleep(0.02)
    for task in tasks[:100]:
        task.cancel()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert provider.hits["discovery"] == 1
    assert len({id(result) for result in results[100:]}) == 1
    assert all(isinstance(result, asyncio.CancelledError) for result in results[:100])


async def test_a_failure_is_shared_briefly_and_raised_anew(party, provider, clock):
    """A dead provider is asked once in five seconds; each caller gets an error of its own."""
    provider.misbehaviour = Misbehaviour(status={"discovery": 500})
    calls = (party.providers.metadata(provider.issuer) for _ in range(20))
    errors = await asyncio.gather(*calls, return_exceptions=True)
    assert provider.hits["discovery"] == 1
    assert len({id(error) for error in errors}) == 20
    assert {(error.reason, error.transient) for error in errors} == {("bad_status", True)}
    provider.misbehaviour = Misbehaviour()
    assert await reason_of(party.providers.metadata(provider.issuer)) == "bad_status"
    clock.now += 5
    assert (await party.providers.metadata(provider.issuer)).issuer == provider.issuer


async def test_forgetting_reads_the_document_again(party, provider):
    """An admin who tests a connector sees the provider as it is now."""
    provider.misbehaviour = Misbehaviour(status={"discovery": 500})
    assert await reason_of(party.providers.metadata(provider.issuer)) == "bad_status"
    provider.misbehaviour = Misbehaviour()
    party.providers.forget(provider.issuer)
    assert (await party.providers.metadata(provider.issuer)).issuer == provider.issuer


async def test_unknown_keys_cause_one_fetch_a_minute(party, provider, clock, refused):
    """60 tokens by unknown keys cause one extra fetch in the first minute and one in the next."""
    await party.sign_in()
    for _ in range(60):
        assert await refused(Misbehaviour(header={"kid": "unknown"})) == "unknown_key"
    assert provider.hits["jwks"] == 2
    clock.now += 59
    await refused(Misbehaviour(header={"kid": "unknown"}))
    assert provider.hits["jwks"] == 2
    clock.now += 1
    await refused(Misbehaviour(header={"kid": "unknown"}))
    assert provider.hits["jwks"] == 3


async def test_everyone_signs_in_when_keys_rotate(party, provider):
    """30 sign-ins at once after a rotation all succeed on one fetch, though the limit allows no second."""
    await party.sign_in()
    provider.rotate()
    provider.misbehaviour = Misbehaviour(slow={"jwks": 0.05})
    signed_in = await asyncio.gather(*(party.sign_in() for _ in range(30)))
    assert {result.claims.subject for result in signed_in} == {"ada"}
    assert provider.hits["jwks"] == 2


async def test_keys_without_names_rotate_too(party, provider):
    """A provider that names no keys shows a rotation by a signature that fails."""
    provider.misbehaviour = Misbehaviour(drop_header=("kid",), keys_without_kid=True)
    await party.sign_in()
    provider.rotate()
    assert (await party.sign_in()).claims.subject == "ada"


async def test_a_failed_refetch_keeps_the_good_keys(party, provider, refused):
    """While the keys' URL is down, tokens by known keys are still verified."""
    await party.sign_in()
    wrong = Misbehaviour(header={"kid": "unknown"}, status={"jwks": 500})
    assert await refused(wrong) == "bad_status"
    provider.misbehaviour = Misbehaviour(status={"jwks": 500})
    assert (await party.sign_in()).claims.subject == "ada"


async def test_a_slow_provider_delays_no_other(clock):
    """While one provider is silent, sign-ins at another take no longer: 50 waiting, none in the way."""
    async with Provider() as slow, Provider() as good, OutboundClient(allow_loopback=True) as outbound:
        slow.misbehaviour = Misbehaviour(slow={"discovery": 30})
        providers = Providers(outbound, clock)
        waiting = [asyncio.create_task(providers.metadata(slow.issuer)) for _ in range(50)]
        await asyncio.sleep(0.05)
        started = time.monotonic()
        assert (await providers.metadata(good.issuer)).issuer == good.issuer
        assert time.monotonic() - started < 1
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)


def test_only_strong_public_signing_keys_are_taken():
    """Secrets, private keys, encryption keys, short and huge RSA keys and nonsense are left out of the set."""
    good = RSAKey.generate_key(2048).as_dict(private=False)
    short = {**good, "n": good["n"][:172]}
    entries = [
        good,
        short,
        {**good, "n": "A" + "_" * 5000},
        {**good, "use": "enc"},
        {**good, "use": ["sig"]},
        {**good, "key_ops": ["encrypt"]},
        {**good, "key_ops": "verify"},
        {**good, "kid": 1},
        {**good, "n": "!"},
        {**good, "e": ""},
        {"kty": "RSA"},
        {"kty": ["RSA"]},
        {"kty": "AKP", "alg": "ML-DSA-44", "pub": "AAAA"},
        {"kty": "EC", "crv": "P-256", "x": "AAAA", "y": "AAAA"},
        {"kty": "OKP", "crv": "Ed25519", "x": "AAAA"},
        OctKey.generate_key(256).as_dict(private=True),
        ECKey.generate_key("P-256").as_dict(private=True),
        None,
        42,
        [],
    ]
    keys = SigningKeys.parse({"keys": entries})
    assert [key.key.as_dict(private=False)["n"] for key in keys.keys] == [good["n"]]


@pytest.mark.parametrize(
    "document", [{}, {"keys": None}, {"keys": {}}, {"keys": []}, {"keys": [{"kty": "oct", "k": "AAAA"}]}]
)
def test_a_set_without_usable_keys_is_refused(document):
    """No key is `no_keys`, not an empty set that verifies nothing later."""
    with pytest.raises(DiscoveryError) as caught:
        SigningKeys.parse(document)
    assert caught.value.reason == "no_keys"


def test_a_key_serves_its_own_algorithm_alone():
    """`alg` binds a key; without it the type and the curve do."""
    bound = RSAKey.generate_key(2048, parameters={"alg": "RS256", "kid": "a"}).as_dict(private=False)
    curve = ECKey.generate_key("P-384", parameters={"kid": "b"}).as_dict(private=False)
    found = {
        algorithm: [key.kid for key in SigningKeys.parse({"keys": [bound, curve]}).keys if key.fits(algorithm)]
        for algorithm in ("RS256", "PS256", "RS512", "ES256", "ES384", "EdDSA")
    }
    assert found == {"RS256": ["a"], "PS256": [], "RS512": [], "ES256": [], "ES384": ["b"], "EdDSA": []}
