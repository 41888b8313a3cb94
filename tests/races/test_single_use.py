"""What works once works once, however many use it at the same moment."""

import secrets
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, NamedTuple

import pytest

from central.kernel.ids import RichId, SignInId
from central_server.infra.db import METADATA
from central_server.infra.vault import Vault, associated_data
from support.asgi import Reply
from support.counts import count
from support.database import superuser
from support.domains import verify_domain
from support.examples import BINDING
from support.inviting import invite
from support.place import Place
from support.provider import Provider
from support.races import CALLERS, ROUNDS, Arena
from support.raw import Raw
from support.signing_in import Browser, connect_provider, count_sessions, mailed_code, person, run_sql
from support.tools import LoopbackTool, loopback_code

Use = Callable[[], Awaitable[str]]


class Artefact(NamedTuple):
    """A hundred uses of one thing, what the late ones are told, and which event the one that counts is told by."""

    uses: list[Use]
    over: str
    event: str


Make = Callable[[Arena, Place, Provider], Awaitable[Artefact]]


async def _mailed_codes(arena: Arena, place: Place, provider: Provider) -> Artefact:
    """One mailed code, in so many requests of the browser that asked for it."""
    user = await place.user()
    path = f"/v1/tenants/{place.tenant.id}/auth/email-code"
    started = await Raw(place.stack).send("POST", f"{path}/start", {"email": user.email}, BINDING)
    sign_in = SignInId(started.json()["signIn"])
    code = await mailed_code(place, sign_in)
    # Tries are counted before they are compared: with five, most would be refused for another reason.
    await run_sql(place, "UPDATE email_codes SET attempts = -1000 WHERE id = $1", sign_in.uuid)

    async def verify(raw: Raw) -> str:
        return _said(await raw.send("POST", f"{path}/verify", {"signIn": sign_in, "code": code}, BINDING), 200)

    uses: list[Use] = [partial(verify, Raw(stack)) for stack in arena.spread(CALLERS)]
    return Artefact(uses, "sign_in_ended", "session.started")


async def _callbacks(arena: Arena, place: Place, provider: Provider) -> Artefact:
    """One answer of a provider, in so many requests of the browser that was sent there."""
    connector = await connect_provider(place, provider, allowed=[place.domain])
    provider.person = person(place.address())
    browser = Browser(place)
    url = await browser.begin(provider, connector.id)
    cookie = ("cookie", f"central_signin={browser.binding}")

    async def come_back(raw: Raw) -> str:
        return _said(await raw.send("GET", url.partition("central.test")[2], None, cookie), 303)

    uses: list[Use] = [partial(come_back, Raw(stack)) for stack in arena.spread(CALLERS)]
    return Artefact(uses, "sign_in_ended", "session.started")


async def _verifications(arena: Arena, place: Place, provider: Provider) -> Artefact:
    """One code that was mailed to an address, in so many requests of whose it is."""
    email = await place.owner.emails.add_mine(email=f"{secrets.token_hex(6)}@more.example")
    started = await place.owner.emails.start_verification(email=email.id)
    vault = await place.stack.central.container.get(Vault)
    where = associated_data(place.tenant.id, "email_verifications", "code", started.verification)
    code = vault.open(await _sealed(place, "email_verifications", started.verification), where).decode()
    await run_sql(place, "UPDATE email_verifications SET attempts = -1000 WHERE id = $1", started.verification.uuid)
    path = f"/v1/tenants/{place.tenant.id}/me/emails/verify"
    body = {"verification": started.verification, "code": code}

    async def verify(raw: Raw) -> str:
        return _said(await raw.send("POST", path, body), 200)

    uses: list[Use] = [partial(verify, Raw(stack, place.owner)) for stack in arena.spread(CALLERS)]
    return Artefact(uses, "verification_ended", "user.email.verified")


async def _invitations(arena: Arena, place: Place, provider: Provider) -> Artefact:
    """One link of an invitation, in so many browsers of somebody new."""
    invited = await invite(place, "ada@example.com")
    path = f"/v1/tenants/{place.tenant.id}/auth/invitation/accept"

    async def accept(raw: Raw) -> str:
        return _said(await raw.send("POST", path, {"token": invited.token}), 200)

    uses: list[Use] = [partial(accept, Raw(stack)) for stack in arena.spread(CALLERS)]
    return Artefact(uses, "invitation_accepted", "session.started")


async def _tools(arena: Arena, place: Place, provider: Provider) -> Artefact:
    """One code that a browser brought to a tool, in so many exchanges."""
    tool = LoopbackTool(place.anonymous())
    code = await loopback_code(place, tool, place.owner)
    path = f"/v1/tenants/{place.tenant.id}/auth/loopback/exchange"
    body = {"code": code, "codeVerifier": tool.verifier, "redirectUri": tool.redirect_uri}

    async def exchange(raw: Raw) -> str:
        return _said(await raw.send("POST", path, body), 200)

    uses: list[Use] = [partial(exchange, Raw(stack)) for stack in arena.spread(CALLERS)]
    return Artefact(uses, "expired_token", "session.started")


async def _sealed(place: Place, table: str, id: RichId) -> bytes:
    async with superuser(place.stack) as connection:
        found: bytes = await connection.fetchval(f"SELECT code FROM {table} WHERE id = $1", id.uuid)
    return found


def _said(reply: Reply, success: int) -> str:
    return "done" if reply.status == success else f"{reply.status} {reply.json()['code']}"


# Every table that says of its rows when they were used up, and how to use one up.
ARTEFACTS: dict[str, Make] = {
    "email_codes": _mailed_codes,
    "login_transactions": _callbacks,
    "email_verifications": _verifications,
    "invitations": _invitations,
    "tool_sign_ins": _tools,
}
_MARKS = {"used_at", "accepted_at", "consumed_at", "redeemed_at"}


def test_everything_that_works_once_is_raced_for() -> None:
    """A table whose rows are used up is refused by this test until it is raced for below."""
    used_up = {table.name for table in METADATA.tables.values() if _MARKS & set(table.c.keys())}
    assert used_up == set(ARTEFACTS), "add how to make one and how to use it up to ARTEFACTS"


async def _told(place: Place, event: str) -> int:
    """Count the events of a kind."""
    query = "SELECT count(*) FROM outbox WHERE tenant_id = $1 AND kind = $2"
    async with superuser(place.stack) as connection:
        found: int = await connection.fetchval(query, place.tenant.id.uuid, event)
    return found


@pytest.mark.parametrize("table", ARTEFACTS)
async def test_used_a_hundred_times_at_once(arena: Arena, provider: Provider, table: str, record_property: Any) -> None:
    """Of a hundred uses at once one succeeds, all others are told that it is over, and it is told of once."""
    for _ in range(ROUNDS):
        place = await arena.place()
        artefact = await ARTEFACTS[table](arena, place, provider)
        told = await _told(place, artefact.event)
        outcomes = await arena.run(artefact.uses, crowd_at=table)
        assert outcomes.count("done") == 1, set(outcomes)
        assert {outcome for outcome in outcomes if outcome != "done"} == {f"410 {artefact.over}"}
        assert await _told(place, artefact.event) == told + 1
        assert (await arena.run(artefact.uses[:1])) == [f"410 {artefact.over}"]
    count(record_property, f"rounds: single use, {table}", ROUNDS)


async def test_idempotency_key(arena: Arena, record_property: Any) -> None:
    """A hundred requests with one key at once take effect once, and are all answered the same."""
    place = await arena.place()
    path = f"/v1/tenants/{place.tenant.id}/users"
    for _ in range(ROUNDS):
        key, email = ("idempotency-key", secrets.token_hex(8)), f"{secrets.token_hex(6)}@example.com"
        raws = [Raw(arena.at(place, i).stack, place.owner) for i in range(CALLERS)]
        replies = await arena.run(partial(raw.send, "POST", path, {"email": email}, key) for raw in raws)
        assert {(reply.status, reply.body) for reply in replies if isinstance(reply, Reply)} == {(201, replies[0].body)}
        assert [reply.header("idempotency-replayed") for reply in replies].count(None) == 1
        assert len([user async for user in place.owner.users.list(email=email)]) == 1
    count(record_property, "rounds: idempotency key", ROUNDS)


async def test_first_sign_in_of_one_person(arena: Arena, provider: Provider, record_property: Any) -> None:
    """Fifty browsers that somebody first comes with at once: one user, one identity, fifty sessions."""
    for _ in range(ROUNDS):
        place = await arena.place()
        connector = await connect_provider(place, provider, allowed=[place.domain])
        provider.person = person(place.address())
        browsers = [Browser(arena.at(place, index)) for index in range(50)]
        urls = [await browser.begin(provider, connector.id) for browser in browsers]
        calls = (partial(browser.go, url) for browser, url in zip(browsers, urls, strict=True))
        answers = await arena.run(calls, crowd_at="identities")
        assert [answer.status_code for answer in answers] == [303] * 50
        users = [user async for user in place.owner.users.list()]
        assert len(users) == 2
        assert await count_sessions(place, users[1].id) == 50
        for browser in browsers:
            await browser.aclose()
    count(record_property, "rounds: first sign-in of one person", ROUNDS)


async def test_first_code_of_one_address(arena: Arena, record_property: Any) -> None:
    """Twenty browsers in which somebody new verifies their address at once: one user, twenty sessions."""
    for _ in range(ROUNDS):
        place = await arena.place()
        (connector,) = [c async for c in place.owner.auth_connectors.list()]
        await verify_domain(place)
        policy = {"just_in_time": True, "allowed_domains": [place.domain]}
        await place.owner.auth_connectors.update(connector=connector.id, provisioning=policy)
        clients, calls = [arena.at(place, index).anonymous() for index in range(20)], []
        for client in clients:
            started = await client.auth.start_email_code(email=place.address("new"))
            code = await mailed_code(place, started.sign_in)
            await run_sql(place, "DELETE FROM rate_buckets")  # so many codes are mailed to nobody otherwise
            calls.append(partial(client.auth.verify_email_code, sign_in=started.sign_in, code=code))
        signed_in = await arena.run(calls, crowd_at="user_emails")
        assert len({one.user.id for one in signed_in}) == 1
        assert await count_sessions(place) == 20
    count(record_property, "rounds: first code of one address", ROUNDS)
