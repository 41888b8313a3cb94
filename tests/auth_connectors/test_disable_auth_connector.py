import asyncio
from collections import Counter
from typing import Any

import pytest

from central.errors import ConflictError, NotFoundError, UnauthenticatedError
from central_client import AsyncCentral
from support.database import superuser
from support.place import Place
from support.provider import Provider
from support.signing_in import Browser, connect_provider, person


async def _events(place: Place) -> Counter[str]:
    async with superuser(place.stack) as connection:
        rows = await connection.fetch(
            "SELECT kind FROM outbox WHERE tenant_id = $1 AND kind LIKE 'auth_connector.%'", place.tenant.id.uuid
        )
    return Counter(row["kind"] for row in rows)


async def test_disabled_connector_ends_its_sessions(place: Place, provider: Provider) -> None:
    """Who came in by a disabled connector is out at once, and nobody else. A second time changes nothing."""
    connector = await connect_provider(place, provider, allowed=[place.domain])
    provider.person = person(place.address())
    async with Browser(place) as browser:
        assert (await browser.sign_in(provider, connector.id)).status_code == 303
        disabled = await place.owner.auth_connectors.disable(connector=connector.id)
        assert not disabled.enabled
        assert await place.owner.auth_connectors.disable(connector=connector.id) == disabled
        with pytest.raises(UnauthenticatedError):
            await browser.client().users.me()
    user = (await place.owner.users.list(email=provider.person.email).first_page()).items[0]
    (ended,) = [session async for session in place.owner.sessions.list(user=user.id, state="ended")]
    assert (ended.ended_reason, ended.ended_by) == ("connector_disabled", place.owner_user.id)
    await place.owner.users.me()
    assert (await _events(place))["auth_connector.disabled"] == 1


async def test_last_enabled_connector_stays(place: Place, provider: Provider) -> None:
    """The last enabled connector is not disabled; a disabled one beside it does not count."""
    (email_code,) = [c async for c in place.owner.auth_connectors.list()]
    connector = await connect_provider(place, provider)
    await place.owner.auth_connectors.disable(connector=connector.id)
    with pytest.raises(ConflictError) as refusal:
        await place.owner.auth_connectors.disable(connector=email_code.id)
    assert refusal.value.code == "last_connector"
    assert (await place.owner.auth_connectors.get(connector=email_code.id)).enabled


async def _disable(place: Place, connector: Any) -> str:
    try:
        await place.owner.auth_connectors.disable(connector=connector)
    except ConflictError as error:
        return error.code
    return "done"


async def _delete(place: Place, connector: Any) -> str:
    try:
        await place.owner.auth_connectors.delete(connector=connector)
    except ConflictError as error:
        return error.code
    return "done"


async def test_two_at_once_leave_one(place: Place, provider: Provider) -> None:
    """Two connectors disabled or deleted crosswise at the same time leave one enabled, in every round."""
    (email_code,) = [c.id async for c in place.owner.auth_connectors.list()]
    for number in range(20):
        other = await connect_provider(place, provider)
        end = _delete if number % 2 else _disable
        outcomes = await asyncio.gather(end(place, other.id), _disable(place, email_code))
        assert sorted(outcomes) == ["done", "last_connector"]
        enabled = [c.id async for c in place.owner.auth_connectors.list() if c.enabled]
        assert len(enabled) == 1
        await place.owner.auth_connectors.enable(connector=email_code)
        if enabled == [other.id] or not number % 2:
            await place.owner.auth_connectors.delete(connector=other.id)


async def test_foreign_and_absent_connectors(place: Place, other_tenant: AsyncCentral) -> None:
    """Another tenant's connector is not there, and stays enabled."""
    (connector,) = [c async for c in place.owner.auth_connectors.list()]
    with pytest.raises(NotFoundError):
        await other_tenant.auth_connectors.disable(connector=connector.id)
    assert (await place.owner.auth_connectors.get(connector=connector.id)).enabled
