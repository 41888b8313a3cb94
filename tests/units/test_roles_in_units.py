"""What somebody may do who has a role in a unit: judged by time and by reach, whenever they ask."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from central.access import UnitPermission
from central.catalog import CATALOG
from central.errors import ConflictError, ForbiddenError, NotFoundError
from central.kernel.ids import UnitId, UserId
from central.kernel.model import TenantInput
from central.kernel.operation import Operation
from central.units.models import Unit
from central_client import AsyncCentral
from support.place import Place
from support.signing_in import run_sql
from support.units import DAY, grow

TREE = {"Works": {"Sales": {"North": {"Team": {}}, "South": {}}, "Plant": {}}}
Attempt = Callable[[AsyncCentral, dict[str, Unit]], Awaitable[object]]


async def _with_role(place: Place, unit: Unit, *, reach: Any, **when: Any) -> tuple[AsyncCentral, UserId]:
    """Give a member the role to write in a unit, and sign them in."""
    slug = f"writer-{reach}"
    if slug not in [role.slug async for role in place.owner.roles.list()]:
        await place.owner.roles.create(slug=slug, name="Writer", permissions=["units:write"], reach=reach)
    user = await place.user("member")
    await place.owner.units.assign(unit=unit.id, user=user.id, role=slug, **when)
    return await place.sign_in(user), user.id


async def _refused(attempt: Awaitable[object]) -> None:
    with pytest.raises(ForbiddenError) as refusal:
        await attempt
    assert refusal.value.code == "permission_missing"


OF_SALES: dict[str, Attempt] = {
    "change it": lambda who, made: who.units.update(unit=made["Sales"].id, name="Renamed"),
    "assign to it": lambda who, made: _assign_and_remove(who, made["Sales"].id),
}
BELOW_SALES: dict[str, Attempt] = {
    "change": lambda who, made: who.units.update(unit=made["Team"].id, name="Renamed"),
    "create": lambda who, made: who.units.create(name="New", parent=made["Sales"].id),
    "create deeper": lambda who, made: who.units.create(name="New", parent=made["Team"].id),
    "move within": lambda who, made: who.units.move(unit=made["Team"].id, parent=made["South"].id),
    "move up to it": lambda who, made: who.units.move(unit=made["Team"].id, parent=made["Sales"].id),
    "reorder": lambda who, made: who.units.reorder(unit=made["North"].id),
    "archive": lambda who, made: who.units.archive(unit=made["North"].id),
    "restore": lambda who, made: who.units.restore(unit=made["North"].id),
    "assign": lambda who, made: _assign_and_remove(who, made["South"].id),
    "delete": lambda who, made: who.units.delete(unit=made["South"].id),
}
BEYOND_SALES: dict[str, Attempt] = {
    "change the one above": lambda who, made: who.units.update(unit=made["Works"].id, name="Renamed"),
    "change the one beside": lambda who, made: who.units.update(unit=made["Plant"].id, name="Renamed"),
    "create beside": lambda who, made: who.units.create(name="New", parent=made["Works"].id),
    "create at the top": lambda who, made: who.units.create(name="New"),
    "move out": lambda who, made: who.units.move(unit=made["Team"].id, parent=made["Plant"].id),
    "move to the top": lambda who, made: who.units.move(unit=made["Team"].id),
    "move in": lambda who, made: who.units.move(unit=made["Plant"].id, parent=made["South"].id),
    "move itself": lambda who, made: who.units.move(unit=made["Sales"].id, parent=made["Plant"].id),
    "reorder itself": lambda who, made: who.units.reorder(unit=made["Sales"].id),
    "archive itself": lambda who, made: who.units.archive(unit=made["Sales"].id),
    "restore itself": lambda who, made: who.units.restore(unit=made["Sales"].id),
    "delete itself": lambda who, made: who.units.delete(unit=made["Sales"].id, cascade=True),
    "assign beside": lambda who, made: _assign_and_remove(who, made["Plant"].id),
}


async def _assign_and_remove(who: AsyncCentral, unit: UnitId) -> None:
    """Assign the owner to a unit for later, change that, and take it back."""
    (owner,) = [user async for user in who.users.list(role="owner")]
    begins = datetime.now(UTC) + DAY
    made = await who.units.assign(unit=unit, user=owner.id, starts_at=begins)
    await who.units.update_assignment(assignment=made.id, ends_at=begins + DAY)
    await who.units.remove_assignment(assignment=made.id)


def test_every_change_of_units_is_judged_by_unit() -> None:
    """Whatever needs `units:write` says of which units it is; and one that does not is refused at import."""
    for operation in CATALOG:
        writes = getattr(operation.access, "permission", None) == "units:write"
        if writes and "import" not in operation.name:
            assert isinstance(operation.access, UnitPermission), operation.name
    for where in ((), (("elsewhere", "at"),)):
        access: Any = UnitPermission("units:write", where=where)
        with pytest.raises(TypeError, match="units"):
            Operation("x.y", "POST", "/v1/tenants/{tenant}/x", TenantInput, Unit, access=access, summary="x")


async def test_role_that_reaches_the_subtree(place: Place, owner: AsyncCentral) -> None:
    """It allows to change the unit and all below it; nothing above or beside, and not where the unit stands."""
    made = await grow(owner, TREE)
    who, _ = await _with_role(place, made["Sales"], reach="subtree")
    for attempt in BEYOND_SALES.values():
        await _refused(attempt(who, made))
    for attempt in (OF_SALES | BELOW_SALES).values():
        await attempt(who, made)


async def test_role_that_reaches_its_unit_alone(place: Place, owner: AsyncCentral) -> None:
    """It allows to change the unit, and nothing else."""
    made = await grow(owner, TREE)
    who, _ = await _with_role(place, made["Sales"], reach="unit")
    for attempt in (BEYOND_SALES | BELOW_SALES).values():
        await _refused(attempt(who, made))
    for attempt in OF_SALES.values():
        await attempt(who, made)


async def test_role_of_somebody_else(place: Place, owner: AsyncCentral, member: AsyncCentral) -> None:
    """What another person has in a unit, or one has oneself without a role, allows nothing."""
    made = await grow(owner, TREE)
    await _with_role(place, made["Sales"], reach="subtree")
    await owner.units.assign(unit=made["Sales"].id, user=(await member.users.me()).id)
    for attempt in (OF_SALES | BELOW_SALES | BEYOND_SALES).values():
        await _refused(attempt(member, made))


async def test_it_counts_while_it_holds(place: Place, owner: AsyncCentral) -> None:
    """An assignment that has not begun, or has ended, allows nothing, in the same session, with nothing run."""
    made = await grow(owner, TREE)
    now = datetime.now(UTC)
    who, user = await _with_role(place, made["Sales"], reach="subtree", starts_at=now + DAY, ends_at=now + 2 * DAY)
    change = BELOW_SALES["change"]
    await _refused(change(who, made))
    shift = "UPDATE unit_assignments SET starts_at = starts_at - $2::interval, ends_at = ends_at - $2::interval"
    await run_sql(place, f"{shift} WHERE user_id = $1", user.uuid, DAY)
    await change(who, made)
    await run_sql(place, f"{shift} WHERE user_id = $1", user.uuid, DAY)
    await _refused(change(who, made))


async def test_what_else_it_depends_on(place: Place, owner: AsyncCentral) -> None:
    """On the role's permissions and reach, on where the unit stands, and on that it is in use: all as of now."""
    made = await grow(owner, TREE)
    who, _ = await _with_role(place, made["Sales"], reach="subtree")
    change = BELOW_SALES["change"]
    await change(who, made)
    await owner.roles.update(role="writer-subtree", reach="unit")
    await _refused(change(who, made))
    await owner.roles.update(role="writer-subtree", reach="subtree", permissions=["units:read"])
    await _refused(change(who, made))
    await owner.roles.update(role="writer-subtree", permissions=["units:write"])
    await owner.units.move(unit=made["North"].id, parent=made["Plant"].id)
    await _refused(change(who, made))
    await owner.units.move(unit=made["North"].id, parent=made["South"].id)
    await change(who, made)
    await owner.units.archive(unit=made["Sales"].id)
    await _refused(change(who, made))


async def test_it_gives_no_more_than_is_held(place: Place, owner: AsyncCentral) -> None:
    """Who writes in a unit assigns people there, and gives no role beyond what they hold in the whole tenant."""
    made = await grow(owner, TREE)
    who, _ = await _with_role(place, made["Sales"], reach="subtree")
    other = await place.user()
    refused = {"admin": "permission_not_held", "owner": "owner_needed", "writer-subtree": "permission_not_held"}
    for role, code in refused.items():
        with pytest.raises(ForbiddenError) as refusal:
            await who.units.assign(unit=made["South"].id, user=other.id, role=role)
        assert refusal.value.code == code
    assert (await who.units.assign(unit=made["South"].id, user=other.id, role="member")).role == "member"


async def test_built_in_role_in_a_unit(place: Place, owner: AsyncCentral) -> None:
    """A built-in role counts in its unit, by what it allows; it makes nobody an administrator of the tenant."""
    made = await grow(owner, TREE)
    user = await place.user("member")
    await owner.units.assign(unit=made["Sales"].id, user=user.id, role="admin")
    who = await place.sign_in(user)
    await OF_SALES["change it"](who, made)
    await _refused(BELOW_SALES["change"](who, made))
    await _refused(who.users.create(email="new@example.com"))


async def test_nobody_learns_what_is_there(place: Place, owner: AsyncCentral, other_tenant: AsyncCentral) -> None:
    """Of what is absent or another tenant's, whoever lacks the permission hears the same as of what is there."""
    made = await grow(owner, TREE)
    foreign = await other_tenant.units.create(name="Foreign")
    who, _ = await _with_role(place, made["Sales"], reach="subtree")
    for unit in (UnitId.new(), foreign.id, made["Plant"].id):
        await _refused(who.units.update(unit=unit, name="x"))
        await _refused(who.units.move(unit=made["Team"].id, parent=unit))
    with pytest.raises(NotFoundError):
        await owner.units.update(unit=foreign.id, name="x")


async def test_its_place_in_the_tree_stays_its_parents_business(place: Place, owner: AsyncCentral) -> None:
    """A role in a unit above allows what concerns where the unit stands, also next to a role in the unit itself."""
    made = await grow(owner, TREE)
    who, user = await _with_role(place, made["Sales"], reach="subtree")
    await _refused(who.units.reorder(unit=made["Sales"].id))
    await owner.units.assign(unit=made["Works"].id, user=user, role="writer-subtree")
    await who.units.reorder(unit=made["Sales"].id)
    with pytest.raises(ConflictError):
        await who.units.delete(unit=made["Sales"].id)
