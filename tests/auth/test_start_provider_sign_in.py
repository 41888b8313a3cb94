import pytest

from central.errors import ForbiddenError, NotFoundError, UnavailableError, ValidationFailedError
from central.kernel.ids import AuthConnectorId
from central_client import AsyncCentral
from central_server.infra.oidc import Providers
from support.asgi import ask
from support.database import superuser
from support.place import Place
from support.provider import Misbehaviour, Provider
from support.signing_in import Browser, connect_provider, query_of


async def test_start_says_where_to_send_the_browser(place: Place, provider: Provider) -> None:
    """The address asks the provider for a code, with PKCE S256, state, nonce and the connector's own callback."""
    connector = await connect_provider(place, provider)
    started = await place.anonymous().auth.start_provider(connector=connector.id, login_hint="ada@example.com")
    asked = query_of(started.authorization_url)
    assert started.authorization_url.startswith(f"{provider.issuer}/authorize?")
    assert asked["redirect_uri"] == connector.settings.redirect_uri
    assert asked["redirect_uri"] == (
        f"http://central.test/v1/tenants/{place.tenant.id}/auth-connectors/{connector.id}/callback"
    )
    assert (asked["response_type"], asked["code_challenge_method"]) == ("code", "S256")
    assert (asked["client_id"], asked["scope"]) == (provider.client_id, "openid email profile")
    assert asked["login_hint"] == "ada@example.com"
    assert len(asked["nonce"]) == len(asked["code_challenge"]) == 43
    assert asked["state"].startswith(f"{started.sign_in}.")
    assert len(asked["state"]) == len(started.sign_in) + 44


async def test_every_start_has_secrets_of_its_own(place: Place, provider: Provider) -> None:
    """State, nonce and challenge never repeat, also not in one browser."""
    connector = await connect_provider(place, provider)
    client = place.anonymous()
    asked = [query_of((await client.auth.start_provider(connector=connector.id)).authorization_url) for _ in range(5)]
    for name in ("state", "nonce", "code_challenge"):
        assert len({query[name] for query in asked}) == 5


async def test_browser_route_redirects(place: Place, provider: Provider) -> None:
    """A browser that opens the start address is redirected by GET, with the binding cookie and nothing cached."""
    connector = await connect_provider(place, provider)
    async with Browser(place) as browser:
        answer = await browser.http.get(f"/v1/tenants/{place.tenant.slug}/auth-connectors/{connector.id}/start")
    cookie = answer.headers["set-cookie"]
    assert answer.status_code == 303
    assert answer.headers["location"].startswith(f"{provider.issuer}/authorize?")
    assert answer.headers["cache-control"] == "no-store"
    assert cookie.startswith("central_signin=")
    assert cookie.endswith("; Max-Age=600; Path=/; HttpOnly; SameSite=Lax")


async def test_nothing_secret_is_kept_in_plain_text(place: Place, provider: Provider) -> None:
    """The row holds hashes of state and binding, and the PKCE verifier sealed."""
    connector = await connect_provider(place, provider)
    async with Browser(place) as browser:
        asked = query_of(await browser.start(connector.id))
        binding = browser.binding
    async with superuser(place.stack) as connection:
        row = await connection.fetchrow("SELECT * FROM login_transactions WHERE connector_id = $1", connector.id.uuid)
    kept = b"|".join(value if isinstance(value, bytes) else str(value).encode() for value in row.values())
    assert binding is not None
    for secret in (binding, asked["state"], asked["state"].partition(".")[2]):
        assert secret.encode() not in kept
    assert len(row["verifier"]) > 60


@pytest.mark.parametrize(
    "headers",
    [
        [("host", "evil.example")],
        [("host", "central.test"), ("x-forwarded-host", "evil.example"), ("x-forwarded-proto", "https")],
        [("host", "central.test"), ("forwarded", "host=evil.example;proto=https"), ("x-original-host", "evil.example")],
    ],
)
async def test_host_headers_change_no_address(place: Place, provider: Provider, headers: list[tuple[str, str]]) -> None:
    """The callback address comes from the settings, whatever a request says of its host (GHSA-3529-5m8x-rpv3)."""
    connector = await connect_provider(place, provider)
    path = f"/v1/tenants/{place.tenant.slug}/auth-connectors/{connector.id}/start"
    reply = await ask(place.stack.central, "GET", path, headers)
    location = reply.header("location") or ""
    assert reply.status == 303
    assert query_of(location)["redirect_uri"].startswith("http://central.test/v1/")
    assert "evil" not in location


async def test_what_cannot_be_started(place: Place, other_place: Place, provider: Provider) -> None:
    """An absent connector, another tenant's and the one for mailed codes are all not found."""
    foreign = await connect_provider(other_place, provider)
    (email_code,) = [c async for c in place.owner.auth_connectors.list()]
    client = place.anonymous()
    for connector in (AuthConnectorId.new(), foreign.id, email_code.id):
        with pytest.raises(NotFoundError) as refusal:
            await client.auth.start_provider(connector=connector)
        assert refusal.value.code == "auth_connector_not_found"


async def test_disabled_connector_and_suspended_tenant(
    place: Place, provider: Provider, operator: AsyncCentral
) -> None:
    """What is switched off starts nothing."""
    connector = await connect_provider(place, provider)
    await place.owner.auth_connectors.disable(connector=connector.id)
    with pytest.raises(ForbiddenError) as refusal:
        await place.anonymous().auth.start_provider(connector=connector.id)
    assert refusal.value.code == "connector_disabled"
    await place.owner.auth_connectors.enable(connector=connector.id, force=True)
    await operator.tenants.suspend(tenant=place.tenant.slug)
    with pytest.raises(ForbiddenError) as refusal:
        await place.anonymous().auth.start_provider(connector=connector.id)
    assert refusal.value.code == "tenant_suspended"


async def test_provider_that_is_away(place: Place, provider: Provider) -> None:
    """A provider that does not answer is a 503 that says so and when to try again."""
    connector = await connect_provider(place, provider)
    providers = await place.stack.central.container.get(Providers)
    providers.forget(provider.issuer)
    provider.misbehaviour = Misbehaviour(status={"discovery": 502})
    with pytest.raises(UnavailableError) as refusal:
        await place.anonymous().auth.start_provider(connector=connector.id)
    assert (refusal.value.code, refusal.value.retry_after) == ("bad_status", 30.0)


@pytest.mark.parametrize(
    "return_to", ["//evil.example", "https://evil.example/", "javascript:alert(1)", "\\\\evil", ""]
)
async def test_return_address_elsewhere_is_refused(place: Place, provider: Provider, return_to: str) -> None:
    """Where to return to is refused at the start, in JSON and by the browser route, before anything is stored."""
    connector = await connect_provider(place, provider)
    with pytest.raises(ValidationFailedError) as refusal:
        await place.anonymous().auth.start_provider(connector=connector.id, return_to=return_to)
    assert {error.field for error in refusal.value.field_errors} <= {"returnTo", "return_to"}
    async with Browser(place) as browser:
        path = f"/v1/tenants/{place.tenant.slug}/auth-connectors/{connector.id}/start"
        answer = await browser.http.get(path, params={"returnTo": return_to})
    assert (answer.status_code, answer.json()["fieldErrors"][0]["field"]) == (422, "returnTo")
    async with superuser(place.stack) as connection:
        assert not await connection.fetchval(
            "SELECT count(*) FROM login_transactions WHERE tenant_id = $1", place.tenant.id.uuid
        )
