"""What a unit was."""

import itertools

import pytest

from central.errors import NotFoundError
from central.kernel.ids import UnitId
from central_client import AsyncCentral
from support.place import Place
from support.units import grow


async def test_every_state_once(owner: AsyncCentral, place: Place) -> None:
    """Each state follows on the one before without a gap, the newest first, with who made it so."""
    made = await grow(owner, {"Works": {}, "Trust": {}})
    unit = await owner.units.create(name="Sales", parent=made["Works"].id)
    await owner.units.update(unit=unit.id, name="Marketing")
    await owner.units.move(unit=unit.id, parent=made["Trust"].id)
    await owner.units.archive(unit=unit.id)
    states = [state async for state in owner.units.list_history(unit=unit.id, limit=3)]
    assert [state.version for state in states] == [4, 3, 2, 1]
    assert [state.name for state in states] == ["Marketing", "Marketing", "Marketing", "Sales"]
    assert [state.parent_id for state in states] == [made[name].id for name in ("Trust", "Trust", "Works", "Works")]
    assert states[0].archived_at is not None
    assert states[0].valid_until is None
    for newer, older in itertools.pairwise(states):
        assert older.valid_until == newer.valid_from
    assert {state.changed_by for state in states} == {place.owner_user.id}


async def test_of_what_never_was(owner: AsyncCentral, other_tenant: AsyncCentral) -> None:
    """What never was, here, has no history."""
    foreign = await other_tenant.units.create(name="Foreign")
    for unit in (UnitId.new(), foreign.id):
        with pytest.raises(NotFoundError):
            await owner.units.list_history(unit=unit).first_page()
