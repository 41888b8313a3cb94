"""A tenant with rows in every table, and an object in every bucket."""

from collections.abc import AsyncIterator

from central_server.infra.object_store import Bucket, ObjectStore
from support.database import superuser
from support.examples import Things
from support.picturing import ready
from support.place import Place, Stack, make_place
from support.provider import Provider


async def full_place(stack: Stack) -> Place:
    """Make a tenant, and by every kind of thing in it, and what takes more steps by hand, a row in every table."""
    place = await make_place(stack)
    async with Provider() as provider:
        things = await Things.of(place, provider)
    await ready(place, "content")
    await place.owner.users.set_avatar_image(user=place.owner_user.id, image=things.image)
    await place.owner.tenants.set_logo_image(image=things.logo)
    async with superuser(stack) as connection:
        values = (place.tenant.id.uuid, place.owner_user.id.uuid)
        connector = await connection.fetchval("SELECT id FROM auth_connectors WHERE tenant_id = $1", values[0])
        await connection.execute(
            "INSERT INTO identities (tenant_id, id, user_id, connector_id, issuer, subject) "
            "VALUES ($1, gen_random_uuid(), $2, $3, 'https://idp.example', 'alice')",
            *values,
            connector,
        )
        await connection.execute(
            "INSERT INTO login_transactions (tenant_id, id, connector_id, issuer, state_hash, nonce, verifier, "
            "binding_hash, return_to, expires_at) VALUES ($1, gen_random_uuid(), $2, 'https://idp.example', "
            "'\\x00', 'n', '\\x00', '\\x00', '/', now() + interval '1 hour')",
            values[0],
            connector,
        )
        await connection.execute(
            "INSERT INTO event_consumers (tenant_id, name, event_id, position) VALUES ($1, 'x', gen_random_uuid(), 1)",
            values[0],
        )
        await connection.execute(
            "INSERT INTO event_handovers (tenant_id, event_id, listener, give_up_at) "
            "VALUES ($1, gen_random_uuid(), 'x', now())",
            values[0],
        )
        await connection.execute("INSERT INTO event_retentions (tenant_id, days) VALUES ($1, 365)", values[0])
        await connection.execute(
            "INSERT INTO attribute_rules (tenant_id, json_schema, version) VALUES ($1, '{}', 1)", values[0]
        )
    store = await stack.central.container.get(ObjectStore)
    for bucket in Bucket:
        await store.put(bucket, place.tenant.id, "files/one", _content())
    return place


async def _content() -> AsyncIterator[bytes]:
    yield b"content"
