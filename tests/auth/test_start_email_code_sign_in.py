import json
import statistics
import time
from typing import Any

import pytest

from central.errors import ForbiddenError, NotFoundError
from central_client import AsyncCentral
from support.database import superuser
from support.place import Place
from support.raw import Raw
from support.signing_in import connect_provider, mailed_code, mailed_token, provider, run_sql

__all__ = ["provider"]
_ROW = (
    "SELECT email, connector_id, length(code_mac) AS mac, length(token) AS token, length(link_hash) AS link,"
    " length(binding_hash) AS binding, address, return_to, attempts, refusals, used_at,"
    " expires_at - created_at AS lifetime FROM email_codes WHERE id = $1"
)
_EVENT = (
    "SELECT kind, o.actor, payload - 'id' - 'occurredAt' - 'occurred_at' AS payload FROM ("
    "SELECT * FROM outbox) o WHERE kind = 'auth.email_code.requested'"
    " AND payload::text LIKE '%' || $1 || '%'"
)


async def _traces(place: Place, email: str) -> dict[str, Any]:
    """Start a sign-in, and give everything that it left behind, but for what is random."""
    client = place.anonymous()
    started = await client.auth.start_email_code(email=email)
    async with superuser(place.stack) as connection:
        row = dict(await connection.fetchrow(_ROW, started.sign_in.uuid))
        event = dict(await connection.fetchrow(_EVENT, started.sign_in))
    assert row.pop("email") == email
    payload = {**json.loads(event["payload"]), "signInId": "…", "requestId": "…"}
    return {"row": row, "event": {**event, "payload": payload}}


async def test_known_unknown_and_disabled_addresses_look_the_same(place: Place) -> None:
    """The answer, its headers, the rows and the event do not tell whether an address is somebody's."""
    known, disabled = await place.user(email="known@example.com"), await place.user(email="gone@example.com")
    await place.owner.users.disable(user=disabled.id)
    raw, seen = Raw(place.stack), []
    for email in (known.email, "nobody@example.com", disabled.email):
        reply = await raw.send("POST", f"/v1/tenants/{place.tenant.slug}/auth/email-code/start", {"email": email})
        body = reply.json()
        assert set(body) == {"__type", "signIn", "expiresAt"}
        headers = [(name, "" if name in {"x-request-id", "set-cookie"} else value) for name, value in reply.headers]
        seen.append((reply.status, headers, len(reply.body), await _traces(place, email)))
    assert seen[0][0] == 202
    assert seen[0] == seen[1] == seen[2]


async def _medians(client: AsyncCentral) -> tuple[float, float]:
    """Start 200 sign-ins for known and 200 for unknown addresses in turns; give both medians in seconds."""
    seconds: dict[str, list[float]] = {"known": [], "other": []}
    for number in range(1, 201):
        for kind in ("known", "other") if number % 2 else ("other", "known"):
            started = time.perf_counter()
            await client.auth.start_email_code(email=f"{kind}{number}@example.com")
            seconds[kind].append(time.perf_counter() - started)
    return statistics.median(seconds["known"]), statistics.median(seconds["other"])


async def test_the_time_to_answer_does_not_tell_either(place: Place) -> None:
    """Over 200 interleaved pairs the medians lie within a tenth or a millisecond.

    What else the machine does may part them once; a difference that is real does so three times in a row.
    """
    await run_sql(
        place,
        "WITH made AS (INSERT INTO users (tenant_id, id, email, display_name)"
        " SELECT $1, gen_random_uuid(), 'known' || n || '@example.com', 'x' FROM generate_series(1, 200) n"
        " RETURNING *) INSERT INTO user_emails (tenant_id, user_id, email) SELECT tenant_id, id, email FROM made",
        place.tenant.id.uuid,
    )
    seen = []
    for _ in range(3):
        known, other = await _medians(place.anonymous())
        seen.append((known, other))
        if abs(known - other) < max(0.001, 0.1 * min(known, other)):
            return
    pytest.fail(f"seconds for known and unknown addresses: {seen}")


async def test_code_is_kept_as_a_keyed_hash_and_sealed(place: Place) -> None:
    """Nothing in the row or the event is the code or the link, and the code's hash is no plain one of it."""
    started = await place.anonymous().auth.start_email_code(email="ada@example.com")
    code, token = await mailed_code(place, started.sign_in), await mailed_token(place, started.sign_in)
    async with superuser(place.stack) as connection:
        row = await connection.fetchval(
            "SELECT to_jsonb(c)::text FROM email_codes c WHERE id = $1", started.sign_in.uuid
        )
        event = await connection.fetchval(
            "SELECT payload::text FROM outbox WHERE payload::text LIKE '%' || $1 || '%'", started.sign_in
        )
        sealed = await connection.fetchval("SELECT token FROM email_codes WHERE id = $1", started.sign_in.uuid)
    for secret in (code, token):
        assert secret.encode() not in sealed
        assert secret.encode().hex() not in row
        assert secret not in event
    assert started.sign_in in event
    assert f'"{code}"' not in event
    assert "ada@example.com" not in event


async def test_tenant_without_mailed_codes(place: Place, provider: Any) -> None:
    """Where the connector for mailed codes is disabled, none is started, and another tenant's does not help."""
    await connect_provider(place, provider)
    (connector,) = [c async for c in place.owner.auth_connectors.list() if c.kind == "email_code"]
    await place.owner.auth_connectors.disable(connector=connector.id)
    with pytest.raises(NotFoundError) as refusal:
        await place.anonymous().auth.start_email_code(email="ada@example.com")
    assert refusal.value.code == "email_code_disabled"


async def test_no_code_in_a_suspended_or_an_absent_tenant(place: Place, operator: AsyncCentral) -> None:
    """A suspended tenant starts no sign-in, and an absent one is not there."""
    await operator.tenants.suspend(tenant=place.tenant.slug)
    with pytest.raises(ForbiddenError) as refusal:
        await place.anonymous().auth.start_email_code(email="ada@example.com")
    assert refusal.value.code == "tenant_suspended"
    with pytest.raises(NotFoundError):
        await place.stack.client("no-such-tenant").auth.start_email_code(email="ada@example.com")


async def test_binding_cookie_is_closed_to_scripts_and_kept_over_tabs(place: Place) -> None:
    """The cookie that binds a sign-in lives as long as the code, is HttpOnly and Lax, and serves several tabs."""
    async with place.stack.http() as http:
        path = f"/v1/tenants/{place.tenant.slug}/auth/email-code/start"
        first = await http.post(path, json={"email": "ada@example.com"})
        name, _, attributes = first.headers["set-cookie"].partition("=")
        value, _, attributes = attributes.partition(";")
        assert (name, len(value)) == ("central_signin", 43)
        assert attributes == " Max-Age=600; Path=/; HttpOnly; SameSite=Lax"
        second = await http.post(path, json={"email": "ada@example.com"})
        assert second.headers["set-cookie"] == first.headers["set-cookie"]


@pytest.mark.parametrize("planted", ["", "x", "a" * 42, "a" * 44, "a" * 42 + "!"])
async def test_planted_text_never_becomes_a_binding(place: Place, planted: str) -> None:
    """A binding that the server did not make is replaced by a new one."""
    reply = await Raw(place.stack).send(
        "POST",
        f"/v1/tenants/{place.tenant.slug}/auth/email-code/start",
        {"email": "ada@example.com"},
        ("cookie", f"central_signin={planted}"),
    )
    value = (reply.header("set-cookie") or "").partition("=")[2].partition(";")[0]
    assert reply.status == 202
    assert value != planted
    assert len(value) == 43
