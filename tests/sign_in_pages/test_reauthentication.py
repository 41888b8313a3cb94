"""Signing in again although one is signed in: `?reauth=1`, and `max_age` at the provider."""

import time
from typing import Any

import pytest

from central.auth_connectors.models import AuthConnector
from central.errors import ValidationFailedError
from central_client import AsyncCentral
from support.pages import PageBrowser, sign_in_of
from support.place import Place
from support.provider import Misbehaviour, Provider
from support.signing_in import Browser, connect_provider, count_sessions, failures, mailed_code, person, query_of


@pytest.fixture
async def connector(place: Place, provider: Provider) -> AuthConnector:
    """A connector that lets people of its domain in just in time, and is the only way in."""
    provider.person = person(place.address())
    made = await connect_provider(place, provider, allowed=[place.domain])
    (mail,) = [c async for c in place.owner.auth_connectors.list() if c.kind == "email_code"]
    await place.owner.auth_connectors.disable(connector=mail.id)
    return made


async def test_hosted_page_asks_the_provider_to_ask_anew(
    place: Place, provider: Provider, connector: AuthConnector, browser: PageBrowser
) -> None:
    """With `reauth=1` one goes to the provider although signed in, which is told to ask; a new session comes back."""
    away = await browser.follow(await browser.open(f"/t/{place.tenant.slug}"))
    await browser.open(await provider.authorize(away.location or ""))
    first = browser.session
    assert (await browser.open(f"/t/{place.tenant.slug}")).heading == "You are signed in already"
    away = await browser.follow(await browser.open(f"/t/{place.tenant.slug}", reauth="1", return_to="/app"))
    asked = query_of(away.location or "")
    assert provider.person is not None
    assert (asked["prompt"], asked["max_age"], asked["login_hint"]) == ("login", "0", provider.person.email)
    back = await browser.open(await provider.authorize(away.location or ""))
    assert (back.status, back.location) == (303, "/app")
    assert browser.session not in {None, first}
    assert await count_sessions(place) == 1


async def test_hosted_page_mails_a_code_again(place: Place, browser: PageBrowser) -> None:
    """Who signs in by mail is asked for a new code, with their address filled in."""
    browser.http.cookies.set(
        "central_session", await place.stack.session_of(place.tenant.id, place.owner_user.id), domain="central.test"
    )
    page = await browser.open(f"/t/{place.tenant.slug}", reauth="1", return_to="/app")
    assert (page.heading, page.form.fields["email"]) == ("Confirm that it is you", place.owner_user.email)
    page = await browser.follow(await browser.send(page))
    answer = await browser.send(page, {"code": await mailed_code(place, sign_in_of(page))})
    assert (answer.status, answer.location) == (303, "/app")
    assert await count_sessions(place) == 1


@pytest.mark.parametrize(
    ("max_age", "auth_time", "refused"),
    [
        (0, 0, None),
        (0, -50, None),  # within the leeway for clocks
        (0, -200, "auth_time_too_old"),
        (0, None, "auth_time_missing"),
        (300, -200, None),
        (300, -500, "auth_time_too_old"),
        (300, None, "auth_time_missing"),
        (None, -99_999, None),
        (None, None, None),
        (0, "now", "bad_claim"),
        (0, "true", "bad_claim"),
        (0, "NaN", "bad_claim"),
        (0, "negative", "bad_claim"),
        (0, 99_999, None),
    ],
)
async def test_time_of_the_sign_in_is_verified_where_it_was_asked_for(
    place: Place, provider: Provider, connector: AuthConnector, max_age: int | None, auth_time: Any, refused: str | None
) -> None:
    """`max_age` holds: a provider that lets one in by an older sign-in, or does not say, is not believed."""
    odd = {"now": "now", "true": True, "NaN": str(time.time()), "negative": -5}
    claims = {} if auth_time is None else {"auth_time": odd.get(auth_time, auth_time)}
    if isinstance(auth_time, int):
        claims = {"auth_time": int(time.time()) + auth_time}
    provider.misbehaviour = Misbehaviour(claims=claims, drop_claims=() if claims else ("auth_time",))
    query = {} if max_age is None else {"maxAge": str(max_age)}
    async with Browser(place) as browser:
        answer = await browser.sign_in(provider, connector.id, **query)
        if refused is None:
            assert (answer.status_code, browser.session is not None) == (303, True)
            return
        code = "token_refused" if refused == "bad_claim" else "not_recent"
        assert (answer.status_code, answer.json()["code"], browser.session) == (403, code, None)
    assert await failures(place) == [code]


@pytest.mark.parametrize("max_age", [0, 300])
async def test_age_cannot_be_taken_off_on_the_way(
    place: Place, provider: Provider, connector: AuthConnector, max_age: int
) -> None:
    """What was asked for stands in the sign-in's row: changing the address on the way to the provider helps nobody."""
    provider.misbehaviour = Misbehaviour(claims={"auth_time": int(time.time()) - 9000})
    async with Browser(place) as browser:
        url = await browser.start(connector.id, maxAge=str(max_age))
        assert f"max_age={max_age}" in url
        shorn = url.replace(f"max_age={max_age}", "max_age=99999").replace("prompt=login", "prompt=none")
        answer = await browser.go(await provider.authorize(shorn))
    assert (answer.status_code, answer.json()["code"]) == (403, "not_recent")


async def test_what_can_be_asked_for(place: Place, connector: AuthConnector, anonymous: AsyncCentral) -> None:
    """The client of the API asks for the same; prompts and ages that are none are refused."""
    started = await anonymous.auth.start_provider(connector=connector.id, prompt="select_account", max_age=60)
    asked = query_of(started.authorization_url)
    assert (asked["prompt"], asked["max_age"]) == ("select_account", "60")
    started = await anonymous.auth.start_provider(connector=connector.id)
    assert not {"prompt", "max_age"} & query_of(started.authorization_url).keys()
    for wrong in ({"max_age": -1}, {"max_age": 2**40}, {"prompt": "none"}, {"prompt": "login consent"}):
        with pytest.raises(ValidationFailedError):
            await anonymous.auth.start_provider(connector=connector.id, **wrong)


async def test_trying_again_asks_anew_too(
    place: Place, provider: Provider, connector: AuthConnector, browser: PageBrowser
) -> None:
    """A provider that is away when one is to confirm who one is does not turn the next attempt into a plain one."""
    start = f"/v1/tenants/{place.tenant.slug}/auth-connectors/{connector.id}/start"
    await place.owner.auth_connectors.update(connector=connector.id, name="Renamed")
    page = await browser.open(start.replace(connector.id, "connector-x"), maxAge="0", returnTo="/app")
    assert page.links == {"Try again": f"/t/{place.tenant.slug}?return_to=%2Fapp&reauth=1"}
