from collections.abc import Awaitable, Callable

import pytest

from central.auth_connectors.models import AuthConnector
from central.errors import ForbiddenError, UnauthenticatedError
from central_client import AsyncCentral
from support.place import Place
from support.provider import Provider
from support.signing_in import connect_provider

Ask = Callable[[AsyncCentral, AuthConnector], Awaitable[object]]
READING: dict[str, Ask] = {
    "list": lambda client, _: client.auth_connectors.list().first_page(),
    "get": lambda client, connector: client.auth_connectors.get(connector=connector.id),
}
WRITING: dict[str, Ask] = {
    "update": lambda client, connector: client.auth_connectors.update(connector=connector.id, name="Renamed"),
    "disable": lambda client, connector: client.auth_connectors.disable(connector=connector.id),
    "enable": lambda client, connector: client.auth_connectors.enable(connector=connector.id, force=True),
    "create": lambda client, connector: client.auth_connectors.create(
        name="Another",
        settings={"kind": "oidc", "issuer": connector.settings.model_dump()["issuer"], "client_id": "x"},
    ),
    "delete": lambda client, connector: client.auth_connectors.delete(connector=connector.id),
}


async def test_members_and_strangers_are_kept_out(
    place: Place, member: AsyncCentral, anonymous: AsyncCentral, provider: Provider
) -> None:
    """Neither a member nor anybody who is not signed in sees or changes a connector."""
    connector = await connect_provider(place, provider)
    for ask in (*READING.values(), *WRITING.values()):
        with pytest.raises(ForbiddenError) as refusal:
            await ask(member, connector)
        assert refusal.value.code == "permission_missing"
        with pytest.raises(UnauthenticatedError):
            await ask(anonymous, connector)
    assert await place.owner.auth_connectors.get(connector=connector.id) == connector


@pytest.mark.parametrize("role", ["admin", "owner"])
async def test_administrators_and_owners_do_everything(place: Place, provider: Provider, role: str) -> None:
    """Administrators and owners see and change connectors."""
    client = await place.signed_in(role)
    connector = await connect_provider(place, provider)
    for ask in (*READING.values(), *WRITING.values()):
        await ask(client, connector)


async def test_member_does_not_make_a_provider_answer(place: Place, member: AsyncCentral, provider: Provider) -> None:
    """Who may not create a connector cannot make the server ask an address (SSRF)."""
    with pytest.raises(ForbiddenError):
        await WRITING["create"](member, await connect_provider(place, provider))
    assert provider.hits["discovery"] == 1
