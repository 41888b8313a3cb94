"""Trying a connector: from the link, by the page, to the provider and back."""

from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import pytest

from central.auth_connectors.models import AuthConnector
from central.auth_connectors.trials import ConnectorTest
from central.errors import ConflictError, NotFoundError
from central_client import AsyncCentral
from support.database import superuser
from support.domains import verify_domain
from support.pages import Page, PageBrowser
from support.place import Place
from support.provider import Misbehaviour, Person, Provider
from support.signing_in import connect_provider, count_sessions, failures, run_sql


@pytest.fixture
async def browser(place: Place) -> AsyncIterator[PageBrowser]:
    """A browser."""
    async with PageBrowser(place.stack) as opened:
        yield opened


@pytest.fixture
async def untested(place: Place, provider: Provider) -> AuthConnector:
    """A connector as it is created: disabled."""
    settings = {
        "kind": "oidc",
        "issuer": provider.issuer,
        "client_id": provider.client_id,
        "client_secret": provider.client_secret,
    }
    return await place.owner.auth_connectors.create(name="Okta", settings=settings)


async def _go(browser: PageBrowser, provider: Provider, link: str) -> Page:
    """Go all the way, and give the page with the result."""
    page = await browser.open(link)
    assert page.heading == "Try signing in"
    away = await browser.send(page)
    assert away.refresh is not None
    assert away.refresh.startswith(provider.issuer)
    answer = await browser.http.get(await provider.authorize(away.refresh))
    assert answer.status_code == 303, answer.text
    return await browser.open(answer.headers["location"])


async def _test(place: Place, browser: PageBrowser, provider: Provider, connector: AuthConnector) -> ConnectorTest:
    started = await place.owner.auth_connectors.start_test(connector=connector.id)
    assert (started.test.state, started.test.ended_at) == ("pending", None)
    await _go(browser, provider, started.link)
    return await place.owner.auth_connectors.get_test(connector=connector.id, test=started.test.id)


async def test_tested_connector_is_enabled(
    place: Place, provider: Provider, untested: AuthConnector, browser: PageBrowser
) -> None:
    """A test that succeeds says what was told and would have happened, signs nobody in, and lets it be enabled."""
    assert (untested.enabled, untested.tested) == (False, False)
    with pytest.raises(ConflictError) as refusal:
        await place.owner.auth_connectors.enable(connector=untested.id)
    assert refusal.value.code == "connector_untested"
    provider.person = Person(sub="ada", email=place.address("ada"), claims={"groups": ["a"]})
    test = await _test(place, browser, provider, untested)
    assert (test.state, test.subject, test.email, test.email_verified) == (
        "succeeded",
        "ada",
        place.address("ada"),
        True,
    )
    assert (test.display_name, test.outcome, test.outcome_reason) == ("Ada Lovelace", "refuse", "user_unknown")
    assert {"email", "groups", "name", "sub"} <= set(test.claims)
    assert "nonce" not in test.claims
    assert browser.session is None
    assert await count_sessions(place) == 0
    assert [user async for user in place.owner.users.list(email=place.address("ada"))] == []
    assert await failures(place) == []
    enabled = await place.owner.auth_connectors.enable(connector=untested.id)
    assert (enabled.enabled, enabled.tested, enabled.tested_at) == (True, True, test.ended_at)
    assert await _forced(place) == [False]


async def _forced(place: Place) -> list[bool]:
    async with superuser(place.stack) as connection:
        rows = await connection.fetch(
            "SELECT (payload ->> 'forced')::boolean AS forced FROM outbox"
            " WHERE tenant_id = $1 AND kind = 'auth_connector.enabled' ORDER BY created_at, id",
            place.tenant.id.uuid,
        )
    return [row["forced"] for row in rows]


async def test_forcing_is_recorded(place: Place, provider: Provider, untested: AuthConnector) -> None:
    """Whoever enables an untested connector by force is in the event, and so is that they did."""
    assert (await place.owner.auth_connectors.enable(connector=untested.id, force=True)).enabled
    assert await _forced(place) == [True]
    settings = {"kind": "oidc", "issuer": provider.issuer, "client_id": "x"}
    with pytest.raises(ConflictError) as refusal:
        await place.owner.auth_connectors.create(name="Two", settings=settings, enabled=True)
    assert refusal.value.code == "connector_untested"


async def test_other_settings_take_another_test(
    place: Place, provider: Provider, untested: AuthConnector, browser: PageBrowser
) -> None:
    """A test says nothing of settings that came after it began; the domains that it trusts are none of its matter."""
    settings = {
        "kind": "oidc",
        "issuer": provider.issuer,
        "client_id": provider.client_id,
        "client_secret": provider.client_secret,
    }
    provider.person = Person(sub="ada")
    await _test(place, browser, provider, untested)
    update = place.owner.auth_connectors.update
    plain = {name: value for name, value in settings.items() if name != "client_secret"}
    assert (await update(connector=untested.id, settings={**plain, "trusted_domains": [place.domain]})).tested
    assert not (await update(connector=untested.id, settings={**plain, "scopes": ["openid"]})).tested
    started = await place.owner.auth_connectors.start_test(connector=untested.id)
    assert not (await update(connector=untested.id, settings=settings)).tested
    await _go(browser, provider, started.link)
    test = await place.owner.auth_connectors.get_test(connector=untested.id, test=started.test.id)
    assert test.state == "succeeded"
    assert not (await place.owner.auth_connectors.get(connector=untested.id)).tested
    with pytest.raises(ConflictError):
        await place.owner.auth_connectors.enable(connector=untested.id)


@pytest.mark.parametrize("outcome", ["known", "link", "create", "refuse"])
async def test_outcome(place: Place, provider: Provider, browser: PageBrowser, outcome: str) -> None:
    """The test says what a sign-in would do, and does none of it."""
    await verify_domain(place)
    connector = await connect_provider(
        place, provider, trusted=[place.domain], allowed=[place.domain], attributes={"team": "team"}
    )
    provider.person = Person(sub="ada", email=place.address("ada"), claims={"team": "blue"})
    if outcome == "known":
        async with PageBrowser(place.stack) as before:
            start = f"/v1/tenants/{place.tenant.slug}/auth-connectors/{connector.id}/start"
            away = await before.open(start)
            await before.http.get(await provider.authorize(away.location or ""))
    elif outcome == "link":
        await place.user(email=place.address("ada"))
    elif outcome == "refuse":
        provider.person = Person(sub="ada", email=place.address("ada"), email_verified=False)
    counted = await count_sessions(place)
    test = await _test(place, browser, provider, connector)
    assert (test.outcome, test.outcome_reason) == (outcome, "email_not_verified" if outcome == "refuse" else None)
    assert test.attributes == ({} if outcome == "refuse" else {"team": "blue"})
    assert await count_sessions(place) == counted
    users = [user async for user in place.owner.users.list(email=place.address("ada"))]
    assert len(users) == (outcome in {"known", "link"})


async def test_test_that_fails(place: Place, provider: Provider, untested: AuthConnector, browser: PageBrowser) -> None:
    """Why is told on the page and to the administrators, and the connector stays untested."""
    provider.misbehaviour = Misbehaviour(claims={"aud": "another"})
    started = await place.owner.auth_connectors.start_test(connector=untested.id)
    page = await _go(browser, provider, started.link)
    assert page.heading == "It does not work"
    assert "wrong_audience" in page.words
    test = await place.owner.auth_connectors.get_test(connector=untested.id, test=started.test.id)
    assert (test.state, test.reason, test.fault, test.subject) == ("failed", "token_refused", "wrong_audience", None)
    assert not (await place.owner.auth_connectors.get(connector=untested.id)).tested


async def test_provider_that_is_away(
    place: Place, provider: Provider, untested: AuthConnector, browser: PageBrowser
) -> None:
    """A provider that cannot be asked at the start or the end fails the test."""
    provider.person = Person(sub="ada")
    provider.misbehaviour = Misbehaviour(status={"token": 500})
    assert (await _test(place, browser, provider, untested)).fault in {"exchange_failed", "bad_status"}


async def test_link_is_for_one_browser_and_one_time(
    place: Place, provider: Provider, untested: AuthConnector, browser: PageBrowser
) -> None:
    """Whoever goes on first has it; others, and those without the key, find nothing."""
    provider.person = Person(sub="ada")
    started = await place.owner.auth_connectors.start_test(connector=untested.id)
    async with PageBrowser(place.stack) as other:
        ready = await other.open(started.link)
        assert ready.status == 200
        assert (await other.open(started.link.partition("?")[0])).status == 404
        assert (await other.open(started.link[:-1] + "x")).status == 404
        assert (await _go(browser, provider, started.link)).heading == "It works"
        assert (await other.open(started.link)).status == 404
        assert (await other.send(ready)).status == 410
    again = await browser.open(started.link)
    assert again.heading == "It works"
    assert place.domain not in urlsplit(started.link).query


async def test_test_is_no_sign_in_of_another_browser(
    place: Place, provider: Provider, untested: AuthConnector, browser: PageBrowser
) -> None:
    """The callback of a test counts where it was begun, once."""
    provider.person = Person(sub="ada")
    started = await place.owner.auth_connectors.start_test(connector=untested.id)
    async with PageBrowser(place.stack) as other:
        ready = await other.open(started.link)
        away = await browser.send(await browser.open(started.link))
        callback = await provider.authorize(away.refresh or "")
        assert (await other.http.get(callback)).status_code == 410
        assert (await other.open(started.link)).status == 404
        assert (await other.send(ready)).status == 410
    assert (await browser.http.get(callback)).status_code == 303
    assert (await browser.http.get(callback)).status_code == 410


async def test_test_ends_by_the_clock(place: Place, untested: AuthConnector, browser: PageBrowser) -> None:
    """After ten minutes it goes on nowhere, and says so."""
    started = await place.owner.auth_connectors.start_test(connector=untested.id)
    page = await browser.open(started.link)
    await run_sql(place, "UPDATE connector_tests SET expires_at = now() WHERE tenant_id = $1", place.tenant.id.uuid)
    assert (await browser.send(page)).status == 410
    assert (await browser.open(started.link)).heading == "This test has ended"
    test = await place.owner.auth_connectors.get_test(connector=untested.id, test=started.test.id)
    assert test.state == "expired"


async def test_what_is_not_tested(place: Place, other_tenant: AsyncCentral, untested: AuthConnector) -> None:
    """Mailed codes need no test, and another tenant's connector is not there."""
    (codes,) = [c async for c in place.owner.auth_connectors.list() if c.kind == "email_code"]
    assert codes.tested
    with pytest.raises(ConflictError) as refusal:
        await place.owner.auth_connectors.start_test(connector=codes.id)
    assert refusal.value.code == "no_test_needed"
    with pytest.raises(NotFoundError):
        await other_tenant.auth_connectors.start_test(connector=untested.id)
