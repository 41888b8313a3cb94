import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest

from central.auth_connectors.models import AuthConnector, OidcSettings
from central.errors import UnauthenticatedError
from central.kernel.ids import SignInId
from central_server.users.service import UserService
from support.place import Place
from support.provider import Misbehaviour, Provider, callback_parameters
from support.signing_in import Browser, connect_provider, count_sessions, failures, person, run_sql

Answers = tuple[int, str]


@pytest.fixture
async def connector(place: Place, provider: Provider) -> AuthConnector:
    """A connector that lets people of the tenant's domain in just in time."""
    provider.person = person(place.address())
    return await connect_provider(place, provider, trusted=[place.domain], allowed=[place.domain])


@pytest.fixture
async def browser(place: Place) -> Any:
    """A browser."""
    async with Browser(place) as opened:
        yield opened


def _says(answer: Any) -> Answers:
    return answer.status_code, "" if answer.status_code == 303 else answer.json()["code"]


async def test_whole_sign_in(place: Place, provider: Provider, connector: AuthConnector, browser: Browser) -> None:
    """A browser goes to the provider and back, gets a session cookie and lands where it wanted to."""
    answer = await browser.sign_in(provider, connector.id, returnTo="/app?page=2#here")
    cookie = next(c for c in answer.headers.get_list("set-cookie") if c.startswith("central_session="))
    assert (answer.status_code, answer.headers["location"]) == (303, "/app?page=2#here")
    assert cookie.partition(";")[2] == " Max-Age=2592000; Path=/; HttpOnly; SameSite=Lax"
    assert answer.headers["referrer-policy"] == "no-referrer"
    me = await browser.client().users.me()
    assert provider.person is not None
    assert (me.email, me.display_name, me.roles) == (provider.person.email, "Ada Lovelace", ["member"])
    assert me.email_verified
    (session,) = [s async for s in browser.client().sessions.list_mine()]
    assert session.connector_id == connector.id


async def test_second_sign_in_is_the_same_user_whatever_the_address(
    place: Place, provider: Provider, connector: AuthConnector, browser: Browser
) -> None:
    """Who changes their address at the provider, even to another user's, stays who they are here."""
    await browser.sign_in(provider, connector.id)
    first = await browser.client().users.me()
    other = await place.user(email=place.address("other"))
    assert provider.person is not None
    for email in (place.address("new"), other.email, None):
        provider.person = replace(provider.person, email=email)
        async with Browser(place) as again:
            assert (await again.sign_in(provider, connector.id)).status_code == 303
            me = await again.client().users.me()
        assert (me.id, me.email) == (first.id, first.email)


async def test_public_client_and_profile_by_userinfo(place: Place, provider: Provider, browser: Browser) -> None:
    """A connector without a secret works, and so does a provider that tells the address at userinfo only."""
    provider.client_secret, provider.authentication, provider.profile_in_id_token = None, "none", False
    provider.person = person(place.address())
    connector = await connect_provider(place, provider, allowed=[place.domain])
    assert (await browser.sign_in(provider, connector.id)).status_code == 303
    assert (await browser.client().users.me()).email == provider.person.email


async def test_sign_in_ends_the_session_that_came_along(
    place: Place, provider: Provider, connector: AuthConnector, browser: Browser
) -> None:
    """A new sign-in of the same user gets a new token, and the old one is dead."""
    await browser.sign_in(provider, connector.id)
    old, client = browser.session, browser.client()
    await browser.sign_in(provider, connector.id)
    assert browser.session != old
    assert (await browser.client().users.me()).id
    with pytest.raises(UnauthenticatedError):
        await client.users.me()


async def test_two_tabs_finish_in_either_order(place: Place, provider: Provider, connector: AuthConnector) -> None:
    """Two sign-ins begun in one browser both end well."""
    for order in ((0, 1), (1, 0)):
        async with Browser(place) as browser:
            tabs = [await browser.begin(provider, connector.id, returnTo=f"/{tab}") for tab in range(2)]
            for tab in order:
                answer = await browser.go(tabs[tab])
                assert (answer.status_code, answer.headers["location"]) == (303, f"/{tab}")


async def _in_another_browser(place: Place, browser: Browser, url: str) -> Answers:
    async with Browser(place) as other:
        return _says(await other.go(url))


async def _in_one_with_its_own(place: Place, browser: Browser, url: str) -> Answers:
    async with Browser(place) as other:
        (connector,) = [c async for c in place.owner.auth_connectors.list() if c.kind == "oidc"]
        await other.start(connector.id)
        return _says(await other.go(url))


async def _with_another_state(place: Place, browser: Browser, url: str) -> Answers:
    state = callback_parameters(url)["state"]
    answers = {
        _says(await browser.go(url.replace(state, changed)))
        for changed in (
            f"{state[:-1]}{'A' if state[-1] != 'A' else 'B'}",
            state[:-1],
            state.partition(".")[0],
            f"{SignInId.new()}.{state.partition('.')[2]}",
            state.lower(),
            "nonsense",
            "%00",
            "",
        )
    }
    assert len(answers) == 1, answers
    return answers.pop()


async def _without_state(place: Place, browser: Browser, url: str) -> Answers:
    return _says(await browser.go(url.replace("state=", "estate=")))


async def _too_late(place: Place, browser: Browser, url: str) -> Answers:
    await run_sql(place, "UPDATE login_transactions SET expires_at = now() WHERE tenant_id = $1", place.tenant.id.uuid)
    return _says(await browser.go(url))


async def _twice(place: Place, browser: Browser, url: str) -> Answers:
    assert (await browser.go(url)).status_code == 303
    return _says(await browser.go(url))


@pytest.mark.parametrize(
    ("way", "sessions"),
    [
        (_in_another_browser, 0),
        (_in_one_with_its_own, 0),
        (_with_another_state, 0),
        (_without_state, 0),
        (_too_late, 0),
        (_twice, 1),
    ],
)
async def test_callback_that_is_not_this_browsers_own_is_gone(
    place: Place,
    provider: Provider,
    connector: AuthConnector,
    browser: Browser,
    way: Callable[[Place, Browser, str], Awaitable[Answers]],
    sessions: int,
) -> None:
    """A sign-in ends once, in time, in the browser that began it, and all else is refused before the code is spent."""
    url = await browser.begin(provider, connector.id)
    spent = provider.hits["token"]
    assert await way(place, browser, url) == (410, "sign_in_ended")
    assert await count_sessions(place) == sessions
    assert provider.hits["token"] == spent + sessions


async def test_thirty_callbacks_at_once_give_one_session(
    place: Place, provider: Provider, connector: AuthConnector, browser: Browser
) -> None:
    """A callback that is replayed in parallel signs in once, and the code is exchanged once."""
    for number in range(3):
        url = await browser.begin(provider, connector.id)
        answers = [_says(answer) for answer in await asyncio.gather(*[browser.go(url) for _ in range(30)])]
        assert sorted(answers) == [(303, ""), *[(410, "sign_in_ended")] * 29]
        assert provider.hits["token"] == number + 1
        assert await count_sessions(place) == 1


async def test_callback_of_another_connector_or_tenant(
    place: Place, other_place: Place, provider: Provider, connector: AuthConnector, browser: Browser
) -> None:
    """A sign-in cannot be finished at another connector's callback, nor at another tenant's (mix-up)."""
    twin = await connect_provider(place, provider, allowed=[place.domain])
    foreign = await connect_provider(other_place, provider, allowed=[other_place.domain])
    url = await browser.begin(provider, connector.id)
    for tenant, other in (
        (place.tenant.id, twin.id),
        (other_place.tenant.id, foreign.id),
        (other_place.tenant.id, connector.id),
        (place.tenant.id, foreign.id),
        (place.tenant.id, "connector-x"),
    ):
        moved = url.replace(str(connector.id), str(other)).replace(str(place.tenant.id), str(tenant))
        assert _says(await browser.go(moved)) == (410, "sign_in_ended")
    assert await count_sessions(place) == await count_sessions(other_place) == 0
    assert (await browser.go(url)).status_code == 303


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        (Misbehaviour(callback={"iss": "https://evil.example"}), "token_refused"),
        (Misbehaviour(drop_callback=("iss",)), "token_refused"),
        (Misbehaviour(callback={"error": "access_denied"}, drop_callback=("code",)), "provider_refused"),
        (Misbehaviour(callback={"error": "login_required"}), "provider_refused"),
        (Misbehaviour(drop_callback=("code",)), "provider_refused"),
        (Misbehaviour(callback={"code": "made-up"}), "token_refused"),
        (Misbehaviour(claims={"nonce": "another"}), "token_refused"),
        (Misbehaviour(claims={"aud": "another"}), "token_refused"),
        (Misbehaviour(signature="none"), "token_refused"),
        (Misbehaviour(claims={"iss": "https://evil.example"}), "token_refused"),
        (Misbehaviour(token_error=(401, "invalid_client")), "token_refused"),
    ],
)
async def test_answer_that_cannot_be_trusted(
    place: Place, provider: Provider, connector: AuthConnector, browser: Browser, wrong: Misbehaviour, reason: str
) -> None:
    """A provider's refusal or wrong answer signs nobody in, makes nobody, and the administrators are told why."""
    provider.misbehaviour = wrong
    assert _says(await browser.sign_in(provider, connector.id)) == (403, reason)
    assert browser.session is None
    assert await count_sessions(place) == 0
    assert await failures(place) == [reason]
    assert len([user async for user in place.owner.users.list()]) == 1


@pytest.mark.parametrize("endpoint", ["token", "jwks", "userinfo"])
async def test_provider_that_is_away_meanwhile(
    place: Place, provider: Provider, connector: AuthConnector, browser: Browser, endpoint: Any
) -> None:
    """A provider that fails during the callback is a 503 to try again, no refusal, and no session."""
    provider.profile_in_id_token = False
    provider.misbehaviour = Misbehaviour(status={endpoint: 503})
    answer = await browser.sign_in(provider, connector.id)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert await count_sessions(place) == 0
    assert await failures(place) == []


async def _user_disabled(place: Place, connector: AuthConnector, user: Any) -> None:
    await place.owner.users.disable(user=user.id)


async def _tenant_suspended(place: Place, connector: AuthConnector, user: Any) -> None:
    await (await place.stack.sign_in_operator()).tenants.suspend(tenant=place.tenant.slug)


async def _connector_disabled(place: Place, connector: AuthConnector, user: Any) -> None:
    await place.owner.auth_connectors.disable(connector=connector.id)


@pytest.mark.parametrize(
    ("happens", "told"),
    [(_user_disabled, ["user_disabled"]), (_tenant_suspended, []), (_connector_disabled, ["connector_disabled"])],
)
@pytest.mark.parametrize("person_is", ["known", "new"])
async def test_what_ends_between_start_and_callback_gives_no_session(
    place: Place,
    provider: Provider,
    connector: AuthConnector,
    browser: Browser,
    happens: Callable[[Place, AuthConnector, Any], Awaitable[None]],
    told: list[str],
    person_is: str,
) -> None:
    """A user, linked or about to be, tenant or connector that is switched off meanwhile lets nobody in."""
    user = await place.user(email=place.address("ada"))
    provider.person = person(user.email)
    if person_is == "known":
        async with Browser(place) as before:
            assert (await before.sign_in(provider, connector.id)).status_code == 303
        await place.owner.sessions.revoke_all(user=user.id)
    url = await browser.begin(provider, connector.id)
    await happens(place, connector, user)
    assert (await browser.go(url)).status_code == 403
    assert browser.session is None
    assert await count_sessions(place) == 0
    assert await failures(place) == told


async def _trust_withdrawn(place: Place, connector: AuthConnector, user: Any) -> None:
    assert isinstance(connector.settings, OidcSettings)
    settings = {"kind": "oidc", "issuer": connector.settings.issuer, "client_id": connector.settings.client_id}
    await place.owner.auth_connectors.update(connector=connector.id, settings=settings)


@pytest.mark.parametrize("happens", [_user_disabled, _tenant_suspended, _connector_disabled, _trust_withdrawn])
async def test_what_ends_while_the_code_is_exchanged_gives_no_session(
    place: Place,
    provider: Provider,
    connector: AuthConnector,
    browser: Browser,
    happens: Callable[[Place, AuthConnector, Any], Awaitable[None]],
) -> None:
    """What was right when the callback came and is wrong when the provider has answered lets nobody in."""
    user = await place.user(email=place.address("ada"))
    provider.person = person(user.email)
    url = await browser.begin(provider, connector.id)
    provider.misbehaviour = Misbehaviour(slow={"token": 0.4})
    coming = asyncio.create_task(browser.go(url))
    async with asyncio.timeout(10):
        while not provider.hits["token"]:  # noqa: ASYNC110 (the provider sets no event)
            await asyncio.sleep(0.01)
    await happens(place, connector, user)
    assert (await coming).status_code == 403
    assert browser.session is None
    assert await count_sessions(place) == 0


async def test_disabling_the_connector_beats_a_callback_at_the_same_time(place: Place, provider: Provider) -> None:
    """Whichever comes first, whoever came in before the connector was disabled has left a session behind, no more."""
    for _ in range(8):
        connector = await connect_provider(place, provider, allowed=[place.domain])
        provider.person = person(place.address())
        async with Browser(place) as browser:
            url = await browser.begin(provider, connector.id)
            answer, disabled = await asyncio.gather(
                browser.go(url), place.owner.auth_connectors.disable(connector=connector.id)
            )
        assert not disabled.enabled
        assert answer.status_code in {303, 403}
        assert (answer.status_code == 303) == (browser.session is not None)


async def test_fifty_first_sign_ins_of_one_person_at_once(
    place: Place, provider: Provider, connector: AuthConnector
) -> None:
    """However many browsers somebody first comes with, they become one user, with a session in each."""
    browsers = [Browser(place) for _ in range(50)]
    urls = [await browser.begin(provider, connector.id) for browser in browsers]
    answers = await asyncio.gather(*[browser.go(url) for browser, url in zip(browsers, urls, strict=True)])
    assert [answer.status_code for answer in answers] == [303] * 50
    users = [user async for user in place.owner.users.list()]
    assert len(users) == 2
    assert await count_sessions(place, users[1].id) == 50
    await asyncio.gather(*[browser.aclose() for browser in browsers])


async def test_person_who_came_in_elsewhere_meanwhile(
    place: Place, provider: Provider, connector: AuthConnector, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever becomes a user in another browser, between the look-up of the person and of the address, is let in."""
    users = await place.stack.central.container.get(UserService)
    find, answers = users.get_user_by_email, []

    async def find_late(*arguments: Any) -> Any:
        monkeypatch.setattr(users, "get_user_by_email", find)
        async with Browser(place) as other:
            answers.append(await other.sign_in(provider, connector.id))
        return await find(*arguments)

    url = await browser.begin(provider, connector.id)
    monkeypatch.setattr(users, "get_user_by_email", find_late)
    answers.append(await browser.go(url))
    assert [_says(answer) for answer in answers] == [(303, ""), (303, "")]


async def test_two_people_with_one_address_at_once(place: Place, provider: Provider) -> None:
    """Of two people whom the provider gives the same address, one is linked, and the other refused."""
    connector = await connect_provider(place, provider, trusted=[place.domain], allowed=[place.domain])
    for email in (place.address("linked"), place.address("created")):
        if email.startswith("linked"):
            await place.user(email=email)
        browsers, urls = [Browser(place) for _ in range(10)], []
        for browser in browsers:
            provider.person = person(email)
            urls.append(await browser.begin(provider, connector.id))
        answers = await asyncio.gather(*[browser.go(url) for browser, url in zip(browsers, urls, strict=True)])
        assert sorted(map(_says, answers)) == [(303, ""), *[(403, "email_taken")] * 9]
        await asyncio.gather(*[browser.aclose() for browser in browsers])


async def test_an_absurd_callback_is_a_bad_request(place: Place, connector: AuthConnector, browser: Browser) -> None:
    """A query of absurd length, or with a field twice, is refused, not stored."""
    path = f"/v1/tenants/{place.tenant.id}/auth-connectors/{connector.id}/callback"
    assert (await browser.go(f"{path}?code={'a' * 5000}")).status_code == 400
    assert (await browser.go(f"{path}?state=a&state=b")).status_code == 422
    assert (await browser.go(path)).status_code == 410
