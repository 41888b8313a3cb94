"""Changing roles of one's own."""

import pytest

from central_client import AsyncCentral, ConflictError, ForbiddenError, NotFoundError
from support.place import Place


async def test_change_counts_from_the_next_request(place: Place) -> None:
    """Whoever holds the role may do what it allows now, in the session that they have."""
    await place.owner.roles.create(slug="desk", name="Desk", permissions=["users:read"])
    client = await place.signed_in("desk")
    await client.users.list().first_page()
    await place.owner.roles.update(role="desk", permissions=["sessions:read"])
    with pytest.raises(ForbiddenError):
        await client.users.list().first_page()
    assert (await client.users.me()).permissions == ["sessions:read"]


async def test_only_what_is_named_changes(owner: AsyncCentral) -> None:
    """Absent fields stay, null clears the description, and each change counts a version."""
    await owner.roles.create(slug="desk", name="Desk", description="For now", permissions=["users:read"])
    named = await owner.roles.update(role="desk", name="Front desk")
    assert (named.name, named.description, named.permissions) == ("Front desk", "For now", ["users:read"])
    cleared = await owner.roles.update(role="desk", description=None)
    assert (cleared.name, cleared.description, cleared.version) == ("Front desk", None, 3)


async def test_stale_version_is_refused(owner: AsyncCentral) -> None:
    """Who read an older version changes nothing."""
    await owner.roles.create(slug="desk", name="Desk", permissions=[])
    await owner.roles.update(role="desk", name="Front desk", expected_version=1)
    with pytest.raises(ConflictError) as refusal:
        await owner.roles.update(role="desk", name="Back desk", expected_version=1)
    assert refusal.value.code == "version_conflict"


@pytest.mark.parametrize("role", ["owner", "admin", "member"])
async def test_built_in_roles_never_change(owner: AsyncCentral, role: str) -> None:
    """What is built in is the same in every tenant."""
    for attempt in (owner.roles.update(role=role, permissions=[]), owner.roles.delete(role=role)):
        with pytest.raises(ConflictError) as refusal:
            await attempt
        assert refusal.value.code == "role_built_in"


async def test_nobody_changes_a_role_beyond_their_own(place: Place, admin: AsyncCentral) -> None:
    """A role that allows more than the actor may is neither changed, emptied nor deleted by them."""
    await place.owner.roles.create(slug="boss", name="Boss", permissions=["tenant:write"])
    await place.owner.roles.create(slug="desk", name="Desk", permissions=[])
    for attempt in (
        admin.roles.update(role="boss", name="Servant"),
        admin.roles.update(role="boss", permissions=[]),
        admin.roles.update(role="desk", permissions=["tenant:write"]),
        admin.roles.delete(role="boss"),
    ):
        with pytest.raises(ForbiddenError) as refusal:
            await attempt
        assert refusal.value.code == "permission_not_held"
    assert (await admin.roles.update(role="desk", name="Front desk")).name == "Front desk"


async def test_absent_role_is_not_found(owner: AsyncCentral) -> None:
    """There is nothing to change."""
    with pytest.raises(NotFoundError) as refusal:
        await owner.roles.update(role="nobody", name="Nobody")
    assert refusal.value.code == "role_not_found"
