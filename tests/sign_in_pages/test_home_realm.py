"""What one learns from `/signin` by naming addresses: nothing about anybody."""

import re
import statistics
from time import perf_counter

import pytest
from asyncpg import InsufficientPrivilegeError

from central.kernel.ids import AuthConnectorId
from central_server.app import Central
from central_server.infra.config import Settings
from central_server.infra.oidc import Providers
from central_server.sign_in_pages import even_time
from support.database import application, superuser
from support.domains import verify_domain
from support.pages import Page, PageBrowser, sign_in_of
from support.place import Place, Stack
from support.provider import Provider
from support.signing_in import connect_provider, count_sessions, failures, mailed_code, person, query_of, wrong

NOBODYS = "nobodys.example"


class Realms:
    """Verifies tenants' domains."""

    async def give(self, place: Place, connector: AuthConnectorId | None = None) -> str:
        """Have a tenant's domain verified, and name it."""
        await verify_domain(place, connector=connector)
        return place.domain


@pytest.fixture
async def realms(stack: Stack) -> Realms:
    """What verifies domains; and nobody has begun to sign in here lately."""
    async with superuser(stack) as connection:
        await connection.execute("DELETE FROM address_sign_ins")
        await connection.execute("DELETE FROM rate_buckets")
    return Realms()


async def _ask(browser: PageBrowser, email: str, **query: str) -> Page:
    """Name an address, and give the answer."""
    return await browser.send(await browser.open("/signin", **query), {"email": email})


_RANDOM = re.compile(r"signin-[0-9A-Z]{26}|[A-Za-z0-9_-]{64}|[0-9a-f]{24}")


def _seen(page: Page, email: str) -> tuple[int, list[tuple[str, str]], str]:
    """Give all that an answer shows, but for what is random in each, and the address itself."""
    headers = [
        (name, "" if name in {"set-cookie", "x-request-id", "content-length"} else _RANDOM.sub("…", value))
        for name, value in page.response.headers.multi_items()
    ]
    return page.status, headers, _RANDOM.sub("…", page.response.text).replace(email, "…")


async def test_code_for_an_address_of_a_verified_domain(place: Place, browser: PageBrowser, realms: Realms) -> None:
    """Whoever has an address of a verified domain signs in at its tenant, with the code that was mailed."""
    user = await place.user(email=f"Ada@{await realms.give(place)}")
    page = await browser.follow(await _ask(browser, user.email.lower(), return_to="/app"))
    assert (page.status, page.heading) == (200, "Check your mail")
    assert place.tenant.name not in page.words
    code = await mailed_code(place, sign_in_of(page))
    page = await browser.send(page, {"code": wrong(code)})
    assert page.status == 401
    answer = await browser.send(page, {"code": code})
    assert (answer.status, answer.location) == (303, "/app")
    assert (await place.stack.client(place.tenant.slug, browser.session).users.me()).id == user.id


async def test_provider_of_a_verified_domain(
    place: Place, provider: Provider, browser: PageBrowser, realms: Realms
) -> None:
    """An address of a domain with a provider goes on there, from a page that works without scripts, and back."""
    connector = await connect_provider(place, provider, trusted=[place.domain], verified=False)
    address = f"ada@{await realms.give(place, connector.id)}"
    user = await place.user(email=address)
    provider.person = person(address)
    page = await _ask(browser, address.upper())
    assert (page.status, page.heading, page.forms) == (200, "One moment", [])
    assert page.refresh is not None
    assert page.links["Continue"] == page.refresh
    assert query_of(page.refresh)["login_hint"] == address.upper()
    back = await browser.open(await provider.authorize(page.refresh))
    assert (back.status, back.location) == (303, f"/t/{place.tenant.slug}/done")
    assert (await place.stack.client(place.tenant.slug, browser.session).users.me()).id == user.id


async def test_known_and_unknown_addresses_look_the_same(place: Place, stack: Stack, realms: Realms) -> None:
    """To the last of five tries each answer has the same bytes, for a user, a disabled one, nobody, and no tenant."""
    domain = await realms.give(place)
    known, disabled = await place.user(email=f"known@{domain}"), await place.user(email=f"gone@{domain}")
    await place.owner.users.disable(user=disabled.id)
    seen = []
    for email in (known.email, disabled.email, f"nobody@{domain}", f"nobody@{NOBODYS}"):
        async with PageBrowser(stack) as browser:
            begun = await _ask(browser, email)
            page = await browser.follow(begun)
            answers = [begun, page, await browser.send(page, {"code": "12"})]
            for _ in range(6):
                page = await browser.send(answers[-1] if answers[-1].forms else page, {"code": "000000"})
                answers.append(page)
                if page.status == 410:
                    break
            answers.append(await browser.open(str(answers[1].response.url)))
            seen.append([_seen(answer, email) for answer in answers])
    assert [status for status, _, _ in seen[0]] == [303, 200, 422, 401, 401, 401, 401, 410, 410]
    for others in seen[1:]:
        assert others == seen[0]
    assert await count_sessions(place) == 0


async def test_time_tells_nothing(place: Place, stack: Stack, realms: Realms) -> None:
    """Known and unknown addresses, asked in turn, take as long: no answer comes before its time, and none later.

    What differs by whether there is a tenant takes a few milliseconds, far below the step that all answers take. On a
    machine that does other work single answers come late, so that medians are compared.
    """
    domain, rounds = await realms.give(place), 8
    for number in range(rounds):
        await place.user(email=f"known{number}@{domain}")
    times: dict[str, list[float]] = {f"known{{}}@{domain}": [], f"nobody{{}}@{domain}": [], f"nobody{{}}@{NOBODYS}": []}
    async with PageBrowser(stack) as browser:
        page = await browser.open("/signin")
        for number in range(rounds):
            for email, taken in times.items():
                begun = perf_counter()
                assert (await browser.send(page, {"email": email.format(number)})).status == 303
                taken.append(perf_counter() - begun)
    medians = [statistics.median(taken) for taken in times.values()]
    assert min(min(taken) for taken in times.values()) >= even_time.STEP_SECONDS
    assert max(medians) - min(medians) < even_time.STEP_SECONDS / 5, medians


async def test_work_of_a_real_sign_in_shows_without_the_even_time(
    place: Place, stack: Stack, realms: Realms, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: what the even time hides is there, the rows of a sign-in at a tenant."""
    domain = await realms.give(place)
    async with PageBrowser(stack) as browser:
        for email, rows in ((f"a@{domain}", 1), (f"a@{NOBODYS}", 0)):
            id = sign_in_of(await browser.follow(await _ask(browser, email)))
            async with superuser(stack) as connection:
                assert await connection.fetchval("SELECT count(*) FROM email_codes WHERE id = $1", id.uuid) == rows


async def test_asking_again_and_again(place: Place, stack: Stack, realms: Realms) -> None:
    """However often one asks, the answers are the same for users and for nobody, with and without a tenant."""
    domain, seen = await realms.give(place), []
    known = await place.user(email=f"known@{domain}")
    for email in (known.email, f"nobody@{domain}", f"nobody@{NOBODYS}"):
        async with PageBrowser(stack) as browser:
            answers = [await _ask(browser, email.upper() if number % 2 else email) for number in range(6)]
            async with superuser(stack) as connection:
                for table in ("email_codes", "address_sign_ins"):
                    await connection.execute(f"UPDATE {table} SET expires_at = now() WHERE email ILIKE $1", email)
            answers.append(await _ask(browser, email))
            seen.append([_seen(answer, email) for answer in answers])
    assert [status for status, _, _ in seen[0]] == [*[303] * 6, 429]
    for others in seen[1:]:
        assert others == seen[0]


async def test_many_addresses_from_one_place(stack: Stack, realms: Realms) -> None:
    """Whoever tries one address after the other is stopped, as at every other sign-in."""
    settings = Settings.model_validate(
        {**dict(stack.settings), "rate_limit_sign_ins": "3/10m", "database_pool_size": 2}
    )
    central = Central(settings)
    await central.start()
    try:
        async with PageBrowser(Stack(central, settings, stack.superuser_url, stack.dns)) as browser:
            answers = [await _ask(browser, f"a{number}@{NOBODYS}") for number in range(5)]
    finally:
        await central.stop()
    assert [answer.status for answer in answers] == [303, 303, 303, 429, 429]
    assert answers[-1].reference[0] == "rate_limited"


async def test_address_that_goes_to_a_provider_is_not_kept_out_by_others(
    place: Place, provider: Provider, stack: Stack, realms: Realms
) -> None:
    """However often others name an address, its owner gets to their provider."""
    connector = await connect_provider(place, provider)
    domain = await realms.give(place, connector.id)
    async with PageBrowser(stack) as browser:
        for _ in range(10):
            assert (await _ask(browser, f"ada@{domain}")).heading == "One moment"


async def test_sign_in_is_this_browsers_own(place: Place, stack: Stack, realms: Realms) -> None:
    """Another browser sees nothing of a sign-in, and cannot use its code."""
    user = await place.user(email=f"ada@{await realms.give(place)}")
    async with PageBrowser(stack) as browser, PageBrowser(stack) as other:
        page = await browser.follow(await _ask(browser, user.email))
        code = await mailed_code(place, sign_in_of(page))
        seen = await other.open(str(page.response.url))
        assert (seen.status, user.email in seen.response.text) == (410, False)
        token = (await other.open("/signin")).form.fields["form_token"]
        answer = await other.http.post(
            str(page.response.url),
            data={"form_token": token, "code": code},
            headers={"origin": "http://central.test", "accept": "text/html"},
        )
        assert answer.status_code == 410
        assert await count_sessions(place) == 0
        assert (await browser.send(page, {"code": code})).status == 303


async def test_tenant_that_has_another_way_in(
    place: Place, provider: Provider, browser: PageBrowser, realms: Realms
) -> None:
    """Where the domain's way in is switched off, codes are mailed; without those the tenant's page goes on."""
    connector, _ = [await connect_provider(place, provider) for _ in range(2)]
    domain = await realms.give(place, connector.id)
    await place.owner.auth_connectors.disable(connector=connector.id)
    page = await browser.follow(await _ask(browser, f"ada@{domain}"))
    assert page.heading == "Check your mail"
    (mail,) = [one async for one in place.owner.auth_connectors.list() if one.kind == "email_code"]
    await place.owner.auth_connectors.disable(connector=mail.id)
    page = await _ask(browser, f"ada@{domain}", return_to="/app")
    assert page.refresh == f"/t/{place.tenant.slug}?return_to=%2Fapp"


async def test_suspended_tenant(place: Place, browser: PageBrowser, realms: Realms) -> None:
    """The domains of a suspended tenant lead nowhere, as those of nobody, and nothing is mailed."""
    domain = await realms.give(place)
    user = await place.user(email=f"ada@{domain}")
    await place.suspend()
    page = await browser.follow(await _ask(browser, user.email))
    assert (page.status, page.heading) == (200, "Check your mail")
    async with superuser(place.stack) as connection:
        query = "SELECT count(*) FROM email_codes WHERE tenant_id = $1"
        assert await connection.fetchval(query, place.tenant.id.uuid) == 0


async def test_provider_that_is_away(place: Place, provider: Provider, browser: PageBrowser, realms: Realms) -> None:
    """A provider that cannot be reached is told as such, and one may try again."""
    connector = await connect_provider(place, provider)
    await realms.give(place, connector.id)
    (await place.stack.central.container.get(Providers)).forget(provider.issuer)
    await provider.__aexit__(None, None, None)
    page = await _ask(browser, f"ada@{place.tenant.slug}.example", return_to="/app")
    assert page.status == 503
    assert page.links == {"Try again": "/signin?return_to=%2Fapp"}
    assert await failures(place) == []


async def test_rows_of_strangers_do_not_stay(stack: Stack, realms: Realms) -> None:
    """What was typed is deleted after an hour, when the next sign-in begins."""
    async with PageBrowser(stack) as browser:
        await _ask(browser, f"a@{NOBODYS}")
        async with superuser(stack) as connection:
            await connection.execute("UPDATE address_sign_ins SET created_at = now() - interval '61 minutes'")
            await _ask(browser, f"b@{NOBODYS}")
            assert await connection.fetchval("SELECT array_agg(email) FROM address_sign_ins") == [f"b@{NOBODYS}"]


async def test_application_cannot_reach_these_rows_by_itself(stack: Stack) -> None:
    """Without becoming the platform, the application's role can neither read nor write what belongs to no tenant."""
    async with application(stack) as connection:
        with pytest.raises(InsufficientPrivilegeError):
            await connection.fetch("SELECT * FROM address_sign_ins")
