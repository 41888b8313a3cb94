import pytest

from central.errors import NotFoundError
from central.kernel.ids import AuthConnectorId
from central_client import AsyncCentral
from support.place import Place


async def test_get_connector(place: Place, admin: AsyncCentral) -> None:
    """An administrator sees the connector for mailed codes that every tenant begins with."""
    (listed,) = [c async for c in place.owner.auth_connectors.list()]
    connector = await admin.auth_connectors.get(connector=listed.id)
    assert connector == listed
    assert (connector.name, connector.kind, connector.enabled) == ("Email", "email_code", True)


async def test_absent_and_foreign_connectors_look_the_same(owner: AsyncCentral, other_place: Place) -> None:
    """Another tenant's connector is as absent as one that never was."""
    (foreign,) = [c async for c in other_place.owner.auth_connectors.list()]
    refusals = []
    for connector in (foreign.id, AuthConnectorId.new()):
        with pytest.raises(NotFoundError) as refusal:
            await owner.auth_connectors.get(connector=connector)
        refusals.append((refusal.value.code, refusal.value.message))
    assert refusals == [("auth_connector_not_found", refusals[0][1])] * 2
