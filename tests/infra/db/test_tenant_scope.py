"""A reader's one round trip: the tenant is set before the first row is read, whatever the plan."""

import re
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest
from db_support import NOTES, Place, Server, make_place, opened
from sqlalchemy import insert

from central.kernel.ids import TenantId
from central_server.infra.db import Query
from central_server.infra.db.scope import scoped_select, setting_of

_A, _B, _EMPTY = TenantId.new(), TenantId.new(), TenantId.new()
_SIZES = {_A: 300, _B: 200}

_MINE = "tenant_id = '{tenant}'"
# Each shape is run as it is under row-level security and, as the owner, with the condition written out.
_SHAPES = {
    "by_key": "SELECT tenant_id, title FROM {notes} n WHERE title = 'n7'",
    "all": "SELECT tenant_id, title FROM {notes} n",
    "order_limit": "SELECT tenant_id, title, rank FROM {notes} n ORDER BY rank DESC, title LIMIT 20",
    "order_all": "SELECT tenant_id, title FROM {notes} n ORDER BY md5(title)",
    "offset": "SELECT title FROM {notes} n ORDER BY title OFFSET 5 LIMIT 5",
    "keyset": "SELECT title FROM {notes} n WHERE (rank, title) > (3, 'n2') ORDER BY rank, title LIMIT 10",
    "count": "SELECT count(*) AS c, sum(rank) AS s FROM {notes} n",
    "group": "SELECT rank, count(*) AS c FROM {notes} n GROUP BY rank HAVING count(*) > 1 ORDER BY rank",
    "distinct": "SELECT DISTINCT rank FROM {notes} n ORDER BY rank",
    "distinct_on": "SELECT DISTINCT ON (rank) rank, title FROM {notes} n ORDER BY rank, title",
    "join": "SELECT n.tenant_id, l.id FROM {notes} n JOIN {links} l ON l.note_id = n.id ORDER BY l.id",
    "left_join": "SELECT n.title, l.id FROM {notes} n LEFT JOIN {links} l ON l.note_id = n.id ORDER BY n.title",
    "right_join": "SELECT n.title, l.id FROM {links} l RIGHT JOIN {notes} n ON l.note_id = n.id ORDER BY n.title",
    "full_join": "SELECT n.title, l.id FROM {notes} n FULL JOIN {links} l ON l.note_id = n.id ORDER BY 1, 2",
    "self_join": "SELECT a.title FROM {notes} a JOIN {notes} b ON a.rank = b.rank AND b.title = 'n7' ORDER BY 1",
    "exists": "SELECT title FROM {notes} n WHERE EXISTS (SELECT FROM {links} l WHERE l.note_id = n.id) ORDER BY 1",
    "not_exists": "SELECT title FROM {notes} n WHERE NOT EXISTS (SELECT FROM {links} l WHERE l.note_id = n.id)"
    " ORDER BY 1",
    "not_in": "SELECT title FROM {notes} n WHERE rank NOT IN (SELECT l.id FROM {links} l) ORDER BY 1",
    "in": "SELECT title FROM {notes} n WHERE id IN (SELECT l.note_id FROM {links} l) ORDER BY 1",
    "init_plan": "SELECT title FROM {notes} n WHERE rank = (SELECT max(rank) FROM {notes} m) ORDER BY 1",
    "scalar_only": "SELECT (SELECT count(*) FROM {notes} n) AS c, EXISTS (SELECT FROM {links} l) AS e",
    "correlated": "SELECT title, (SELECT count(*) FROM {links} l WHERE l.note_id = n.id) AS c FROM {notes} n"
    " ORDER BY 1",
    "cte": "WITH x AS (SELECT * FROM {notes} n) SELECT title FROM x WHERE rank = 1 ORDER BY 1",
    "cte_materialized": "WITH x AS MATERIALIZED (SELECT * FROM {notes} n) SELECT a.title FROM x a JOIN x b USING (id)"
    " ORDER BY 1",
    "cte_recursive": "WITH RECURSIVE r AS (SELECT 1 AS i, 'n1' AS title UNION ALL SELECT i + 1, n.title FROM r"
    " JOIN {notes} n ON n.title = 'n' || (i + 1) WHERE i < 20) SELECT * FROM r ORDER BY i",
    "union": "SELECT title FROM {notes} n UNION SELECT l.id::text FROM {links} l ORDER BY 1",
    "except": "SELECT id FROM {notes} n EXCEPT SELECT note_id FROM {links} l ORDER BY 1",
    "window": "SELECT title, row_number() OVER (PARTITION BY rank ORDER BY title) AS w FROM {notes} n ORDER BY 1",
    "lateral": "SELECT n.title, x.id FROM {notes} n CROSS JOIN LATERAL (SELECT l.id FROM {links} l WHERE"
    " l.note_id = n.id ORDER BY l.id LIMIT 1) x ORDER BY 1",
    "partial_index": "SELECT title FROM {notes} n WHERE rank = 7 AND title LIKE 'n%' ORDER BY 1",
    "values_join": "SELECT n.title FROM (VALUES ('n1'), ('n2')) v(t) JOIN {notes} n ON n.title = v.t ORDER BY 1",
    "json_agg": "SELECT jsonb_agg(title ORDER BY title) AS j FROM {notes} n WHERE rank = 2",
    "constant": "SELECT 1 AS one",
    "nothing": "SELECT title FROM {notes} n WHERE false",
    "nested": "SELECT * FROM (SELECT * FROM (SELECT title, rank FROM {notes} n OFFSET 0) y WHERE rank < 3) z"
    " ORDER BY 1",
    "function": "SELECT * FROM own_count()",
    "view": "SELECT title FROM own_view ORDER BY 1",
}
_PLANNERS = [
    "RESET ALL; SET search_path = central",
    "SET enable_nestloop = off; SET enable_material = off",
    "SET enable_hashjoin = off; SET enable_mergejoin = off",
    "SET enable_indexscan = off; SET enable_bitmapscan = off",
    "SET enable_seqscan = off; SET enable_sort = off",
    "SET debug_parallel_query = on; SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0",
    "SET plan_cache_mode = force_generic_plan",
    "SET jit = on; SET jit_above_cost = 0",
]


@pytest.fixture(scope="module")
async def full(server: Server) -> Place:
    place = await make_place(server, "central_scope")
    owner = await asyncpg.connect(place.owner, server_settings={"search_path": "central"})
    for tenant, size in _SIZES.items():
        await owner.execute(
            "INSERT INTO notes (tenant_id, title, rank) SELECT $1, 'n' || g, g % 50 FROM generate_series(1, $2::int) g",
            tenant.uuid,
            size,
        )
        await owner.execute(
            "INSERT INTO links SELECT tenant_id, row_number() OVER (), id FROM notes"
            " WHERE tenant_id = $1 AND rank % 5 = 0",
            tenant.uuid,
        )
    await owner.execute("""
        CREATE INDEX seven ON notes (tenant_id, title) WHERE rank = 7;
        CREATE FUNCTION own_count() RETURNS TABLE (c bigint) LANGUAGE plpgsql STABLE AS
          $$ BEGIN RETURN QUERY SELECT count(*) FROM notes; END $$;
        CREATE VIEW own_view WITH (security_invoker) AS SELECT title FROM notes WHERE rank = 3;
        GRANT SELECT ON own_view TO central_app;
        ANALYZE""")
    await owner.close()
    return place


@pytest.fixture(scope="module")
async def expected(full: Place) -> dict[tuple[str, TenantId], list[tuple[Any, ...]]]:
    """Give what each shape returns for each tenant, by conditions that are written out."""
    owner = await asyncpg.connect(full.owner, server_settings={"search_path": "central"})
    found = {}
    for name, shape in _SHAPES.items():
        for tenant in (_A, _B, _EMPTY):
            mine = _MINE.format(tenant=tenant.uuid)
            tables = {t: f"(SELECT * FROM {t} WHERE {mine})" for t in ("notes", "links")}
            sql = shape.format(**tables)
            sql = sql.replace("own_count()", f"(SELECT count(*) AS c FROM notes WHERE {mine}) f")
            sql = sql.replace("own_view", f"(SELECT title FROM notes WHERE rank = 3 AND {mine}) v")
            found[name, tenant] = [tuple(row) for row in await owner.fetch(sql)]
    await owner.close()
    return found


@pytest.fixture
async def connection(full: Place) -> AsyncIterator[Any]:
    made = await asyncpg.connect(full.app, server_settings={"search_path": "central"})
    yield made
    await made.close()


@pytest.mark.parametrize("planner", _PLANNERS, ids=range(len(_PLANNERS)))
async def test_every_shape_sees_its_tenant_alone_and_all_of_it(
    connection: Any, expected: dict[tuple[str, TenantId], list[tuple[Any, ...]]], planner: str
) -> None:
    """0 foreign rows and 0 missing ones, in order, in eight executions each so that generic plans are met."""
    await connection.execute(planner)
    for name, shape in _SHAPES.items():
        text = scoped_select(shape.format(notes="notes", links="links"), 1)
        for tenant in (_A, _B, _A, _EMPTY, _B, _A, _B, _A):
            rows = [tuple(row) for row in await connection.fetch(text, setting_of(tenant))]
            wanted = expected[name, tenant]
            ordered = "ORDER BY" in shape
            assert (rows if ordered else sorted(rows)) == (wanted if ordered else sorted(wanted)), (name, tenant)
        assert await connection.fetchval("SELECT count(*) FROM notes") == 0


async def test_the_tenant_leads_the_index(connection: Any) -> None:
    """The policy's function is inlined to an index condition, with custom and with generic plans."""
    text = scoped_select("SELECT id FROM notes WHERE title = $1", 2)
    for mode in ("force_custom_plan", "force_generic_plan"):
        await connection.execute(f"SET plan_cache_mode = {mode}")
        await connection.execute(f"PREPARE {mode} (text, text) AS {text}")
        rows = await connection.fetch(f"EXPLAIN (ANALYZE, COSTS OFF) EXECUTE {mode} ('n7', '{_A.uuid}')")
        plan = "\n".join(row[0] for row in rows)
        assert re.search(r"Index Cond: \(\(tenant_id = .*current_setting.*AND \(title = ", plan), plan
        assert plan.index("Nested Loop") < plan.index("Result") < plan.index("Index Scan")


async def test_the_row_that_sets_the_tenant_is_made_first(connection: Any) -> None:
    """In every plan the setting is the outer side of a nested loop, and nothing reads a table beside it."""
    for planner in _PLANNERS:
        await connection.execute(f"RESET ALL; SET search_path = central; {planner}")
        for name, shape in _SHAPES.items():
            text = scoped_select(shape.format(notes="notes", links="links"), 1).replace("$1::text", f"'{_A.uuid}'")
            plan = [row[0] for row in await connection.fetch(f"EXPLAIN (COSTS OFF) {text}")]
            if name == "nothing":
                continue
            top = [line for line in plan if line.startswith("  ->")]
            assert plan[0] == "Nested Loop", (name, plan)
            assert top[0] == "  ->  Result", (name, plan)
            assert len(top) == 2, (name, plan)
            assert any("set_config" in line and "IS NOT NULL" in line for line in plan), (name, plan)


@pytest.mark.parametrize("setting", ["", None])
async def test_no_tenant_is_no_rows(connection: Any, setting: str | None) -> None:
    """An empty or absent setting matches nothing."""
    assert await connection.fetch(scoped_select("SELECT 1 FROM notes", 1), setting) == []
    assert await connection.fetch("SELECT 1 FROM notes") == []


async def test_the_application_cannot_pass_by(full: Place, connection: Any) -> None:
    """The role owns nothing, and neither joins the platform's rights nor turns the policies off."""
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await connection.execute("ALTER TABLE notes DISABLE ROW LEVEL SECURITY")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await connection.execute("SET row_security = off; SELECT 1 FROM notes")
    steal = Query[Any](insert(NOTES).values(tenant_id=_B, title="stolen"))
    async with opened(full.app, max_size=1) as db:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with db.write(_A) as writer:
                await writer.execute(steal)
