import pytest

from central.errors import NotFoundError
from central.kernel.ids import ConnectorTestId
from central_client import AsyncCentral
from support.place import Place
from support.provider import Provider
from support.signing_in import connect_provider


async def test_pending_test(place: Place, other_tenant: AsyncCentral, provider: Provider) -> None:
    """A test is its connector's and its tenant's; the link is not told again."""
    connector, other = await connect_provider(place, provider), await connect_provider(place, provider)
    started = await place.owner.auth_connectors.start_test(connector=connector.id)
    got = await place.owner.auth_connectors.get_test(connector=connector.id, test=started.test.id)
    assert got == started.test
    assert (got.state, got.started_by, got.connector_id) == ("pending", place.owner_user.id, connector.id)
    assert started.link.rpartition("=")[2] not in got.model_dump_json()
    for client, of, test in (
        (place.owner, connector.id, ConnectorTestId.new()),
        (place.owner, other.id, started.test.id),
        (other_tenant, connector.id, started.test.id),
    ):
        with pytest.raises(NotFoundError):
            await client.auth_connectors.get_test(connector=of, test=test)
