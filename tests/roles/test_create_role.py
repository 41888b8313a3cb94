"""Making roles of one's own."""

import asyncio

import pytest

from central.access import TENANT_PERMISSIONS
from central.kernel.ids import RoleId
from central_client import AsyncCentral, ConflictError, ForbiddenError, ValidationFailedError
from support.place import Place


async def test_role_is_created(owner: AsyncCentral) -> None:
    """A role has a slug, a name and permissions, in an order of their own."""
    role = await owner.roles.create(
        slug="help-desk", name="Help desk", description="Resets people.", permissions=["users:write", "users:read"]
    )
    assert isinstance(role.id, RoleId)
    assert (role.slug, role.name, role.description, role.built_in) == (
        "help-desk",
        "Help desk",
        "Resets people.",
        False,
    )
    assert role.permissions == ["users:read", "users:write"]
    assert await owner.roles.get(role="help-desk") == role


async def test_whoever_holds_it_may_do_what_it_allows(place: Place) -> None:
    """Permissions of a role count for its holders, together with those of their other roles, and for nothing else."""
    await place.owner.roles.create(slug="auditor", name="Auditor", permissions=["sessions:read"])
    user = await place.user("member", "auditor")
    client = await place.sign_in(user)
    me = await client.users.me()
    assert (me.roles, me.permissions) == (["auditor", "member"], ["sessions:read", "units:read", "users:read"])
    assert (await client.sessions.list(user=user.id).first_page()).items
    with pytest.raises(ForbiddenError):
        await client.users.disable(user=user.id)


@pytest.mark.parametrize("slug", ["owner", "admin", "member", "help-desk"])
async def test_slug_is_taken_once(owner: AsyncCentral, slug: str) -> None:
    """Neither a built-in role nor one of the tenant's own is made twice; elsewhere the slug is free."""
    await owner.roles.create(slug="help-desk", name="Help desk", permissions=[])
    with pytest.raises(ConflictError) as refusal:
        await owner.roles.create(slug=slug, name="Again", permissions=[])
    assert refusal.value.code == "slug_taken"


async def test_one_of_many_at_once_wins(owner: AsyncCentral) -> None:
    """Of 50 who make the same role at once, one succeeds and the others hear of a conflict."""
    made = await asyncio.gather(
        *(owner.roles.create(slug="race", name=f"Race {number}", permissions=[]) for number in range(50)),
        return_exceptions=True,
    )
    refused = [outcome for outcome in made if isinstance(outcome, BaseException)]
    assert len(refused) == 49
    assert {type(outcome) for outcome in refused} == {ConflictError}


async def test_nobody_gives_what_they_do_not_hold(place: Place, admin: AsyncCentral) -> None:
    """An admin, who may not change the tenant, makes no role that may; nor does a role-maker beyond their own."""
    with pytest.raises(ForbiddenError) as refusal:
        await admin.roles.create(slug="boss", name="Boss", permissions=["tenant:write"])
    assert refusal.value.code == "permission_not_held"
    await place.owner.roles.create(slug="maker", name="Maker", permissions=["roles:read", "roles:write"])
    maker = await place.signed_in("maker")
    await maker.roles.create(slug="lesser", name="Lesser", permissions=["roles:read"])
    with pytest.raises(ForbiddenError):
        await maker.roles.create(slug="greater", name="Greater", permissions=["roles:read", "users:read"])
    everything = await place.owner.roles.create(slug="all", name="All", permissions=list(TENANT_PERMISSIONS))
    assert set(everything.permissions) == set(TENANT_PERMISSIONS)


async def test_a_role_with_every_permission_makes_no_owner(place: Place) -> None:
    """Holding all permissions is not owning the tenant: only owners make, change and unmake owners."""
    await place.owner.roles.create(slug="all", name="All", permissions=list(TENANT_PERMISSIONS))
    regent = await place.signed_in("all")
    for attempt in (
        regent.users.create(email="new@example.com", roles=["owner"]),
        regent.users.update(user=(await regent.users.me()).id, roles=["owner"]),
        regent.users.update(user=place.owner_user.id, display_name="Deposed"),
        regent.users.disable(user=place.owner_user.id),
    ):
        with pytest.raises(ForbiddenError) as refusal:
            await attempt
        assert refusal.value.code == "owner_needed"


@pytest.mark.parametrize("slug", ["a", "A", "Help", "help_desk", "help desk", "-help", "help-", "1help", "x" * 41, ""])
async def test_slugs_are_plain(owner: AsyncCentral, slug: str) -> None:
    """A slug is lower-case words joined by hyphens."""
    with pytest.raises(ValidationFailedError):
        await owner.roles.create(slug=slug, name="Role", permissions=[])
