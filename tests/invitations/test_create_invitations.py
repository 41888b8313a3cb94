"""Inviting many at once."""

import asyncio
import secrets

import pytest

from central.errors import ValidationFailedError
from central_client import AsyncCentral
from support.asgi import assert_problem
from support.inviting import invite, rows, token_in, told
from support.place import Place
from support.raw import Raw


async def test_each_item_has_its_outcome_in_order(owner: AsyncCentral) -> None:
    """What is wrong with one is told where it stands, in words, and the others are invited."""
    pending = await owner.invitations.create(email="known@example.com")
    done = await owner.invitations.create_many(
        items=[
            {"email": "zoe@example.com", "roles": ["admin"], "message": "Hello"},
            {"email": "no address"},
            {"email": "KNOWN@example.com"},
            {"email": "role@example.com", "roles": ["no-such-role"]},
            {"email": " Zoe@Example.com "},
            {"email": "\x00"},
            {"email": "ada@example.com", "message": "x" * 501},
            {"email": "twice@example.com", "roles": ["member", "member"]},
            {"email": "none@example.com", "roles": []},
            {"email": "ada@example.com"},
        ]
    )
    assert [outcome.problem for outcome in done.outcomes] == [
        None, "email", None, "unknown_role", "duplicate_email", "email",
        "string_too_long", "duplicate_role", "too_short", None,
    ]  # fmt: skip
    assert all((outcome.invitation is None) == (outcome.problem is not None) for outcome in done.outcomes)
    assert all(outcome.detail for outcome in done.outcomes if outcome.problem)
    zoe, known, ada = (done.outcomes[place] for place in (0, 2, 9))
    assert zoe.invitation is not None
    assert (zoe.created, zoe.mail_requested, zoe.invitation.roles, zoe.invitation.message) == (
        True,
        True,
        ["admin"],
        "Hello",
    )
    assert known.invitation is not None
    assert (known.created, known.mail_requested, known.invitation.id) == (False, False, pending.invitation.id)
    assert ada.created
    assert {i.email async for i in owner.invitations.list()} == {
        "known@example.com",
        "zoe@example.com",
        "ada@example.com",
    }


async def test_hundred_at_once(owner: AsyncCentral, place: Place) -> None:
    """A hundred are invited in one transaction, each with an event and a mail; more are refused as a whole."""
    items = [{"email": f"n{number}@example.com"} for number in range(100)]
    done = await owner.invitations.create_many(items=items)
    assert [outcome.invitation and outcome.invitation.email for outcome in done.outcomes] == [i["email"] for i in items]
    assert len(await told(place, "invitation.mail_requested")) == 100
    (moments,) = await rows(place, "SELECT count(DISTINCT created_at) AS n FROM invitations WHERE tenant_id = $1")
    assert moments["n"] == 1, "the time of one transaction"
    for wrong in ([], [*items, {"email": "one-too-many@example.com"}]):
        with pytest.raises(ValidationFailedError):
            await owner.invitations.create_many(items=wrong)


async def test_nobody_invites_beyond_what_they_hold(place: Place, admin: AsyncCentral) -> None:
    """The rules of one invitation hold for each of many."""
    to_owner = await invite(place, "boss@example.com", "owner")
    done = await admin.invitations.create_many(
        items=[
            {"email": "a@example.com", "roles": ["owner"]},
            {"email": "boss@example.com", "roles": ["member"]},
            {"email": "b@example.com", "roles": ["admin"]},
        ]
    )
    assert [outcome.problem for outcome in done.outcomes] == ["owner_needed", "owner_needed", None]
    assert (await place.owner.invitations.get(invitation=to_owner.id)).roles == ["owner"]


async def test_links_are_handed_over(owner: AsyncCentral, place: Place) -> None:
    """Without mails each outcome has its own link, which lets its own person in."""
    done = await owner.invitations.create_many(
        items=[{"email": f"n{number}@example.com"} for number in range(3)], send=False
    )
    assert await told(place, "invitation.mail_requested") == []
    for number, outcome in enumerate(done.outcomes):
        assert outcome.link is not None
        assert outcome.link not in repr(done)
        client = place.anonymous()
        await client.invitations.accept(token=token_in(outcome.link))
        assert (await client.users.me()).email == f"n{number}@example.com"


async def test_repetition_is_the_first_answer(place: Place) -> None:
    """A batch with a key is done once, with its links, and kept sealed."""
    raw, key = Raw(place.stack, place.owner), ("idempotency-key", secrets.token_hex(8))
    path = f"/v1/tenants/{place.tenant.id}/invitation-batches"
    body = {"items": [{"email": "ada@example.com"}, {"email": "bad"}], "send": False}
    replies = await asyncio.gather(*(raw.send("POST", path, body, key) for _ in range(10)))
    assert {(reply.status, reply.body) for reply in replies} == {(200, replies[0].body)}
    assert len(await told(place, "invitation.created")) == 1
    assert_problem(await raw.send("POST", path, {**body, "send": True}, key), 409, code="idempotency_key_reused")


async def test_two_batches_that_cross_both_finish(owner: AsyncCentral) -> None:
    """Batches of the same addresses in opposite order, at once, do not wait for each other in a ring."""
    items = [{"email": f"n{number}@example.com"} for number in range(12)]
    for _ in range(4):
        done = await asyncio.gather(
            *(owner.invitations.create_many(items=batch) for batch in (items, items[::-1])),
        )
        assert {outcome.problem for batch in done for outcome in batch.outcomes} == {None}
    assert len([i async for i in owner.invitations.list(limit=200)]) == 12
