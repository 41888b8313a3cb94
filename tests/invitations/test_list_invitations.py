"""Listing invitations."""

import pytest

from central.errors import BadRequestError
from central_client import AsyncCentral
from support.inviting import invite
from support.place import Place
from support.signing_in import run_sql


@pytest.fixture
async def four(place: Place) -> dict[str, str]:
    """One invitation of each state, by address."""
    ids = {}
    for state in ("pending", "accepted", "revoked", "expired"):
        invited = await invite(place, f"{state}@example.com")
        ids[state] = str(invited.id)
        if state == "accepted":
            await place.anonymous().invitations.accept(token=invited.token)
        if state == "revoked":
            await place.owner.invitations.revoke(invitation=invited.id)
        if state == "expired":
            await run_sql(place, "UPDATE invitations SET expires_at = now() WHERE id = $1", invited.id.uuid)
    return ids


async def test_newest_first(owner: AsyncCentral, four: dict[str, str]) -> None:
    """All of them, the newest first, each with its state of now."""
    assert [(i.id, i.state) async for i in owner.invitations.list()] == [
        (four[state], state) for state in ("expired", "revoked", "accepted", "pending")
    ]


@pytest.mark.parametrize("state", ["pending", "accepted", "revoked", "expired"])
async def test_by_state_of_now(owner: AsyncCentral, four: dict[str, str], state: str) -> None:
    """What has run out is not listed as pending, though nothing has happened to it."""
    assert [i.id async for i in owner.invitations.list(state=state)] == [four[state]]


async def test_stored_as_expired_counts_as_such(owner: AsyncCentral, four: dict[str, str]) -> None:
    """One that made room for another is listed with those that have run out."""
    await owner.invitations.create(email="expired@example.com")
    assert [i.id async for i in owner.invitations.list(state="expired")] == [four["expired"]]
    assert len([i async for i in owner.invitations.list(state="pending")]) == 2


@pytest.mark.parametrize(("text", "found"), [("PEND", 1), ("@example", 4), ("%", 0), ("_", 0), ("nobody", 0)])
async def test_by_part_of_the_address(owner: AsyncCentral, four: dict[str, str], text: str, found: int) -> None:
    """A part of the address finds it, without case and without patterns."""
    assert len([i async for i in owner.invitations.list(text=text)]) == found


async def test_pages_keep_filters_and_miss_nothing(owner: AsyncCentral, place: Place) -> None:
    """Pages of two go through all of a state, also those of one moment, and a cursor belongs to its filters."""
    items = [{"email": f"n{number}@example.com"} for number in range(7)]
    await owner.invitations.create_many(items=items)
    gone = await invite(place, "gone@example.com")
    await owner.invitations.revoke(invitation=gone.id)
    pages = [page async for page in owner.invitations.list(state="pending", limit=2).pages()]
    assert [len(page.items) for page in pages] == [2, 2, 2, 1]
    assert sorted(i.email for page in pages for i in page.items) == [item["email"] for item in items]
    cursor = pages[0].next_cursor
    with pytest.raises(BadRequestError) as refusal:
        await owner.invitations.list(state="revoked", cursor=cursor).first_page()
    assert refusal.value.code == "cursor_of_other_list"
