"""Making two users one."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from central.kernel.ids import UserId
from central_client import (
    AsyncCentral,
    ConflictError,
    ForbiddenError,
    NotFoundError,
    UnauthenticatedError,
    ValidationFailedError,
)
from support.database import fingerprint, superuser
from support.place import Place


async def _pair(place: Place) -> tuple[UserId, UserId]:
    """Make two users that have something of everything, some of it in each other's way."""
    owner = place.owner
    await owner.roles.create(slug="desk", name="Desk", permissions=[])
    kept = await owner.users.create(
        email="ada@example.com",
        external_ids={"hr": "1"},
        tags={"team": "blue", "shift": "late"},
        attributes={"floor": 3},
    )
    other = await owner.users.create(
        email="lovelace@example.com",
        roles=["member", "desk"],
        external_ids={"hr": "2", "crm": "x"},
        tags={"team": "red", "car": "yes"},
        attributes={"floor": 4, "desk": "a"},
    )
    await owner.emails.add(user=other.id, email="countess@example.com")
    return kept.id, other.id


async def _rows(place: Place) -> dict[str, str]:
    """Sum up the tenant's rows, but for the record of the answer."""
    return {**await fingerprint(place.stack, place.tenant.id), "idempotency_keys": ""}


async def test_what_has_room_moves(place: Place) -> None:
    """The user gets what they lacked, keeps what they had, and the other is gone with their sessions."""
    kept, other = await _pair(place)
    gone = await place.sign_in(await place.owner.users.get(user=other))
    merged = await place.owner.users.merge(user=kept, other=other)
    assert sorted(merged.moved_emails) == ["countess@example.com", "lovelace@example.com"]
    assert merged.moved_external_ids == {"crm": "x"}
    assert (merged.moved_roles, merged.moved_tags, merged.moved_attributes) == (["desk"], {"car": "yes"}, {"desk": "a"})
    assert merged.lost == ["external id of hr", "tag team", "attribute floor"]
    assert merged.ended_sessions == 1
    user = merged.user
    assert (user.id, user.email, user.roles) == (kept, "ada@example.com", ["desk", "member"])
    assert user.external_ids == {"hr": "1", "crm": "x"}
    assert user.tags == {"team": "blue", "shift": "late", "car": "yes"}
    assert user.attributes == {"floor": 3, "desk": "a"}
    assert await place.owner.users.get(user=kept) == user
    assert [e.email async for e in place.owner.emails.list(user=kept) if e.primary] == ["ada@example.com"]
    with pytest.raises(NotFoundError):
        await place.owner.users.get(user=other)
    with pytest.raises(UnauthenticatedError):
        await gone.users.me()


async def test_dry_run_says_the_same_and_changes_nothing(place: Place) -> None:
    """A dry run foretells the merge, and leaves every row as it was."""
    kept, other = await _pair(place)
    before = await _rows(place)
    told = await place.owner.users.merge(user=kept, other=other, dry_run=True)
    assert await _rows(place) == before
    done = await place.owner.users.merge(user=kept, other=other)
    same = {"moved_emails", "moved_external_ids", "moved_roles", "moved_tags", "moved_attributes", "lost"}
    assert told.model_dump(include=same) == done.model_dump(include=same)
    assert (told.dry_run, told.user.roles) == (True, ["member"])


async def test_identities_move_where_there_is_room(place: Place) -> None:
    """Who signed in as the other signs in as the user, unless the user has another self at that connector."""
    kept, other = await _pair(place)
    connector = (await place.owner.auth_connectors.list().first_page()).items[0].id
    async with superuser(place.stack) as connection:
        insert = (
            "INSERT INTO identities (tenant_id, id, user_id, connector_id, issuer, subject)"
            " VALUES ($1, gen_random_uuid(), $2, $3, 'https://idp.example', $4)"
        )
        await connection.execute(insert, place.tenant.id.uuid, other.uuid, connector.uuid, "other")
        told = await place.owner.users.merge(user=kept, other=other, dry_run=True)
        assert told.moved_identities == 1
        await place.owner.users.merge(user=kept, other=other)
        subjects = await connection.fetch("SELECT subject FROM identities WHERE user_id = $1", kept.uuid)
        assert [row["subject"] for row in subjects] == ["other"]
        third = await place.user()
        await connection.execute(insert, place.tenant.id.uuid, third.id.uuid, connector.uuid, "third")
        again = await place.owner.users.merge(user=kept, other=third.id)
        assert (again.moved_identities, again.lost) == (0, [f"sign-in by connector {connector}"])


async def test_assignments_move_where_there_is_room(place: Place) -> None:
    """What the other was, is and will be in units the user is then, but where the user is there at the same time."""
    kept, other = await _pair(place)
    one, two = [await place.owner.units.create(name=name) for name in ("One", "Two")]
    moving = await place.owner.units.assign(unit=one.id, user=other, role="member")
    for user in (kept, other):
        await place.owner.units.assign(unit=two.id, user=user)
    told = await place.owner.users.merge(user=kept, other=other, dry_run=True)
    done = await place.owner.users.merge(user=kept, other=other)
    assert told.moved_assignments == done.moved_assignments == 1
    assert f"assignment to {two.id}" in done.lost
    assert (await place.owner.units.get_assignment(assignment=moving.id)).user_id == kept
    assert len([held async for held in place.owner.units.list_assignments()]) == 2


async def test_nobody_gives_a_role_in_a_unit_by_a_merge(place: Place) -> None:
    """A role in a unit that allows more than the caller may does not come to anybody by a merge."""
    kept, other = await _pair(place)
    await place.owner.roles.create(slug="boss", name="Boss", permissions=["tenant:write"])
    unit = await place.owner.units.create(name="Unit")
    await place.owner.units.assign(unit=unit.id, user=other, role="boss")
    admin = await place.signed_in("admin")
    with pytest.raises(ForbiddenError):
        await admin.users.merge(user=kept, other=other)


async def test_roles_keep_their_end(place: Place) -> None:
    """A role that was to end ends when it was to."""
    kept, other = await _pair(place)
    end = datetime.now(UTC) + timedelta(days=3)
    await place.owner.roles.grant(user=other, role="admin", expires_at=end)
    await place.owner.users.merge(user=kept, other=other)
    ends = {g.role: g.expires_at async for g in place.owner.roles.list_grants(user=kept)}
    assert ends == {"admin": end, "desk": None, "member": None}


async def test_nobody_merges_beyond_what_they_hold(place: Place, admin: AsyncCentral) -> None:
    """An admin merges no owner, in either direction, and nobody deletes themselves so."""
    user = await place.user()
    for kept, other in ((user.id, place.owner_user.id), (place.owner_user.id, user.id)):
        with pytest.raises(ForbiddenError):
            await admin.users.merge(user=kept, other=other)
    with pytest.raises(ConflictError) as refusal:
        await admin.users.merge(user=user.id, other=(await admin.users.me()).id)
    assert refusal.value.code == "own_user"


async def test_an_owner_remains(place: Place) -> None:
    """The last owner without an end is not merged into somebody who is disabled, by one whose own time is limited."""
    regent, sleeper, heir = await place.user("owner"), await place.user(), await place.user()
    await place.owner.roles.grant(user=regent.id, role="owner", expires_at=datetime.now(UTC) + timedelta(days=1))
    await place.owner.users.disable(user=sleeper.id)
    client = await place.sign_in(regent)
    with pytest.raises(ConflictError) as refusal:
        await client.users.merge(user=sleeper.id, other=place.owner_user.id)
    assert refusal.value.code == "last_owner"
    merged = await client.users.merge(user=heir.id, other=place.owner_user.id)
    assert merged.user.roles == ["member", "owner"]


async def test_the_longer_grant_counts(place: Place) -> None:
    """A role that both hold ends when the longer grant does: an owner without an end stays one."""
    regent = await place.user("owner")
    await place.owner.roles.grant(user=regent.id, role="owner", expires_at=datetime.now(UTC) + timedelta(days=1))
    client = await place.sign_in(regent)
    merged = await client.users.merge(user=regent.id, other=place.owner_user.id)
    assert merged.moved_roles == ["owner"]
    again = await place.sign_in(regent)
    ends = {grant.role: grant.expires_at async for grant in again.roles.list_grants(user=regent.id)}
    assert ends == {"owner": None}


async def test_one_user_is_not_two(place: Place) -> None:
    """Nobody is merged with themselves, nor with nobody."""
    user = await place.user()
    with pytest.raises(ValidationFailedError):
        await place.owner.users.merge(user=user.id, other=user.id)
    for kept, other in ((user.id, UserId.new()), (UserId.new(), user.id)):
        with pytest.raises(NotFoundError):
            await place.owner.users.merge(user=kept, other=other)


async def test_crosswise_at_once(place: Place) -> None:
    """Of merges in both directions at once one happens, and the other finds one of the two gone."""
    for number in range(10):
        one, two = await place.user(), await place.user()
        outcomes = await asyncio.gather(
            place.owner.users.merge(user=one.id, other=two.id),
            place.owner.users.merge(user=two.id, other=one.id),
            return_exceptions=True,
        )
        assert sorted(type(outcome).__name__ for outcome in outcomes) == ["MergeUsersResponse", "NotFoundError"], number
