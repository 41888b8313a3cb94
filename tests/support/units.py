"""Trees of units for tests: grown from nested names, and drawn as lines."""

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, TypeAlias

from central.kernel.ids import UnitId
from central.units.models import Unit
from central_client import AsyncCentral
from support.database import superuser
from support.place import Place

DAY = timedelta(days=1)
Names: TypeAlias = Mapping[str, "Names"]


async def grow(client: AsyncCentral, names: Names, parent: UnitId | None = None) -> dict[str, Unit]:
    """Create units below one another as the names are nested; gives them by name."""
    grown: dict[str, Unit] = {}
    for name, below in names.items():
        grown[name] = await client.units.create(name=name, parent=parent)
        grown |= await grow(client, below, grown[name].id)
    return grown


async def drawn(client: AsyncCentral, **options: Any) -> list[str]:
    """Draw a chart: a line for each unit, with a dash for each one above it."""
    return ["-" * unit.level + unit.name async for unit in client.units.as_of(**options)]


async def chain(place: Place, levels: int) -> UnitId:
    """Put units one below the other, past the API; gives the lowest."""
    ids = [UnitId.new() for _ in range(levels)]
    async with superuser(place.stack) as connection:
        await connection.execute(
            "INSERT INTO units (tenant_id, id, parent_id, kind, name, position, single_holder)"
            " SELECT $1, ids[n], ids[n - 1], 'organizational', n, 0, false"
            " FROM (SELECT $2::uuid[] AS ids) given, generate_series(1, cardinality(ids)) n",
            place.tenant.id.uuid,
            [id.uuid for id in ids],
        )
        await connection.execute(
            "INSERT INTO unit_paths (tenant_id, ancestor_id, unit_id, distance)"
            " SELECT $1, ids[a], ids[n], n - a FROM (SELECT $2::uuid[] AS ids) given,"
            " generate_series(1, cardinality(ids)) n, generate_series(1, n) a",
            place.tenant.id.uuid,
            [id.uuid for id in ids],
        )
    return ids[-1]


async def check_paths(place: Place) -> None:
    """Check that the paths say just what the parents say, and that no unit stands below itself."""
    async with superuser(place.stack) as connection:
        wrong = await connection.fetch(
            "WITH RECURSIVE up AS ("
            " SELECT id AS unit_id, id AS ancestor_id, 0 AS distance FROM units WHERE tenant_id = $1"
            " UNION ALL SELECT unit_id, u.parent_id, distance + 1 FROM up JOIN units u ON u.id = up.ancestor_id"
            " WHERE u.tenant_id = $1 AND u.parent_id IS NOT NULL AND distance < 100),"
            " kept AS (SELECT unit_id, ancestor_id, distance FROM unit_paths WHERE tenant_id = $1)"
            " (TABLE up EXCEPT TABLE kept) UNION ALL (TABLE kept EXCEPT TABLE up)",
            place.tenant.id.uuid,
        )
    assert wrong == []


async def told(place: Place, kind: str) -> list[dict[str, Any]]:
    """Give the events of a kind, in the order in which they happened."""
    async with superuser(place.stack) as connection:
        rows = await connection.fetch(
            "SELECT payload FROM outbox WHERE tenant_id = $1 AND kind = $2"
            " ORDER BY created_at, payload ->> 'occurredAt'",
            place.tenant.id.uuid,
            kind,
        )
    return [json.loads(row["payload"]) if isinstance(row["payload"], str) else row["payload"] for row in rows]
