"""Asking why somebody may do something, or may not."""

from datetime import UTC, datetime, timedelta

import pytest

from central.catalog import CATALOG
from central.kernel.ids import UserId
from central_client import AsyncCentral, ForbiddenError, NotFoundError
from support.place import Place


async def test_it_names_the_roles(owner: AsyncCentral, place: Place) -> None:
    """It says which roles hold what is needed, and until when."""
    user = await place.user()
    no = await owner.explain.access(user=user.id, operation="users.create")
    assert (no.allowed, no.permission, no.by_roles, no.until) == (False, "users:write", [], None)
    end = datetime.now(UTC) + timedelta(days=1)
    await owner.roles.create(slug="desk", name="Desk", permissions=["users:write"])
    await owner.roles.grant(user=user.id, role="desk", expires_at=end)
    yes = await owner.explain.access(user=user.id, operation="users.create")
    assert (yes.allowed, yes.by_roles, yes.until) == (True, ["desk"], end)
    await owner.roles.grant(user=user.id, role="admin")
    lasting = await owner.explain.access(user=user.id, operation="users.create")
    assert (lasting.by_roles, lasting.until) == (["admin", "desk"], None)


async def test_it_says_what_the_server_does(place: Place) -> None:
    """For every operation and role the explanation is the same as what the permissions of the session say."""
    for role in ("owner", "admin", "member"):
        user = await place.user(role)
        held = set((await (await place.sign_in(user)).users.me()).permissions)
        for operation in CATALOG:
            told = await place.owner.explain.access(user=user.id, operation=operation.name)
            needed = getattr(operation.access, "permission", None)
            assert told.permission == needed
            assert told.allowed == (needed is None or needed in held), operation.name


async def test_disabled_users_may_nothing(owner: AsyncCentral, place: Place) -> None:
    """Whatever roles they hold."""
    user = await place.user("admin")
    await owner.users.disable(user=user.id)
    assert not (await owner.explain.access(user=user.id, operation="users.me")).allowed


async def test_operators(operator: AsyncCentral, owner: AsyncCentral, place: Place) -> None:
    """What is for operators of the system is explained by their permissions for it."""
    me = await operator.users.me()
    assert (await operator.explain.access(user=me.id, operation="tenants.create")).allowed
    assert not (await owner.explain.access(user=place.owner_user.id, operation="tenants.create")).allowed


async def test_absent_ones_are_not_found(owner: AsyncCentral, member: AsyncCentral, place: Place) -> None:
    """Neither a user nor an operation is made up; and whoever may not see roles gets no explanation."""
    with pytest.raises(NotFoundError):
        await owner.explain.access(user=UserId.new(), operation="users.create")
    with pytest.raises(NotFoundError):
        await owner.explain.access(user=place.owner_user.id, operation="users.fly")
    with pytest.raises(ForbiddenError):
        await member.explain.access(user=place.owner_user.id, operation="users.create")
