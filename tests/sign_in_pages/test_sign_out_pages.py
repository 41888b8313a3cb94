import pytest

from central.auth_connectors.models import AuthConnector, OidcSettings
from central.errors import UnauthenticatedError
from central_server.auth.provider_sessions import ProviderSessions
from central_server.infra.oidc import Providers
from central_server.infra.vault import Vault
from central_server.infra.vault.keyring import KeyRing, generate_key
from support.database import fingerprint, superuser
from support.pages import PageBrowser
from support.place import BASE_URL, Place
from support.provider import Misbehaviour, Provider
from support.signing_in import connect_provider, person, query_of, run_sql

_BACK = f"{BASE_URL}/signout/done"


async def _signed_in(place: Place) -> PageBrowser:
    return PageBrowser(place.stack, await place.stack.session_of(place.tenant.id, place.owner_user.id))


@pytest.fixture
async def connector(place: Place, provider: Provider) -> AuthConnector:
    """A connector of a provider that ends sessions."""
    provider.person, provider.ends_sessions = person(place.address()), True
    return await connect_provider(place, provider, name="Okta", allowed=[place.domain])


async def _through(place: Place, provider: Provider, connector: AuthConnector, browser: PageBrowser) -> None:
    """Sign in at the provider."""
    start = f"/v1/tenants/{place.tenant.slug}/auth-connectors/{connector.id}/start"
    await browser.open(await provider.authorize((await browser.open(start)).location or ""))
    assert browser.session is not None


async def _id_tokens(place: Place) -> list[bytes]:
    async with superuser(place.stack) as connection:
        rows = await connection.fetch(
            "SELECT id_token FROM sessions WHERE tenant_id = $1 AND id_token IS NOT NULL", place.tenant.id.uuid
        )
    return [row["id_token"] for row in rows]


async def test_page_alone_signs_nobody_out(place: Place) -> None:
    """Opening the page, however often, changes nothing; it offers to sign out here and everywhere."""
    async with await _signed_in(place) as browser:
        before = await fingerprint(place.stack, place.tenant.id)
        for _ in range(3):
            page = await browser.open("/signout", where="here", return_to="/app")
        assert (page.status, page.heading) == (200, "Sign out")
        assert page.form.buttons == [("where", "here"), ("where", "everywhere")]
        assert page.links == {"Stay signed in": "/app"}
        assert await fingerprint(place.stack, place.tenant.id) == before


async def test_here(place: Place) -> None:
    """Signing out here ends this session and no other, and the cookie goes."""
    other = place.stack.client(place.tenant.slug, await place.stack.session_of(place.tenant.id, place.owner_user.id))
    async with await _signed_in(place) as browser:
        client = place.stack.client(place.tenant.slug, browser.session)
        answer = await browser.send(await browser.open("/signout"))
        assert (answer.status, answer.location) == (303, f"/signout/done?to={place.tenant.slug}")
        assert browser.session is None
        done = await browser.follow(answer)
        assert (done.heading, done.links) == ("You are signed out", {"Sign in again": f"/t/{place.tenant.slug}"})
    with pytest.raises(UnauthenticatedError):
        await client.users.me()
    assert (await other.users.me()).id == place.owner_user.id


async def test_everywhere(place: Place) -> None:
    """Signing out everywhere ends all of one's sessions, and nobody else's."""
    other = place.stack.client(place.tenant.slug, await place.stack.session_of(place.tenant.id, place.owner_user.id))
    member = await place.signed_in("member")
    async with await _signed_in(place) as browser:
        answer = await browser.send(await browser.open("/signout", return_to="/app"), button=1)
        assert (answer.status, answer.location, browser.session) == (303, "/app", None)
    with pytest.raises(UnauthenticatedError):
        await other.users.me()
    assert (await member.users.me()).id


async def test_nobody_is_signed_in(browser: PageBrowser, place: Place) -> None:
    """Who is not signed in is signed out, by the page and by a form that was open."""
    assert (await browser.open("/signout", return_to="/app")).location == "/signout/done?return_to=%2Fapp"
    async with await _signed_in(place) as other:
        page = await other.open("/signout")
        await other.send(page)
        assert (await other.send(page)).location == "/signout/done"


async def test_at_the_provider_too(
    place: Place, provider: Provider, connector: AuthConnector, browser: PageBrowser
) -> None:
    """Where the provider offers it, its session is ended too: by the ID token, with the way back."""
    await _through(place, provider, connector, browser)
    client = place.stack.client(place.tenant.slug, browser.session)
    page = await browser.open("/signout", return_to="/app")
    assert page.form.buttons == [("where", "here"), ("where", "provider"), ("where", "everywhere")]
    assert "Okta" in page.words
    away = await browser.send(page, button=1)
    assert (away.status, away.heading, browser.session) == (200, "One moment", None)
    assert away.refresh is not None
    asked = query_of(away.refresh)
    assert away.refresh.startswith(f"{provider.issuer}/end-session?")
    assert asked.keys() == {"id_token_hint", "client_id", "post_logout_redirect_uri", "state"}
    assert asked["id_token_hint"].count(".") == 2
    assert (asked["client_id"], asked["post_logout_redirect_uri"]) == (provider.client_id, _BACK)
    with pytest.raises(UnauthenticatedError):
        await client.users.me()
    back = await browser.open(f"{_BACK}?state={asked['state']}")
    assert (back.status, back.location) == (303, "/app")


async def test_without_a_place_to_return_to(
    place: Place, provider: Provider, connector: AuthConnector, browser: PageBrowser
) -> None:
    """Without one there is no state, and one ends on the last page."""
    await _through(place, provider, connector, browser)
    away = await browser.send(await browser.open("/signout"), button=1)
    assert "state" not in query_of(away.refresh or "")
    assert (await browser.open(_BACK)).heading == "You are signed out"


async def test_connector_shows_the_address_to_register(connector: AuthConnector) -> None:
    """The address to register with the provider is shown beside the callback's."""
    assert isinstance(connector.settings, OidcSettings)
    assert connector.settings.post_logout_redirect_uri == _BACK


async def test_where_the_provider_does_not_offer_it(place: Place, provider: Provider, browser: PageBrowser) -> None:
    """A provider without such an address is not mentioned, and no ID token is kept."""
    provider.person = person(place.address())
    connector = await connect_provider(place, provider, name="Okta", allowed=[place.domain])
    await _through(place, provider, connector, browser)
    page = await browser.open("/signout")
    assert page.form.buttons == [("where", "here"), ("where", "everywhere")]
    assert await _id_tokens(place) == []
    answer = await browser.send(page, {"where": "provider"}, button=0)
    assert answer.location == f"/signout/done?to={place.tenant.slug}"


async def test_id_token_is_sealed_and_goes_with_the_session(
    place: Place, provider: Provider, connector: AuthConnector, browser: PageBrowser
) -> None:
    """The ID token is sealed in its own row, and deleted as the session ends, however it does."""
    for end in ("here", "revoked", "signed in anew"):
        await _through(place, provider, connector, browser)
        (sealed,) = await _id_tokens(place)
        assert b"eyJ" not in sealed
        client = place.stack.client(place.tenant.slug, browser.session)
        if end == "here":
            await browser.send(await browser.open("/signout"))
        elif end == "revoked":
            await place.owner.sessions.revoke_all(user=(await client.users.me()).id)
        else:
            await _through(place, provider, connector, browser)
            (newer,) = await _id_tokens(place)
            assert newer != sealed
            continue
        assert await _id_tokens(place) == []


async def test_id_token_of_another_session_is_not_opened(
    place: Place, provider: Provider, connector: AuthConnector, browser: PageBrowser
) -> None:
    """A token that was moved to another session's row is not sent: the provider is asked without one."""
    await _through(place, provider, connector, browser)
    async with PageBrowser(place.stack) as other:
        provider.person = person(place.address())
        await _through(place, provider, connector, other)
        await run_sql(
            place,
            "UPDATE sessions SET id_token = (SELECT max(id_token) FROM sessions WHERE tenant_id = $1)"
            " WHERE tenant_id = $1 AND id_token IS NOT NULL",
            place.tenant.id.uuid,
        )
        hints = []
        for visitor in (browser, other):
            away = await visitor.send(await visitor.open("/signout"), button=1)
            hints.append("id_token_hint" in query_of(away.refresh or ""))
    assert sorted(hints) == [False, True]


async def test_id_token_that_is_too_long_for_an_address(
    place: Place, provider: Provider, connector: AuthConnector, browser: PageBrowser
) -> None:
    """A token that an address might not hold is left out: the provider knows the client by its id."""
    provider.misbehaviour = Misbehaviour(claims={"groups": ["group"] * 900})
    await _through(place, provider, connector, browser)
    away = await browser.send(await browser.open("/signout"), button=1)
    assert query_of(away.refresh or "").keys() == {"client_id", "post_logout_redirect_uri"}


async def test_provider_that_is_away_is_not_offered(
    place: Place, provider: Provider, connector: AuthConnector, browser: PageBrowser
) -> None:
    """Signing out here does not depend on the provider, which may be gone."""
    await _through(place, provider, connector, browser)
    (await place.stack.central.container.get(Providers)).forget(provider.issuer)
    provider.misbehaviour = Misbehaviour(status={"discovery": 500})
    page = await browser.open("/signout")
    assert page.form.buttons == [("where", "here"), ("where", "everywhere")]
    assert (await browser.send(page)).status == 303


async def test_rotating_the_vault(
    place: Place, provider: Provider, connector: AuthConnector, browser: PageBrowser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Kept ID tokens are wrapped anew with the other secrets, once each, and still sign out."""
    await _through(place, provider, connector, browser)
    sessions = await place.stack.central.container.get(ProviderSessions)
    old = place.stack.settings.vault_keys.get_secret_value()
    new = f"new:{generate_key()}"
    monkeypatch.setattr(sessions, "vault", Vault(KeyRing.parse(f"{new},{old}", "X")))
    while await sessions.TX_rewrap_id_tokens(100):
        pass
    monkeypatch.setattr(sessions, "vault", Vault(KeyRing.parse(new, "X")))
    away = await browser.send(await browser.open("/signout"), button=1)
    assert "id_token_hint" in query_of(away.refresh or "")
