"""Giving roles, with an end if need be."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from central_client import (
    AsyncCentral,
    ConflictError,
    ForbiddenError,
    NotFoundError,
    UnauthenticatedError,
    ValidationFailedError,
)
from support.database import holds_up, superuser
from support.place import Place
from support.waiting import until


def _in(**span: float) -> datetime:
    return datetime.now(UTC) + timedelta(**span)


async def test_role_is_given_beside_others(owner: AsyncCentral, place: Place) -> None:
    """The other roles stay, and whoever gets a role signs in anew."""
    user = await place.user()
    client = await place.sign_in(user)
    granted = await owner.roles.grant(user=user.id, role="admin")
    assert (granted.role, granted.expires_at, granted.granted_by) == ("admin", None, place.owner_user.id)
    assert (await owner.users.get(user=user.id)).roles == ["admin", "member"]
    with pytest.raises(UnauthenticatedError):
        await client.users.me()


async def test_role_ends_when_its_time_comes(owner: AsyncCentral, place: Place) -> None:
    """From then on it counts no longer, in the session that there is, with nothing having happened."""
    user = await place.user()
    await owner.roles.grant(user=user.id, role="admin", expires_at=_in(hours=1))
    client = await place.sign_in(user)
    assert "users:write" in (await client.users.me()).permissions
    async with superuser(place.stack) as connection:
        await connection.execute("UPDATE user_roles SET expires_at = now() WHERE expires_at IS NOT NULL")
    me = await client.users.me()
    assert (me.roles, me.permissions) == (["member"], ["units:read", "users:read"])
    with pytest.raises(ForbiddenError):
        await client.users.create(email="ada@example.com")
    assert (await owner.users.get(user=user.id)).roles == ["member"]
    assert [user async for user in owner.users.list(role="admin")] == []
    assert [grant.role async for grant in owner.roles.list_grants(user=user.id)] == ["member"]


async def test_end_is_changed_without_a_new_sign_in(owner: AsyncCentral, place: Place) -> None:
    """A role that is held gets another end, or none, and the session goes on."""
    user = await place.user()
    await owner.roles.grant(user=user.id, role="admin", expires_at=_in(hours=1))
    client = await place.sign_in(user)
    end = _in(days=30)
    assert (await owner.roles.grant(user=user.id, role="admin", expires_at=end)).expires_at == end
    assert (await owner.roles.grant(user=user.id, role="admin")).expires_at is None
    await client.users.me()


async def test_replacing_roles_makes_them_lasting(owner: AsyncCentral, place: Place) -> None:
    """`users.update` gives just the roles that it names, without an end."""
    user = await place.user()
    await owner.roles.grant(user=user.id, role="admin", expires_at=_in(hours=1))
    await owner.users.update(user=user.id, roles=["admin"])
    assert [(g.role, g.expires_at) async for g in owner.roles.list_grants(user=user.id)] == [("admin", None)]


async def test_nobody_gives_what_they_do_not_hold(place: Place, admin: AsyncCentral) -> None:
    """Admins make no owners and give no role beyond their own; nobody raises themselves."""
    await place.owner.roles.create(slug="boss", name="Boss", permissions=["tenant:write"])
    user, me = await place.user(), await admin.users.me()
    for who in (user.id, me.id):
        for role, code in (("owner", "owner_needed"), ("boss", "permission_not_held")):
            with pytest.raises(ForbiddenError) as refusal:
                await admin.roles.grant(user=who, role=role)
            assert refusal.value.code == code
    await admin.roles.grant(user=user.id, role="admin")


async def test_role_that_grows_while_it_is_given(place: Place) -> None:
    """A role is judged as it is when it is given: one that is about to get more is waited for, and then refused."""
    admin, user = await place.signed_in("admin"), await place.user()
    await place.owner.roles.create(slug="grows", name="Grows", permissions=[])
    async with superuser(place.stack) as connection, connection.transaction():
        await connection.execute(
            "UPDATE roles SET permissions = '{tenant:write}' WHERE tenant_id = $1 AND slug = 'grows'",
            place.tenant.id.uuid,
        )
        granting = asyncio.create_task(admin.roles.grant(user=user.id, role="grows"))
        await until(lambda: holds_up(connection))
    with pytest.raises(ForbiddenError):
        await granting
    assert (await place.owner.users.get(user=user.id)).roles == ["member"]


async def test_an_owner_without_an_end_remains(owner: AsyncCentral, place: Place) -> None:
    """The last owner gets no end, and one with an end does not count."""
    other = await place.user("member")
    await owner.roles.grant(user=other.id, role="owner", expires_at=_in(days=1))
    for attempt in (
        owner.roles.grant(user=place.owner_user.id, role="owner", expires_at=_in(days=1)),
        owner.roles.revoke(user=place.owner_user.id, role="owner"),
        owner.users.disable(user=place.owner_user.id),
        owner.users.update(user=place.owner_user.id, roles=["member"]),
    ):
        with pytest.raises(ConflictError) as refusal:
            await attempt
        assert refusal.value.code == "last_owner"


async def test_past_end_and_absent_role_are_refused(owner: AsyncCentral, place: Place) -> None:
    """An end lies ahead, and a role is there."""
    user = await place.user()
    with pytest.raises(ValidationFailedError):
        await owner.roles.grant(user=user.id, role="admin", expires_at=_in(seconds=-1))
    with pytest.raises(NotFoundError):
        await owner.roles.grant(user=user.id, role="nothing")
