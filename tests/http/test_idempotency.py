"""`Idempotency-Key`: however often a request is made, it takes effect once."""

import asyncio
import secrets

import pytest

from support.asgi import Header, Reply, assert_problem
from support.database import superuser
from support.place import Place
from support.raw import Raw


def _key(text: str | None = None) -> Header:
    return "idempotency-key", text or secrets.token_hex(8)


async def _users(place: Place) -> list[str]:
    return [user.email async for user in place.owner.users.list(role="member")]


async def _create(raw: Raw, place: Place, email: str, *headers: Header) -> Reply:
    return await raw.send("POST", f"/v1/tenants/{place.tenant.id}/users", {"email": email}, *headers)


def _same(replies: list[Reply]) -> set[tuple[int, bytes]]:
    return {(reply.status, reply.body) for reply in replies}


async def _records(place: Place) -> int:
    async with superuser(place.stack) as connection:
        return await connection.fetchval(
            "SELECT count(*) FROM idempotency_keys WHERE tenant_id = $1 AND user_id = $2",
            place.tenant.id.uuid,
            place.owner_user.id.uuid,
        )


async def test_fifty_at_once_take_effect_once(place: Place) -> None:
    """Of fifty concurrent requests with one key one is executed, and all are answered the same."""
    raw, key = Raw(place.stack, place.owner), _key()
    replies = await asyncio.gather(*(_create(raw, place, "ada@example.com", key) for _ in range(50)))
    assert [status for status, _ in _same(replies)] == [201]
    assert [reply.header("idempotency-replayed") for reply in replies].count(None) == 1
    assert await _users(place) == ["ada@example.com"]
    async with superuser(place.stack) as connection:
        told = await connection.fetchval(
            "SELECT count(*) FROM outbox WHERE tenant_id = $1 AND kind = 'user.created' AND payload->>'actor' = $2",
            place.tenant.id.uuid,
            place.owner_user.id,
        )
    assert told == 1


async def test_repetition_says_that_it_is_one(place: Place) -> None:
    """A later repetition gets the first answer, byte for byte, and a header that says so."""
    raw, key = Raw(place.stack, place.owner), _key()
    first, second = [await _create(raw, place, "ada@example.com", key) for _ in range(2)]
    assert (first.status, first.body) == (second.status, second.body)
    assert (first.header("idempotency-replayed"), second.header("idempotency-replayed")) == (None, "true")
    assert second.header("content-type") == "application/json"


async def test_key_of_another_request_is_refused(place: Place) -> None:
    """The same key with another body, path or operation is a mistake, and is answered as one."""
    raw, key = Raw(place.stack, place.owner), _key()
    user = (await _create(raw, place, "ada@example.com", key)).json()["id"]
    others = [
        await _create(raw, place, "eve@example.com", key),
        await raw.send(
            "POST", f"/v1/tenants/{place.tenant.id}/users/{user}/disable", {"email": "ada@example.com"}, key
        ),
        await raw.send("POST", f"/v1/tenants/{place.tenant.id}/users/{user}/disable", {}, key),
    ]
    assert_problem(others[0], 409, code="idempotency_key_reused")
    assert_problem(others[1], 409, 422)
    assert_problem(others[2], 409, code="idempotency_key_reused")
    assert await _users(place) == ["ada@example.com"]


async def test_key_belongs_to_its_user_and_tenant(place: Place, other_place: Place) -> None:
    """The same key of another user, or in another tenant, is another key."""
    key, admin = _key(), await place.signed_in("admin")
    emails = {}
    for number, (raw, where) in enumerate(
        [
            (Raw(place.stack, place.owner), place),
            (Raw(place.stack, admin), place),
            (Raw(place.stack, other_place.owner), other_place),
        ]
    ):
        reply = await _create(raw, where, f"n{number}@example.com", key)
        assert (reply.status, reply.header("idempotency-replayed")) == (201, None)
        emails[number] = reply.json()["email"]
    assert emails == {0: "n0@example.com", 1: "n1@example.com", 2: "n2@example.com"}


async def test_failed_request_leaves_no_record(place: Place) -> None:
    """A refused request may be made again with its key, once what stood against it is gone."""
    raw, key = Raw(place.stack, place.owner), _key()
    taken = await place.user(email="ada@example.com")
    before = await _records(place)
    assert_problem(await _create(raw, place, "ada@example.com", key), 409, code="email_taken")
    assert_problem(await _create(raw, place, "no address", key), 422)
    assert await _records(place) == before
    await place.owner.users.delete(user=taken.id)
    assert (await _create(raw, place, "ada@example.com", key)).status == 201
    assert await _records(place) == before + 1


async def test_concurrent_failures_are_all_failures(place: Place) -> None:
    """Twenty at once with one key, all refused for the same reason, leave nothing."""
    raw, key = Raw(place.stack, place.owner), _key()
    await place.user(email="ada@example.com")
    before = await _records(place)
    replies = await asyncio.gather(*(_create(raw, place, "ada@example.com", key) for _ in range(20)))
    assert {reply.json()["code"] for reply in replies} == {"email_taken"}
    assert await _records(place) == before


@pytest.mark.parametrize("key", ["", "a" * 256, "a\tb", "é", "a\x7f"])
async def test_malformed_key_is_refused(place: Place, key: str) -> None:
    """A key has 1 to 255 printable ASCII characters."""
    reply = await _create(Raw(place.stack, place.owner), place, "ada@example.com", ("idempotency-key", key))
    assert_problem(reply, 400, code="malformed_idempotency_key")
    assert await _users(place) == []


@pytest.mark.parametrize("key", ["a", "a" * 255, "a key, with 'marks'; --", "%00"])
async def test_longest_and_oddest_keys_do(place: Place, key: str) -> None:
    """Everything printable up to 255 characters is a key."""
    raw = Raw(place.stack, place.owner)
    for _ in range(2):
        assert (await _create(raw, place, "ada@example.com", ("idempotency-key", key))).status == 201


async def test_tenants_are_created_once(place: Place) -> None:
    """The key works where the work happens in another tenant than the caller's: creating tenants."""
    raw, key = Raw(place.stack, await place.stack.sign_in_operator()), _key()
    body = {"slug": f"t{secrets.token_hex(6)}", "name": "Acme", "ownerEmail": "o@acme.example"}
    replies = await asyncio.gather(*(raw.send("POST", "/v1/tenants", body, key) for _ in range(20)))
    assert [status for status, _ in _same(replies)] == [201]
    assert_problem(await raw.send("POST", "/v1/tenants", {**body, "name": "Globex"}, key), 409)
    assert_problem(await raw.send("POST", "/v1/tenants", body, _key()), 409, code="slug_taken")


async def test_suspension_is_done_once(place: Place) -> None:
    """A repeated suspension is answered as the first was, even after the tenant is active again."""
    raw, key = Raw(place.stack, await place.stack.sign_in_operator()), _key()
    target = f"/v1/tenants/{place.tenant.id}/suspend"
    first = await raw.send("POST", target, {}, key)
    await (await place.stack.sign_in_operator()).tenants.reactivate(tenant=place.tenant.id)
    second = await raw.send("POST", target, {}, key)
    assert (second.status, second.body, second.header("idempotency-replayed")) == (200, first.body, "true")
    await place.owner.users.me()


async def test_changes_are_made_once(place: Place) -> None:
    """A repeated PATCH does not count twice, nor run into its own version."""
    raw, key = Raw(place.stack, place.owner), _key()
    user = await place.user()
    body = {"displayName": "Ada", "expectedVersion": 1}
    replies = [await raw.send("PATCH", f"/v1/tenants/{place.tenant.id}/users/{user.id}", body, key) for _ in range(3)]
    assert [status for status, _ in _same(replies)] == [200]
    assert (await place.owner.users.get(user=user.id)).version == 2


async def test_replay_needs_the_permission_still(place: Place) -> None:
    """Who may not any more does not get the answer of when they might."""
    admin_user = await place.user("admin")
    raw, key = Raw(place.stack, await place.sign_in(admin_user)), _key()
    assert (await _create(raw, place, "ada@example.com", key)).status == 201
    await place.owner.users.update(user=admin_user.id, roles=["member"])
    demoted = Raw(place.stack, await place.sign_in(admin_user))
    assert_problem(await _create(demoted, place, "ada@example.com", key), 403)


async def test_many_keys_at_once_do_not_starve_each_other(place: Place) -> None:
    """Ten bursts of one key each, more than there are connections, all finish."""
    raw = Raw(place.stack, place.owner)
    calls = [
        _create(raw, place, f"n{burst}@example.com", _key(f"burst-{burst}")) for _ in range(10) for burst in range(10)
    ]
    replies = await asyncio.gather(*calls)
    assert {reply.status for reply in replies} == {201}
    assert len(await _users(place)) == 10
