"""The warnings before a client secret ends."""

from datetime import UTC, datetime, timedelta

import pytest
from temporalio.testing import ActivityEnvironment

from central.kernel.ids import ClientSecretId
from central_server.auth_connectors.activities.warn_of_secrets import WarnOfSecretsActivity
from central_server.auth_connectors.client_secrets import WARNED_DAYS, ClientSecrets
from central_server.auth_connectors.specs import WarnOfSecretsInput
from support.database import superuser
from support.place import Place
from support.provider import Provider


async def _secret(place: Place, provider: Provider, days: float) -> ClientSecretId:
    settings = {"kind": "oidc", "issuer": provider.issuer, "client_id": "x", "client_secret": "s"}
    connector = await place.owner.auth_connectors.create(
        name=f"In {days} days", settings=settings, client_secret_expires_at=datetime.now(UTC) + timedelta(days=days)
    )
    return connector.client_secrets[0].id


async def _warnings(place: Place, secret: ClientSecretId) -> int:
    async with superuser(place.stack) as connection:
        found: int = await connection.fetchval(
            "SELECT count(*) FROM outbox WHERE tenant_id = $1 AND kind = 'auth_connector.secret.expiring'"
            " AND payload ->> 'secretId' = $2",
            place.tenant.id.uuid,
            str(secret),
        )
    return found


async def _run(place: Place, secret: ClientSecretId) -> list[int]:
    """Do for one secret what the activity does for all; gives on which thresholds it was told."""
    service = await place.stack.central.container.get(ClientSecrets)
    return [days for days in WARNED_DAYS if await service.TX_warn(place.tenant.id, secret, days)]


@pytest.mark.parametrize(("days", "told"), [(45, []), (29, [30]), (6, [7]), (0.5, [1]), (-2, [1])])
async def test_told_once_for_each_threshold(place: Place, provider: Provider, days: float, told: list[int]) -> None:
    """A secret is told of at the nearest threshold that it has passed, once."""
    secret = await _secret(place, provider, days)
    assert await _run(place, secret) == told
    assert await _run(place, secret) == []
    assert await _warnings(place, secret) == len(told)


async def test_each_threshold_as_time_goes(place: Place, provider: Provider) -> None:
    """As the end comes nearer it is told again, three times in all."""
    secret = await _secret(place, provider, 29)
    seen = [await _run(place, secret)]
    for days in (20, 6, 3, 0.5, -1):
        async with superuser(place.stack) as connection:
            await connection.execute(
                "UPDATE client_secrets SET expires_at = now() + $2 WHERE id = $1", secret.uuid, timedelta(days=days)
            )
        seen.append(await _run(place, secret))
    assert seen == [[30], [], [7], [], [1], []]
    assert await _warnings(place, secret) == 3


async def test_all_tenants_are_looked_through(place: Place, other_place: Place, provider: Provider) -> None:
    """What the daily run lists is of every tenant, and only what is due."""
    mine, theirs = await _secret(place, provider, 3), await _secret(other_place, provider, 3)
    later = await _secret(place, provider, 100)
    service = await place.stack.central.container.get(ClientSecrets)
    listed = {row["id"] for row in await service.TX_list_expiring(7, 10_000)}
    assert {mine, theirs} <= listed
    assert later not in listed


async def test_daily_run(place: Place, other_place: Place, provider: Provider) -> None:
    """The activity tells of what is due in every tenant, once, however often it runs."""
    due = [(at, await _secret(at, provider, 3)) for at in (place, other_place)]
    activity = await place.stack.central.container.get(WarnOfSecretsActivity)
    done = await ActivityEnvironment().run(activity.warn, WarnOfSecretsInput(warned=7))
    assert done.warned >= 9
    while not done.is_last:
        done = await ActivityEnvironment().run(activity.warn, WarnOfSecretsInput())
    assert [await _warnings(at, secret) for at, secret in due] == [1, 1]
