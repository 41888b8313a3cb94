"""Whom a person from a provider becomes: every combination, through the server."""

from typing import Any, Literal, NamedTuple, get_args
from uuid import uuid4

import pytest

from central.auth_connectors.models import AuthConnector
from central.errors import UnauthenticatedError
from central.users.models import User
from support.counts import count
from support.database import superuser
from support.domains import pass_time, verify_domain, withdraw
from support.place import Place
from support.provider import Provider
from support.signing_in import Browser, connect_provider, count_sessions, failures, person, run_sql, sign_in_by_code

ABSENT = object()
VERIFIED = {"true": True, "false": False, "absent": ABSENT, "null": None, "'true'": "true", "1": 1}
Local = Literal["none", "unlinked", "verified", "disabled", "linked to another", "in another tenant"]
LOCALS: tuple[Local, ...] = get_args(Local)


Domain = Literal["verified", "failing", "unclaimed", "pending", "lapsed", "verified elsewhere"]
DOMAINS: tuple[Domain, ...] = ("verified", "failing", "unclaimed", "pending", "lapsed", "verified elsewhere")


class Setting(NamedTuple):
    """How a connector is set up; `{domain}` is that of the addresses, `{tail}` the end of its text."""

    trusted: tuple[str, ...]
    allowed: tuple[str, ...] | None
    enabled: bool = True


SETTINGS = {
    "trusted": Setting(("{domain}",), None),
    "trusted, just in time": Setting(("{domain}",), ("{domain}",)),
    "untrusted": Setting((), None),
    "untrusted, just in time": Setting((), ("{domain}",)),
    "other domains": Setting(("sub.{domain}", "{tail}"), ("not{domain}", "{domain}.evil.example")),
    "disabled": Setting(("{domain}",), ("{domain}",), enabled=False),
}


def _expected(verified: str, local: Local, setting: Setting, domain: Domain) -> str:
    """Say what should happen, from the rules as the design states them."""
    if not setting.enabled:
        return "connector_disabled"
    if verified != "true":
        return "email_not_verified"
    trusted, allowed = "{domain}" in setting.trusted, setting.allowed is not None and "{domain}" in setting.allowed
    is_new = local in {"none", "in another tenant"}
    if is_new and not allowed:
        return "user_unknown" if setting.allowed is None else "domain_not_allowed"
    if not is_new and (local == "linked to another" or not trusted):
        return "email_taken"
    if domain not in {"verified", "failing"}:
        return "domain_not_verified"
    return "created" if is_new else "user_disabled" if local == "disabled" else "linked"


async def _make(local: Local, email: str, place: Place, other: Place, connector: AuthConnector) -> User | None:
    if local == "none":
        return None
    user = await (other if local == "in another tenant" else place).user(email=email)
    if local == "verified":
        await sign_in_by_code(place, place.anonymous(), email)
        await run_sql(place, "UPDATE sessions SET ended_at = now() WHERE user_id = $1", user.id.uuid)
    if local == "disabled":
        await place.owner.users.disable(user=user.id)
    if local == "linked to another":
        await run_sql(
            place,
            "INSERT INTO identities (tenant_id, id, user_id, connector_id, issuer, subject)"
            " VALUES ($1, $2, $3, $4, $5, $6)",
            place.tenant.id.uuid,
            uuid4(),
            user.id.uuid,
            connector.id.uuid,
            connector.settings.model_dump()["issuer"],
            f"another {email}",
        )
    return user


async def _outcome(place: Place, browser: Browser, answer: Any, user: User | None) -> str:
    if answer.status_code != 303:
        assert answer.status_code == 403, answer.text
        assert browser.session is None
        return answer.json()["code"]
    me = await browser.client().users.me()
    assert me.tenant_id == place.tenant.id
    assert me.email_verified
    return "linked" if user is not None and me.id == user.id else "created"


async def _bring(domain: Domain, place: Place, other: Place) -> None:
    """Bring the tenant's domain into a state, by what would happen in the world."""
    if domain == "unclaimed":
        return
    if domain in {"pending", "verified elsewhere"}:
        await place.owner.domains.create(name=place.domain)
        if domain == "verified elsewhere":
            await verify_domain(other, place.domain)
        return
    claim = await verify_domain(place)
    if domain == "verified":
        return
    withdraw(place, claim)
    assert (await place.owner.domains.verify(domain=claim.id)).state == "failing"
    if domain == "lapsed":
        await pass_time(place.stack, claim, failing_since="8 days")
        assert (await place.owner.domains.verify(domain=claim.id)).state == "lapsed"


async def _connect(place: Place, provider: Provider, setting: Setting) -> AuthConnector:
    def here(names: tuple[str, ...]) -> list[str]:
        return [name.format(domain=place.domain, tail=place.domain[3:]) for name in names]

    allowed = None if setting.allowed is None else here(setting.allowed)
    connector = await connect_provider(place, provider, trusted=here(setting.trusted), allowed=allowed, verified=False)
    if not setting.enabled:
        await place.owner.auth_connectors.disable(connector=connector.id)
    return connector


async def _identities(place: Place) -> int:
    async with superuser(place.stack) as connection:
        found: int = await connection.fetchval(
            "SELECT count(*) FROM identities WHERE tenant_id = $1", place.tenant.id.uuid
        )
    return found


@pytest.mark.parametrize("domain", DOMAINS)
@pytest.mark.parametrize("name", SETTINGS)
async def test_every_combination(
    place: Place, other_place: Place, provider: Provider, name: str, domain: Domain, record_property: Any
) -> None:
    """Only a boolean true, a trusted and verified domain and an unlinked user link; only an allowed one makes a user.

    The domain's state is tried in full for what the provider vouches for; it lets nobody else in either way.
    """
    setting = SETTINGS[name]
    connector = await _connect(place, provider, setting)
    await _bring(domain, place, other_place)
    seen, expected = {}, {}
    for verified, value in VERIFIED.items() if domain == "verified" else [("true", True)]:
        for local in LOCALS:
            email = place.address()
            user = await _make(local, email, place, other_place, connector)
            provider.person = person(email.upper() if verified == "true" else email, verified=value)
            if value is None:
                provider.person = person(email, verified=None)
                provider.person.claims["email_verified"] = None
            if value is ABSENT:
                provider.person = person(email, verified=None)
            before = await _identities(place)
            async with Browser(place) as browser:
                if setting.enabled:
                    answer = await browser.sign_in(provider, connector.id)
                else:
                    path = f"/v1/tenants/{place.tenant.slug}/auth-connectors/{connector.id}/start"
                    answer = await browser.http.get(path)
                expected[verified, local] = _expected(verified, local, setting, domain)
                seen[verified, local] = await _outcome(place, browser, answer, user)
            added = seen[verified, local] in {"linked", "created"}
            assert await _identities(place) == before + added
    assert seen == expected
    signed_in = sum(outcome in {"linked", "created"} for outcome in seen.values())
    assert await count_sessions(place) == signed_in
    refused = [outcome for outcome in seen.values() if outcome not in {"linked", "created", "connector_disabled"}]
    assert sorted(await failures(place)) == sorted(refused)
    count(record_property, "combinations of the linking table", len(seen))


@pytest.mark.parametrize("email", [None, "", "no-address", "a@b", "ada@{domain}\u0000", "Ada <ada@{domain}>"])
async def test_no_usable_address(place: Place, provider: Provider, email: str | None) -> None:
    """A verified text that is no single address makes and links nobody."""
    connector = await connect_provider(place, provider, trusted=[place.domain], allowed=[place.domain])
    await place.user(email=place.address("ada"))
    async with Browser(place) as browser:
        vouched = email and email.format(domain=place.domain)
        provider.person = type(person())(sub="x", email=vouched, email_verified=True)
        answer = await browser.sign_in(provider, connector.id)
    assert (answer.status_code, answer.json()["code"]) == (403, "email_not_verified")
    assert len([u async for u in place.owner.users.list()]) == 2


async def test_same_subject_at_another_connector_is_another_person(place: Place, provider: Provider) -> None:
    """A subject counts for its own connector only, also at the same issuer."""
    first = await connect_provider(place, provider, allowed=[place.domain])
    second = await connect_provider(place, provider)
    provider.person = person(place.address())
    async with Browser(place) as browser:
        assert (await browser.sign_in(provider, first.id)).status_code == 303
        answer = await browser.sign_in(provider, second.id)
    assert (answer.status_code, answer.json()["code"]) == (403, "email_taken")


@pytest.mark.parametrize("sub", ["ADA", "ada ", " ada", "ad\u0430", "a" * 255])
async def test_subjects_are_compared_exactly(place: Place, provider: Provider, sub: str) -> None:
    """A subject that differs in case, blanks or script is another person."""
    connector = await connect_provider(place, provider, allowed=[place.domain])
    ids = []
    for subject in ("ada", sub):
        provider.person = person(place.address(str(len(ids))), sub=subject)
        async with Browser(place) as browser:
            answer = await browser.sign_in(provider, connector.id)
            if answer.status_code == 303:
                ids.append((await browser.client().users.me()).id)
    assert len(set(ids)) == len(ids)
    assert ids


async def test_linking_ends_sessions_from_before_the_address_was_proven(place: Place, provider: Provider) -> None:
    """Whoever held the account of an unverified address is out once its owner comes (pre-hijacking)."""
    connector = await connect_provider(place, provider, trusted=[place.domain])
    squatted, proven = await place.user(email=place.address("a")), await place.user(email=place.address("b"))
    squatter = await place.sign_in(squatted)
    rightful = place.anonymous()
    await sign_in_by_code(place, rightful, proven.email)
    for user in (squatted, proven):
        provider.person = person(user.email)
        async with Browser(place) as browser:
            assert (await browser.sign_in(provider, connector.id)).status_code == 303
            assert (await browser.client().users.me()).id == user.id
    with pytest.raises(UnauthenticatedError):
        await squatter.users.me()
    assert (await rightful.users.me()).id == proven.id


async def test_linking_shows_that_the_address_is_the_users(place: Place, provider: Provider) -> None:
    """A trusted provider's word makes an address verified, once; a later address of the user is not."""
    connector = await connect_provider(place, provider, trusted=[place.domain])
    user = await place.user(email=place.address("a"))
    provider.person = person(user.email)
    async with Browser(place) as browser:
        await browser.sign_in(provider, connector.id)
    assert (await place.owner.users.get(user=user.id)).email_verified
    await place.owner.users.update(user=user.id, email=place.address("b"))
    async with Browser(place) as browser:
        await browser.sign_in(provider, connector.id)
    assert not (await place.owner.users.get(user=user.id)).email_verified


@pytest.mark.parametrize("name", ["\u202eevil", "a\nb", "\u0007", "x" * 3000, "", None, "Ada\tLovelace"])
async def test_name_from_the_provider_is_one_line(place: Place, provider: Provider, name: str | None) -> None:
    """What a provider calls somebody becomes one printable line, or the address's first part."""
    connector = await connect_provider(place, provider, allowed=[place.domain])
    provider.person = type(person())(sub="x", email=place.address("ada"), email_verified=True, name=name)
    async with Browser(place) as browser:
        assert (await browser.sign_in(provider, connector.id)).status_code == 303
        shown = (await browser.client().users.me()).display_name
    assert shown.isprintable()
    assert 0 < len(shown) <= 200
