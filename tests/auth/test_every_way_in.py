"""Every way to a session, by the same rules: through the one gate, whatever changes meanwhile, and with a new token."""

import secrets
from collections.abc import Callable, Coroutine
from typing import Any
from urllib.parse import urlsplit

import pytest

from central.kernel.ids import AuthConnectorId, SignInId
from central.users.models import User
from central_client import AsyncCentral
from support.asgi import JSON_HEADER, Reply, ask
from support.place import Place
from support.provider import Person, Provider
from support.raw import cookie_of
from support.sessions import current_session, is_signed_in, session_row
from support.signing_in import Browser, connect_provider, mailed_code, provider, run_sql

__all__ = ["provider"]


def token_in(reply: Reply) -> str | None:
    """Give the session that an answer brings."""
    for name, value in reply.headers:
        if name == "set-cookie" and value.startswith("central_session="):
            return value.removeprefix("central_session=").partition(";")[0] or None
    return None


class Way:
    """A sign-in of a user, in two steps, between which something may happen."""

    connector: AuthConnectorId | None = None

    def __init__(self, place: Place, user: User, provider: Provider) -> None:
        self.place, self.user, self.provider = place, user, provider

    async def begin(self) -> None:
        """Go so far that the next step gives the session."""
        raise NotImplementedError

    async def finish(self, *cookies: str) -> Reply:
        """Take the last step, with these cookies in the browser beside those of the sign-in."""
        raise NotImplementedError

    async def send(self, method: str, target: str, body: bytes, *cookies: str) -> Reply:
        headers = [JSON_HEADER, ("cookie", "; ".join(cookies))]
        return await ask(self.place.stack.central, method, target, headers, body)


class ByCode(Way):
    """With a mailed code."""

    async def begin(self) -> None:
        (connector,) = [c async for c in self.place.owner.auth_connectors.list() if c.kind == "email_code"]
        self.connector, self.path = connector.id, f"/v1/tenants/{self.place.tenant.id}/auth/email-code"
        started = await self.send("POST", f"{self.path}/start", b'{"email":"%s"}' % self.user.email.encode())
        self.binding = (started.header("set-cookie") or "").partition(";")[0]
        self.sign_in = SignInId(started.json()["signIn"])
        self.code = await mailed_code(self.place, self.sign_in)

    async def finish(self, *cookies: str) -> Reply:
        body = b'{"signIn":"%s","code":"%s"}' % (self.sign_in.encode(), self.code.encode())
        return await self.send("POST", f"{self.path}/verify", body, self.binding, *cookies)


class AtProvider(Way):
    """At an OpenID provider, as somebody who was there before."""

    async def begin(self) -> None:
        connector = await connect_provider(self.place, self.provider)
        self.connector, self.provider.person = connector.id, Person(sub="known", email=self.user.email)
        await run_sql(
            self.place,
            "INSERT INTO identities (tenant_id, id, user_id, connector_id, issuer, subject)"
            " VALUES ($1, gen_random_uuid(), $2, $3, $4, 'known')",
            self.place.tenant.id.uuid,
            self.user.id.uuid,
            connector.id.uuid,
            self.provider.issuer,
        )
        async with Browser(self.place) as browser:
            callback = urlsplit(await browser.begin(self.provider, connector.id))
            self.binding = f"central_signin={browser.binding}"
        self.target = f"{callback.path}?{callback.query}"

    async def finish(self, *cookies: str) -> Reply:
        return await self.send("GET", self.target, b"", self.binding, *cookies)


class InAnothersName(Way):
    """By somebody who acts in the user's name; the browser's session is theirs."""

    async def begin(self) -> None:
        self.admin = await self.place.signed_in("admin")

    async def finish(self, *cookies: str) -> Reply:
        target = f"/v1/tenants/{self.place.tenant.id}/users/{self.user.id}/impersonate"
        return await self.send("POST", target, b'{"reason":"test"}', *(cookies or (cookie_of(self.admin)[1],)))


WAYS: tuple[type[Way], ...] = (ByCode, AtProvider, InAnothersName)
SIGN_INS = (ByCode, AtProvider)


async def _disable_user(way: Way, _: AsyncCentral) -> None:
    await way.place.owner.users.disable(user=way.user.id)


async def _delete_user(way: Way, _: AsyncCentral) -> None:
    await way.place.owner.users.delete(user=way.user.id)


async def _disable_connector(way: Way, _: AsyncCentral) -> None:
    assert way.connector is not None
    others = [c async for c in way.place.owner.auth_connectors.list() if c.id != way.connector]
    if not others:
        await connect_provider(way.place, way.provider)
    await way.place.owner.auth_connectors.disable(connector=way.connector)


async def _suspend_tenant(way: Way, operator: AsyncCentral) -> None:
    await operator.tenants.suspend(tenant=way.place.tenant.id)


async def _delete_tenant(way: Way, _: AsyncCentral) -> None:
    await way.place.begin_deletion()


Change = Callable[[Way, AsyncCentral], Coroutine[Any, Any, None]]
CHANGES: dict[str, Change] = {
    "user disabled": _disable_user,
    "user deleted": _delete_user,
    "connector disabled": _disable_connector,
    "tenant suspended": _suspend_tenant,
    "tenant deleted": _delete_tenant,
}


@pytest.mark.parametrize(
    ("kind", "change"),
    [(kind, change) for kind in WAYS for change in CHANGES if (kind, change) != (InAnothersName, "connector disabled")],
)
async def test_no_session_after_a_change_on_the_way(
    place: Place, operator: AsyncCentral, provider: Provider, kind: type[Way], change: str
) -> None:
    """What is disabled, deleted or suspended between the two steps of a sign-in gives no session (threat 8)."""
    way = kind(place, await place.user(), provider)
    await way.begin()
    await CHANGES[change](way, operator)
    reply = await way.finish()
    assert (reply.status >= 400, token_in(reply)) == (True, None)
    if change == "tenant suspended":
        await operator.tenants.reactivate(tenant=place.tenant.id)
    if change == "tenant deleted":
        await operator.tenants.restore(tenant=place.tenant.id)
    assert [s async for s in place.owner.sessions.search(user=way.user.id, state="all")] == []


@pytest.mark.parametrize("kind", WAYS, ids=lambda kind: kind.__name__)
async def test_control_gives_one(place: Place, provider: Provider, kind: type[Way]) -> None:
    """Where nothing changes on the way there is a session of the user: the test above refuses for the right reason."""
    way = kind(place, await place.user(), provider)
    await way.begin()
    token = token_in(await way.finish())
    assert (await place.stack.client(place.tenant.slug, token).users.me()).id == way.user.id


async def _nobodys(place: Place, user: User) -> str:
    return secrets.token_urlsafe(32)


async def _attackers(place: Place, user: User) -> str:
    return await place.stack.session_of(place.tenant.id, (await place.user()).id)


async def _own(place: Place, user: User) -> str:
    return await place.stack.session_of(place.tenant.id, user.id)


async def _ended(place: Place, user: User) -> str:
    token = await _own(place, user)
    await place.stack.client(place.tenant.slug, token).auth.sign_out()
    return token


PLANTED = {"nobody's": _nobodys, "the attacker's": _attackers, "one's own": _own, "ended": _ended}


@pytest.mark.parametrize("planted", PLANTED)
@pytest.mark.parametrize("kind", SIGN_INS, ids=lambda kind: kind.__name__)
async def test_planted_session_is_never_the_users(
    place: Place, provider: Provider, kind: type[Way], planted: str
) -> None:
    """A token that was there before is not the session's afterwards, and one's own has ended (threat 9)."""
    way = kind(place, await place.user(), provider)
    before = await PLANTED[planted](place, way.user)
    old = place.stack.client(place.tenant.slug, before)
    was = await current_session(old) if await is_signed_in(old) else None
    await way.begin()
    token = token_in(await way.finish(f"central_session={before}"))
    assert token not in {None, before}
    assert (await place.stack.client(place.tenant.slug, token).users.me()).id == way.user.id
    if planted == "the attacker's":
        assert (await old.users.me()).id != way.user.id
    else:
        assert not await is_signed_in(old)
    if planted == "one's own":
        assert was is not None
        assert (await session_row(place, was))["ended_reason"] == "signed_in_again"


async def test_impersonation_leaves_its_own_session_as_it_is(place: Place, provider: Provider) -> None:
    """The session that one comes with does not become the other's, nor does it end."""
    way = InAnothersName(place, await place.user(), provider)
    await way.begin()
    me = await way.admin.users.me()
    token = token_in(await way.finish())
    assert way.admin.session_token is not None
    assert token not in {None, way.admin.session_token.get_secret_value()}
    assert await way.admin.users.me() == me


@pytest.mark.parametrize("kind", SIGN_INS, ids=lambda kind: kind.__name__)
async def test_signing_in_from_a_session_in_anothers_name(place: Place, provider: Provider, kind: type[Way]) -> None:
    """Who signs in as the user in a browser that acts in their name is the user alone; what was before has ended."""
    way = kind(place, await place.user(), provider)
    async with place.owner.impersonate(user=way.user.id, reason="test") as view:
        assert view.session_token is not None
        await way.begin()
        token = token_in(await way.finish(f"central_session={view.session_token.get_secret_value()}"))
        assert (await place.stack.client(place.tenant.slug, token).users.me()).impersonator is None
        assert not await is_signed_in(view)
