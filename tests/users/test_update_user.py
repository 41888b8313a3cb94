import asyncio

import pytest

from central.errors import ConflictError, ForbiddenError, NotFoundError, UnauthenticatedError
from central.kernel.ids import UserId
from central_client import AsyncCentral
from support.asgi import assert_problem
from support.database import superuser
from support.place import Place
from support.raw import Raw


async def test_absent_fields_are_left_alone(owner: AsyncCentral, place: Place) -> None:
    """Each field changes alone, and each change counts."""
    user = await place.user("member", email="ada@example.com")
    named = await owner.users.update(user=user.id, display_name="Countess")
    assert (named.display_name, named.email, named.roles) == ("Countess", "ada@example.com", ["member"])
    moved = await owner.users.update(user=user.id, email="ada@example.org")
    assert (moved.display_name, moved.email, moved.roles) == ("Countess", "ada@example.org", ["member"])
    raised = await owner.users.update(user=user.id, roles=["admin"])
    assert (raised.display_name, raised.email, raised.roles) == ("Countess", "ada@example.org", ["admin"])
    assert [change.version for change in (user, named, moved, raised)] == [1, 2, 3, 4]
    assert await owner.users.get(user=user.id) == raised


@pytest.mark.parametrize("field", ["displayName", "email", "roles", "expectedVersion"])
async def test_null_is_refused_by_the_name_of_its_field(place: Place, field: str) -> None:
    """Nothing of a user can be cleared, and the answer says which field was null."""
    path = f"/v1/tenants/{place.tenant.id}/users/{place.owner_user.id}"
    reply = await Raw(place.stack, place.owner).send("PATCH", path, {field: None})
    errors = assert_problem(reply, 422)["fieldErrors"]
    assert [(error["field"], error["code"]) for error in errors] == [(field, "not_clearable")]


async def test_stale_version_is_refused(owner: AsyncCentral, place: Place) -> None:
    """Who changes what somebody else has changed meanwhile is told so, and nothing is changed."""
    user = await place.user()
    await owner.users.update(user=user.id, display_name="First", expected_version=1)
    with pytest.raises(ConflictError) as refusal:
        await owner.users.update(user=user.id, display_name="Second", expected_version=1)
    assert refusal.value.code == "version_conflict"
    assert (await owner.users.get(user=user.id)).display_name == "First"


async def test_of_concurrent_changes_of_one_version_one_wins(owner: AsyncCentral, place: Place) -> None:
    """Thirty at once on what they saw: one is accepted, and no change is lost where none was seen."""
    user = await place.user()
    outcomes = await asyncio.gather(
        *(owner.users.update(user=user.id, display_name=f"N{n}", expected_version=1) for n in range(30)),
        return_exceptions=True,
    )
    refused = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
    assert [getattr(error, "code", error) for error in refused] == ["version_conflict"] * 29
    await asyncio.gather(*(owner.users.update(user=user.id, display_name=f"N{n}") for n in range(30)))
    assert (await owner.users.get(user=user.id)).version == 32


async def test_taken_address_is_refused(owner: AsyncCentral, place: Place) -> None:
    """Nobody gets the address of another, whatever its case; one's own in another case is fine."""
    ada, eve = await place.user(email="ada@example.com"), await place.user(email="eve@example.com")
    with pytest.raises(ConflictError) as refusal:
        await owner.users.update(user=eve.id, email="ADA@example.com")
    assert refusal.value.code == "email_taken"
    assert (await owner.users.update(user=ada.id, email="Ada@Example.com")).email == "Ada@Example.com"


async def test_new_address_counts_as_not_verified(owner: AsyncCentral, place: Place) -> None:
    """Whoever proved the old address did not prove the new one; the same in another case stays proven."""
    user = await place.user(email="ada@example.com")
    async with superuser(place.stack) as connection:
        await connection.execute("UPDATE user_emails SET verified = true WHERE user_id = $1", user.id.uuid)
    assert (await owner.users.update(user=user.id, email="Ada@example.com")).email_verified
    assert (await owner.users.update(user=user.id, display_name="Ada")).email_verified
    assert not (await owner.users.update(user=user.id, email="ada@example.org")).email_verified


async def test_verified_flag_cannot_be_given(place: Place) -> None:
    """No user, an owner included, says of an address that it is verified (CVE-2026-27946)."""
    path = f"/v1/tenants/{place.tenant.id}/users/{place.owner_user.id}"
    for field in ("emailVerified", "state", "systemPermissions", "version", "id", "tenantId"):
        reply = await Raw(place.stack, place.owner).send("PATCH", path, {field: True})
        assert assert_problem(reply, 422)["fieldErrors"][0]["field"] == field


async def test_change_of_roles_ends_the_sessions(owner: AsyncCentral, place: Place) -> None:
    """A new set of roles takes a new sign-in; the same set, in any order, takes none."""
    user = await place.user("admin", "member")
    client = await place.sign_in(user)
    await owner.users.update(user=user.id, roles=["member", "admin"])
    await client.users.me()
    await owner.users.update(user=user.id, roles=["member"])
    with pytest.raises(UnauthenticatedError):
        await client.users.me()


async def test_admins_do_not_touch_owners(admin: AsyncCentral, place: Place) -> None:
    """An admin changes neither an owner nor anybody into one, themselves included."""
    me = await admin.users.me()
    for change in (
        {"user": place.owner_user.id, "display_name": "Mine"},
        {"user": place.owner_user.id, "email": "eve@example.com"},
        {"user": place.owner_user.id, "roles": ["member"]},
        {"user": me.id, "roles": ["owner"]},
        {"user": (await place.user()).id, "roles": ["member", "owner"]},
    ):
        with pytest.raises(ForbiddenError) as refusal:
            await admin.users.update(**change)
        assert refusal.value.code == "owner_needed"
    assert await place.owner.users.get(user=place.owner_user.id) == await admin.users.get(user=place.owner_user.id)


async def test_absent_user_is_not_found(owner: AsyncCentral) -> None:
    """There is nobody to change."""
    with pytest.raises(NotFoundError):
        await owner.users.update(user=UserId.new(), display_name="Nobody")
