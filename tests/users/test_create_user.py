import asyncio

import pytest

from central.errors import ConflictError, ForbiddenError, ValidationFailedError
from central_client import AsyncCentral
from support.asgi import assert_problem
from support.database import superuser
from support.place import Place
from support.raw import Raw


async def test_owner_creates_a_user(owner: AsyncCentral, place: Place) -> None:
    """A new user is an active member, named after their address, which is kept as written and not verified."""
    user = await owner.users.create(email="  Ada@Example.com ")
    assert (user.email, user.display_name, user.roles, user.state) == ("Ada@Example.com", "Ada", ["member"], "active")
    assert (user.tenant_id, user.email_verified, user.version) == (place.tenant.id, False, 1)
    assert await owner.users.get(user=user.id) == user


async def test_creation_is_told_once(owner: AsyncCentral, place: Place) -> None:
    """One user makes one event, which names who did it and holds no address."""
    user = await owner.users.create(email="ada@example.com", display_name="Ada")
    async with superuser(place.stack) as connection:
        rows = await connection.fetch(
            "SELECT payload::text FROM outbox "
            "WHERE tenant_id = $1 AND kind = 'user.created' AND payload->>'userId' = $2",
            place.tenant.id.uuid,
            user.id,
        )
    assert len(rows) == 1
    assert place.owner_user.id in rows[0][0]
    assert "example.com" not in rows[0][0]


@pytest.mark.parametrize("twin", ["ada@example.com", "ADA@EXAMPLE.COM", " Ada@Example.Com "])
async def test_second_user_with_the_same_address_is_refused(owner: AsyncCentral, twin: str) -> None:
    """An address is taken whatever its case."""
    await owner.users.create(email="ada@example.com")
    with pytest.raises(ConflictError) as refusal:
        await owner.users.create(email=twin)
    assert refusal.value.code == "email_taken"


async def test_address_of_another_tenant_is_free(owner: AsyncCentral, other_tenant: AsyncCentral) -> None:
    """Tenants do not learn of each other's users by their addresses."""
    await owner.users.create(email="ada@example.com")
    assert (await other_tenant.users.create(email="ada@example.com")).email == "ada@example.com"


async def test_of_concurrent_creations_of_one_address_one_wins(owner: AsyncCentral) -> None:
    """Fifty at once: one user, forty-nine conflicts."""
    outcomes = await asyncio.gather(
        *(owner.users.create(email="ada@example.com") for _ in range(50)), return_exceptions=True
    )
    refused = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
    assert len(refused) == 49
    assert {(type(error), getattr(error, "code", None)) for error in refused} == {(ConflictError, "email_taken")}


@pytest.mark.parametrize(
    "email",
    [
        "", "ada", "@example.com", "ada@", "ada@localhost", "a@b@example.com", "ada@example.com,eve@example.com",
        "ada@example.com\r\nBcc: eve@example.com", "Ada <ada@example.com>", "ada@exämple.com", "a..b@example.com",
        f"{'a' * 65}@example.com", f"a@{'b' * 250}.com", "ada@example.com\u0000", '"ada"@example.com',
        "ada@[127.0.0.1]",
    ],
)  # fmt: skip
async def test_what_is_no_single_address_is_refused(place: Place, email: str) -> None:
    """One plain address, so that nobody else is ever mailed."""
    reply = await Raw(place.stack, place.owner).send("POST", f"/v1/tenants/{place.tenant.id}/users", {"email": email})
    assert assert_problem(reply, 422)["fieldErrors"][0]["field"] == "email"


@pytest.mark.parametrize(
    "stolen",
    ["id", "tenantId", "emailVerified", "systemPermissions", "state", "version", "createdAt", "permissions", "__type"],
)
async def test_what_only_the_server_knows_cannot_be_given(place: Place, stolen: str) -> None:
    """Fields of the user that are no fields of the input are refused, not ignored (mass assignment)."""
    body = {"email": "ada@example.com", stolen: ["tenants:create"]}
    reply = await Raw(place.stack, place.owner).send("POST", f"/v1/tenants/{place.tenant.id}/users", body)
    error = assert_problem(reply, 422)["fieldErrors"][0]
    assert (error["field"], error["code"]) == (stolen, "extra_forbidden")


@pytest.mark.parametrize("roles", [[], ["owner", "owner"], ["root"], ["member", "admin", "owner", "member"]])
async def test_roles_are_a_set_of_the_known(owner: AsyncCentral, roles: list[str]) -> None:
    """At least one role, none twice, none unknown."""
    with pytest.raises(ValidationFailedError):
        await owner.users.create(email="ada@example.com", roles=roles)


async def test_only_owners_make_owners(owner: AsyncCentral, admin: AsyncCentral) -> None:
    """An admin makes admins and members; owners are made by owners."""
    assert (await admin.users.create(email="a@example.com", roles=["admin", "member"])).roles == ["admin", "member"]
    with pytest.raises(ForbiddenError) as refusal:
        await admin.users.create(email="b@example.com", roles=["member", "owner"])
    assert refusal.value.code == "owner_needed"
    assert (await owner.users.create(email="b@example.com", roles=["owner"])).roles == ["owner"]
