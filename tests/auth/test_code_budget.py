"""Who floods an address with codes neither keeps its owner out, nor fills their mailbox, nor guesses."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from central.errors import GoneError, RateLimitedError, UnauthenticatedError
from central.kernel.ids import SignInId
from central_client import AsyncCentral
from central_server.app import Central
from central_server.auth import code_budget
from central_server.auth.devices import KnownDevices
from central_server.infra.config import Settings
from central_server.infra.rate_limits.bucket import MICROSECONDS, Ask, Limit, draw
from central_server.infra.vault import SigningKeys
from central_server.infra.vault.keyring import generate_key
from support.database import superuser
from support.limits import client_from, fill_buckets, let_pass
from support.place import Place, Stack
from support.signing_in import Browser, mailed_code

_MAILED = (
    "SELECT id, shared FROM email_codes WHERE tenant_id = $1 AND lower(email) = lower($2) AND token IS NOT NULL"
    " ORDER BY created_at, id"
)


class Mailed(NamedTuple):
    """A code that went out."""

    sign_in: SignInId
    code: str


async def mailed(place: Place, email: str) -> list[Mailed]:
    """Give the codes that an address was mailed and that were not used, oldest first."""
    async with superuser(place.stack) as connection:
        rows = await connection.fetch(_MAILED, place.tenant.id.uuid, email)
    ids = [SignInId.from_uuid(row["id"]) for row in rows]
    return [Mailed(id, await mailed_code(place, id)) for id in ids]


async def newest_long(place: Place, email: str) -> Mailed:
    """Give the newest code that is good everywhere; of mails of one moment any may come last."""
    return [one for one in await mailed(place, email) if len(one.code) == 12][-1]


async def start(place: Place, email: str, address: str) -> SignInId | None:
    """Ask for a code from somewhere; gives nothing when that is refused."""
    try:
        return (await client_from(place, address).auth.start_email_code(email=email)).sign_in
    except RateLimitedError:
        return None


async def flood(place: Place, email: str, places: int, times: int = 1, *, part: int = 6) -> None:
    """Ask for codes from many places at once, in a part of the world."""
    await asyncio.gather(*[start(place, email, f"10.{part}.{n}.1") for n in range(places) for _ in range(times)])


async def known_browser(place: Place, email: str) -> Browser:
    """Give a browser in which an address has signed in before."""
    browser = Browser(place)
    await sign_in(browser, email)
    return browser


async def begin(browser: Browser, email: str) -> SignInId:
    """Ask for a code in a browser."""
    answer = await browser.http.post(_path(browser, "start"), json={"email": email})
    assert answer.status_code == 202, answer.text
    return SignInId(answer.json()["signIn"])


async def finish(browser: Browser, sign_in: SignInId, code: str) -> int:
    """Give a code in a browser; gives the status."""
    answer = await browser.http.post(_path(browser, "verify"), json={"signIn": sign_in, "code": code})
    return answer.status_code


async def sign_in(browser: Browser, email: str) -> str:
    """Sign in with a mailed code in a browser; gives the code."""
    started = await begin(browser, email)
    code = await mailed_code(browser.place, started)
    assert await finish(browser, started, code) == 200
    return code


def _path(browser: Browser, verb: str) -> str:
    return f"/v1/tenants/{browser.place.tenant.slug}/auth/email-code/{verb}"


async def test_first_code_is_short_and_the_next_one_long(place: Place) -> None:
    """Who asks again soon is mailed a code of twelve digits, and from then on none: the last one serves."""
    user = await place.user()
    asked = [await start(place, user.email, "10.1.1.1") for _ in range(5)]
    codes = await mailed(place, user.email)
    assert [len(code) for _, code in codes] == [6, 12]
    assert [id for id, _ in codes] == asked[:2]
    assert None not in asked


async def test_long_code_is_good_for_every_sign_in_of_its_address(place: Place, other_place: Place) -> None:
    """A code of twelve digits, spaces or not, finishes a sign-in that was begun elsewhere, once; no other address's."""
    user, other = await place.user(), await place.user()
    stranger = await other_place.user(email=user.email)
    await start(place, user.email, "10.1.1.1")
    await start(place, user.email, "10.1.1.1")
    long = (await mailed(place, user.email))[1].code
    for where, email in ((place, other.email), (other_place, stranger.email)):
        client = where.anonymous()
        begun = await client.auth.start_email_code(email=email)
        with pytest.raises(UnauthenticatedError):
            await client.auth.verify_email_code(sign_in=begun.sign_in, code=long)
    client = client_from(place, "10.1.1.1")
    begun = await client.auth.start_email_code(email=user.email.upper())
    spaced = f"{long[:4]} {long[4:8]} {long[8:]}"
    signed_in = await client.auth.verify_email_code(sign_in=begun.sign_in, code=spaced)
    assert signed_in.user.id == user.id
    again = place.anonymous()
    begun = await again.auth.start_email_code(email=user.email)
    with pytest.raises(UnauthenticatedError):
        await again.auth.verify_email_code(sign_in=begun.sign_in, code=long)


async def test_long_code_is_used_once_by_whoever_comes_first(place: Place) -> None:
    """Of twenty sign-ins that give the same long code at once, one succeeds."""
    user = await place.user()
    await flood(place, user.email, 3)
    long = (await newest_long(place, user.email)).code
    clients = [client_from(place, f"10.2.0.{number}") for number in range(20)]
    begun = [(client, await client.auth.start_email_code(email=user.email)) for client in clients]

    async def verify(client: AsyncCentral, sign_in: SignInId) -> bool:
        try:
            await client.auth.verify_email_code(sign_in=sign_in, code=long)
        except (GoneError, UnauthenticatedError):
            return False
        return True

    assert sum(await asyncio.gather(*[verify(client, started.sign_in) for client, started in begun])) == 1


async def test_short_code_is_good_only_where_it_was_asked_for(place: Place) -> None:
    """A code of six digits finishes no other sign-in, be it one that was not mailed a code of its own."""
    user = await place.user()
    await flood(place, user.email, 5)
    short = next(code for _, code in await mailed(place, user.email) if len(code) == 6)
    client = client_from(place, "10.3.0.1")
    begun = await client.auth.start_email_code(email=user.email)
    for code in (short, short * 2):
        with pytest.raises(UnauthenticatedError):
            await client.auth.verify_email_code(sign_in=begun.sign_in, code=code)


async def test_sign_in_without_a_code_of_its_own_has_five_tries(place: Place) -> None:
    """Guesses at a long code are counted like any other, and the sixth finds the sign-in ended."""
    user = await place.user()
    await flood(place, user.email, 3)
    long = (await newest_long(place, user.email)).code
    client = client_from(place, "10.3.0.1")
    begun = await client.auth.start_email_code(email=user.email)
    for number in range(5):
        with pytest.raises(UnauthenticatedError):
            await client.auth.verify_email_code(sign_in=begun.sign_in, code=f"{number:012d}")
    with pytest.raises(GoneError):
        await client.auth.verify_email_code(sign_in=begun.sign_in, code=long)


async def test_known_and_unknown_addresses_are_refused_alike(place: Place) -> None:
    """What is answered, mailed and refused in a flood is the same whether or not an address is somebody's."""
    known = await place.user()
    seen = []
    for email in (known.email, "nobody@example.com"):
        answers: list[Any] = []
        for number in range(12):
            client = client_from(place, f"10.4.{number % 3}.1")
            try:
                answers.append(type(await client.auth.start_email_code(email=email)).__name__)
            except RateLimitedError as error:
                answers.append((error.code, error.message, round(error.retry_after or 0, -2)))
            if number == 6:
                await let_pass(place, 11)
        seen.append((answers, [len(code) for _, code in await mailed(place, email)]))
    assert seen[0] == seen[1]
    assert seen[0][0].count("StartEmailCodeSignInResponse") == 7
    assert seen[0][0][-1] == ("too_many_codes", seen[0][0][-1][1], 500)


async def test_sixty_starts_from_everywhere_at_once_are_three_mails(place: Place) -> None:
    """However many places ask at the same time, an address is mailed three codes, one of them short."""
    user = await place.user()
    await flood(place, user.email, 60)
    assert sorted(len(code) for _, code in await mailed(place, user.email)) == [6, 12, 12]


async def test_one_place_floods_and_the_owner_elsewhere_is_mailed_a_code(place: Place) -> None:
    """A hundred of a hundred owners sign in at the first go from a new browser while somebody floods their address."""
    for number in range(100):
        email = f"victim{number}@example.com"
        await place.owner.users.create(email=email)
        await asyncio.gather(*[start(place, email, "10.6.6.6") for _ in range(6)])
        async with Browser(place) as browser:
            await sign_in(browser, email)


async def test_one_place_floods_for_hours_and_leaves_one_mail_for_others(place: Place) -> None:
    """However long somebody floods from one place, whoever asks from another in between is mailed a code."""
    user = await place.user()
    for hour in range(6):
        for _ in range(3):
            for _ in range(3):
                await start(place, user.email, "10.6.6.6")
            await let_pass(place, 20)
        started = await start(place, user.email, f"10.5.{hour}.1")
        assert started in {one.sign_in for one in await mailed(place, user.email)}


async def test_without_a_flood_one_place_is_mailed_a_code_every_twenty_minutes(place: Place) -> None:
    """Where nobody else asks, nothing is kept back for others for long."""
    user = await place.user()
    asked = [await start(place, user.email, "10.6.6.6") for _ in range(2)]
    for _ in range(5):
        await let_pass(place, 20)
        asked.append(await start(place, user.email, "10.6.6.6"))
    assert [one.sign_in for one in await mailed(place, user.email)] == asked


async def test_all_the_world_floods_and_a_known_browser_gets_its_code(place: Place) -> None:
    """A hundred of a hundred sign-ins in browsers that are known get a short code at once, floods or not."""
    for number in range(20):
        email = f"victim{number}@example.com"
        await place.owner.users.create(email=email)
        async with await known_browser(place, email) as browser:
            for _ in range(5):
                await flood(place, email, 4)
                assert len(await sign_in(browser, email)) == 6


async def test_code_that_signs_in_costs_nothing(place: Place) -> None:
    """Whoever signs in again and again, always in a new browser, is mailed a short code each time."""
    user = await place.user()
    for _ in range(8):
        async with Browser(place) as browser:
            assert len(await sign_in(browser, user.email)) == 6


async def test_owner_who_signs_in_makes_no_room_for_guesses(place: Place) -> None:
    """What a sign-in gives back is what its own code took: with a long one, strangers get no short one the sooner."""
    user = await place.user()
    await start(place, user.email, "10.6.6.6")
    async with Browser(place) as browser:
        assert len(await sign_in(browser, user.email)) == 12
    for minutes, digits in ((21, 12), (40, 6)):
        await let_pass(place, minutes)
        started = await start(place, user.email, f"10.8.{minutes}.1")
        assert started is not None
        assert len(await mailed_code(place, started)) == digits


async def test_all_the_world_floods_and_a_new_browser_uses_the_mail_that_came(place: Place) -> None:
    """Where strangers have used up all mails, the newest one's code lets the owner in from any browser."""
    user = await place.user()
    await flood(place, user.email, 60, times=2)
    async with Browser(place) as browser:
        started = await begin(browser, user.email)
        newest = await newest_long(place, user.email)
        assert newest.sign_in != started
        assert await finish(browser, started, newest.code) == 200


async def test_flood_that_lasts_is_mailed_codes_that_serve_the_owner(place: Place) -> None:
    """While all the world floods there is a mail every twenty minutes, and its code is good in any browser."""
    user = await place.user()
    await flood(place, user.email, 5)
    for part in range(9):
        known = len(await mailed(place, user.email))
        await let_pass(place, 20)
        await flood(place, user.email, 4, part=part)
        assert [len(code) for _, code in (await mailed(place, user.email))[known:]] == [12]


async def test_when_no_mail_is_usable_the_answer_says_when_one_will_be(place: Place) -> None:
    """Between two mails, the refusal names the time of the next one, which is then sent."""
    user = await place.user()
    await flood(place, user.email, 5)
    await let_pass(place, 11)
    with pytest.raises(RateLimitedError) as refusal:
        await client_from(place, "10.9.9.9").auth.start_email_code(email=user.email)
    assert (refusal.value.code, refusal.value.retry_after) == ("too_many_codes", pytest.approx(9 * 60, abs=5))
    await let_pass(place, 9)
    started = await client_from(place, "10.9.9.9").auth.start_email_code(email=user.email)
    assert (await mailed(place, user.email))[-1].sign_in == started.sign_in


async def test_five_mails_an_hour_at_most_and_25_tries_at_short_codes(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Over two hours of asking and guessing by strangers and a stolen browser, no hour has more of either."""
    user = await place.user()
    browser = await known_browser(place, user.email)
    await fill_buckets(place)
    compared: list[bytes] = []
    verify = SigningKeys.verify

    def counting(self: SigningKeys, purpose: str, data: bytes, mac: bytes) -> bool:
        if purpose == "email-code":
            compared.append(data)
        return verify(self, purpose, data, mac)

    monkeypatch.setattr(SigningKeys, "verify", counting)
    mails, tries = [], []
    for _ in range(12):
        known, _ = len(await mailed(place, user.email)), compared.clear()
        clients = [client_from(place, f"10.7.0.{n}") for n in range(3)]
        await asyncio.gather(*[_guess(client, user.email) for client in clients])
        mails.append(len(await mailed(place, user.email)) - known)
        await _guess_in(browser, user.email)
        tries.append(len(compared))
        await let_pass(place, 10)
    assert max(sum(mails[hour : hour + 6]) for hour in range(6)) == 5
    assert 15 <= max(sum(tries[hour : hour + 6]) for hour in range(6)) <= 25


async def _guess(client: AsyncCentral, email: str) -> None:
    try:
        started = await client.auth.start_email_code(email=email)
        for number in range(6):
            with pytest.raises((UnauthenticatedError, GoneError)):
                await client.auth.verify_email_code(sign_in=started.sign_in, code=f"{number:06d}")
    except RateLimitedError:
        pass


async def _guess_in(browser: Browser, email: str) -> None:
    answer = await browser.http.post(_path(browser, "start"), json={"email": email})
    if answer.status_code == 202:
        for number in range(6):
            assert await finish(browser, SignInId(answer.json()["signIn"]), f"{number:06d}") in {401, 410}


_HOUR = 60
_SCHEDULES = st.lists(st.integers(0, 300), min_size=1, max_size=80).map(sorted)


def _granted(schedule: list[int], limit: Limit) -> list[int]:
    """Give the minutes of a schedule at which a bucket has a token."""
    granted, full_at = [], 0
    for minute in schedule:
        now = minute * 60 * MICROSECONDS
        taken = draw([Ask("", b"", limit)], [max(0, full_at - now)])
        if taken.ok:
            full_at = now + taken.drawn[0].debt
            granted.append(minute)
    return granted


def _most_within(minutes: list[int], span: int) -> int:
    return max((sum(first <= minute < first + span for minute in minutes) for first in minutes), default=0)


@settings(max_examples=300)
@given(_SCHEDULES)
def test_no_schedule_of_asking_beats_the_sums(schedule: list[int]) -> None:
    """Whenever somebody asks, an hour has five mails, and of short codes that are alive in it two and three."""
    assert _most_within(_granted(schedule, code_budget.STRANGERS_MAILS), _HOUR) <= 5
    alive = _HOUR + 10
    assert _most_within(_granted(schedule, code_budget.STRANGERS_SHORT), alive) <= 2
    assert _most_within(_granted(schedule, code_budget.DEVICES_SHORT), alive) <= 3


async def test_known_browser_is_known_for_its_own_address_and_tenant(place: Place, other_place: Place) -> None:
    """The cookie of a device spares one address in one tenant, and nobody else's."""
    ada, bob = await place.user(), await place.user()
    await other_place.user(email=ada.email)
    browser = await known_browser(place, ada.email)
    cookie = browser.http.cookies["central_device"]
    for where, email, reserved in (
        (place, ada.email, True),
        (place, bob.email, False),
        (other_place, ada.email, False),
    ):
        await fill_buckets(place)
        await flood(where, email, 5)
        async with Browser(where) as other:
            other.http.cookies.set("central_device", cookie)
            started = await begin(other, email)
        assert (started in {one.sign_in for one in await mailed(where, email)}) == reserved


@pytest.mark.parametrize("change", ["signature", "name", "short", "long", "empty", "dots", "two names"])
async def test_made_up_device_is_a_stranger(place: Place, change: str) -> None:
    """A cookie that is not wholly ours counts for nothing, and breaks nothing."""
    user = await place.user()
    browser = await known_browser(place, user.email)
    name, signature = browser.http.cookies["central_device"].split(".")
    planted = {
        "signature": f"{name}.{'A' * 43}",
        "name": f"{'A' * 43}.{signature}",
        "short": name,
        "long": ".".join([name, *[signature] * 9]),
        "empty": "",
        "dots": "....",
        "two names": f"{name}.{name}",
    }[change]
    await fill_buckets(place)
    await flood(place, user.email, 5)
    async with Browser(place) as other:
        other.http.cookies.set("central_device", planted)
        assert await begin(other, user.email) not in {one.sign_in for one in await mailed(place, user.email)}


async def test_browser_knows_the_last_three_who_signed_in(place: Place) -> None:
    """Several people may share a browser; it stays the same device, and forgets who was last the longest ago."""
    browser = Browser(place)
    emails, cookies = [f"p{number}@example.com" for number in range(4)], []
    for email in emails:
        await place.owner.users.create(email=email)
        await sign_in(browser, email)
        cookies.append(browser.http.cookies["central_device"])
    assert len({cookie.split(".")[0] for cookie in cookies}) == 1
    assert [len(cookie.split(".")) for cookie in cookies] == [2, 3, 4, 4]
    known = await place.stack.central.container.get(KnownDevices)
    assert [known.find(cookies[3], place.tenant.id, email) is not None for email in emails] == [False, True, True, True]


async def test_device_cookie_is_closed_to_scripts_and_lasts(place: Place) -> None:
    """The cookie is HttpOnly and Lax, and holds for half a year."""
    user = await place.user()
    async with Browser(place) as browser:
        started = await begin(browser, user.email)
        body = {"signIn": started, "code": await mailed_code(place, started)}
        answer = await browser.http.post(_path(browser, "verify"), json=body)
    (cookie,) = [line for line in answer.headers.get_list("set-cookie") if line.startswith("central_device=")]
    assert cookie.partition(";")[2] == " Max-Age=15552000; Path=/; HttpOnly; SameSite=Lax"


async def test_device_is_known_under_an_older_key(place: Place) -> None:
    """A new primary key forgets no browser."""
    old = place.stack.settings.signing_keys.get_secret_value()
    cookie = KnownDevices(SigningKeys.parse(old)).remember(None, place.tenant.id, "ada@example.com")
    newer = KnownDevices(SigningKeys.parse(f"new:{generate_key()},{old}"))
    assert newer.find(cookie, place.tenant.id, "Ada@Example.com")
    assert newer.find(newer.remember(cookie, place.tenant.id, "bob@example.com"), place.tenant.id, "ada@example.com")


@pytest.fixture
async def unlimited(stack: Stack) -> AsyncIterator[Stack]:
    """The API with rate limits off, on the same database."""
    settings = Settings.model_validate({**dict(stack.settings), "rate_limits": "off", "database_pool_size": 2})
    central = Central(settings)
    await central.start()
    yield Stack(central, settings, stack.superuser_url, stack.dns)
    await central.stop()


async def test_budget_holds_where_rate_limits_are_off(place: Place, unlimited: Stack) -> None:
    """The limits on mailed codes are no setting."""
    user = await place.user()
    there = Place(unlimited, place.tenant, place.owner_user, place.owner)
    await flood(there, user.email, 20)
    assert len(await mailed(place, user.email)) == 3
