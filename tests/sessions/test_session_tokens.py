"""The token of a session: where it is, where it is not, and what a planted one does."""

import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from unittest.mock import patch

import pytest

from central_server.app import Central
from central_server.auth.codes import EmailCodes
from central_server.infra.config import Settings
from support.asgi import JSON_HEADER, Reply, ask, assert_problem
from support.database import superuser, tenant_tables
from support.place import Place, Stack
from support.raw import Raw, cookie_of


@asynccontextmanager
async def secure_api(stack: Stack) -> AsyncIterator[Central]:
    """The API on the same database, as it is behind https."""
    secure = {"public_url": "https://central.test", "database_pool_size": 2}
    central = Central(Settings.model_validate({**dict(stack.settings), **secure}))
    await central.start()
    try:
        yield central
    finally:
        await central.stop()


@asynccontextmanager
async def codes_that_fit(central: Central) -> AsyncIterator[None]:
    """Let any code sign in: what is looked at here is the cookie."""
    codes = await central.container.get(EmailCodes)
    with patch.object(codes.signing, "verify", return_value=True):
        yield


async def _sign_in(central: Central, place: Place, *cookies: str) -> Reply:
    """Sign the owner in over HTTP, with these cookies in the browser beforehand."""
    path = f"/v1/tenants/{place.tenant.id}/auth/email-code"
    started = await ask(
        central, "POST", f"{path}/start", [JSON_HEADER], b'{"email":"%s"}' % place.owner_user.email.encode()
    )
    binding = (started.header("set-cookie") or "").partition(";")[0]
    headers = [JSON_HEADER, ("cookie", "; ".join([binding, *cookies]))]
    body = b'{"signIn":"%s","code":"000000"}' % started.json()["signIn"].encode()
    async with codes_that_fit(central):
        return await ask(central, "POST", f"{path}/verify", headers, body)


def _session_cookie(reply: Reply) -> tuple[str, str, set[str]]:
    """Give the name, the value and the attributes of the session's cookie."""
    (line,) = (value for name, value in reply.headers if name == "set-cookie" and "central_session=" in value)
    pair, *attributes = line.split("; ")
    name, _, value = pair.partition("=")
    return name, value, set(attributes)


async def test_cookie_over_https(place: Place) -> None:
    """Over https the cookie is bound to the host and closed to scripts and other sites."""
    async with secure_api(place.stack) as central:
        reply = await _sign_in(central, place)
        assert reply.status == 200
        name, value, attributes = _session_cookie(reply)
        assert name == "__Host-central_session"
        assert attributes == {"Secure", "HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=86400"}
        assert len(value) == 43
        assert value not in reply.body.decode()
        me = f"/v1/tenants/{place.tenant.id}/me"
        assert (await ask(central, "GET", me, [("cookie", f"{name}={value}")])).status == 200
        # The plain name can be planted by a sibling domain or over http, and counts for nothing here.
        assert_problem(await ask(central, "GET", me, [("cookie", f"central_session={value}")]), 401)


async def test_cookie_over_plain_http_in_development(place: Place) -> None:
    """Over http there is no prefix and no Secure; the rest stays."""
    reply = await _sign_in(place.stack.central, place)
    name, _, attributes = _session_cookie(reply)
    assert (name, attributes) == ("central_session", {"HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=86400"})


@pytest.mark.parametrize("planted", ["central_session=" + "A" * 43, "central_session=x"])
async def test_planted_token_is_never_upgraded(place: Place, planted: str) -> None:
    """A token that was in the browser before the sign-in is not the session's after it."""
    reply = await _sign_in(place.stack.central, place, planted)
    assert reply.status == 200
    assert _session_cookie(reply)[1] != planted.partition("=")[2]
    again = await ask(place.stack.central, "GET", f"/v1/tenants/{place.tenant.id}/me", [("cookie", planted)])
    assert_problem(again, 401)


async def test_sign_in_ends_the_session_one_came_with(place: Place) -> None:
    """A new sign-in in the same browser gives a new token, and the old one dies."""
    await _sign_in(place.stack.central, place)  # the first one proves the address, and ends what there was before
    before, other = await place.sign_in(place.owner_user), await place.sign_in(place.owner_user)
    reply = await _sign_in(place.stack.central, place, cookie_of(before)[1])
    assert reply.status == 200
    assert_problem(await Raw(place.stack, before).send("GET", f"/v1/tenants/{place.tenant.id}/me"), 401)
    await other.users.me()


@pytest.mark.parametrize("joined", [True, False])
@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize("other", ["", "x", "A" * 43])
async def test_cookie_that_is_there_twice_is_refused(place: Place, order: int, other: str, *, joined: bool) -> None:
    """Two cookies of the name mean that one was planted: neither counts, in either order (CVE-2024-28197)."""
    own = cookie_of(place.owner)[1]
    pair = [own, f"central_session={other}"][::order]
    headers = [("cookie", "; ".join(pair))] if joined else [("cookie", part) for part in pair]
    reply = await ask(place.stack.central, "GET", f"/v1/tenants/{place.tenant.id}/me", headers)
    assert_problem(reply, 400, code="duplicate_cookie")


async def test_other_cookies_do_not_disturb(place: Place) -> None:
    """Cookies of other names, odd ones too, and a split header are fine."""
    headers = [("cookie", f"a=1; ; =; b; {cookie_of(place.owner)[1]};c=\xff"), ("cookie", "xcentral_session=1")]
    assert (await ask(place.stack.central, "GET", f"/v1/tenants/{place.tenant.id}/me", headers)).status == 200


async def test_token_is_in_the_database_as_a_hash_only(place: Place) -> None:
    """No table holds a token; the session's row holds its SHA-256."""
    client = await place.signed_in("member")
    assert client.session_token is not None
    token = client.session_token.get_secret_value()
    async with superuser(place.stack) as connection:
        digest = hashlib.sha256(token.encode()).digest()
        assert await connection.fetchval("SELECT count(*) FROM sessions WHERE token_hash = $1", digest) == 1
        for table in await tenant_tables(connection):
            found = await connection.fetchval(f"SELECT count(*) FROM {table} t WHERE t::text LIKE $1", f"%{token}%")
            assert found == 0, table
            binary = await connection.fetchval(
                f"SELECT count(*) FROM {table} t WHERE t::text LIKE $1", f"%{token.encode().hex()}%"
            )
            assert binary == 0, table


@pytest.mark.parametrize("cut", [1, 21, 42])
async def test_part_of_a_token_is_no_token(place: Place, cut: int) -> None:
    """The whole token counts: neither a beginning nor more than it signs in (CVE-2026-27840)."""
    own = cookie_of(place.owner)[1]
    for value in (own[:-cut], own + "A" * cut, own.swapcase()):
        reply = await ask(place.stack.central, "GET", f"/v1/tenants/{place.tenant.id}/me", [("cookie", value)])
        assert_problem(reply, 401)


async def test_token_counts_in_the_cookie_only(place: Place) -> None:
    """A token in a header or in the query signs nobody in."""
    token = cookie_of(place.owner)[1].partition("=")[2]
    raw = Raw(place.stack)
    me = f"/v1/tenants/{place.tenant.id}/me"
    assert_problem(await raw.send("GET", me, None, ("authorization", f"Bearer {token}")), 401)
    assert_problem(await raw.send("GET", f"{me}?central_session={token}"), 401)
