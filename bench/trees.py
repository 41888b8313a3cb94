"""A closure table beside `ltree`, for units: `python -m bench.trees`, about a minute.

Both hold the same tree of 100,000 units and are asked the same by a role that row-level security binds, as the
application's is; `ltree` also by one that it does not bind. Rounds are interleaved and medians are told, in
milliseconds. The figures and what came of them: docs/decisions/0033-a-closure-table-for-units.md.
"""

import asyncio
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

from asyncpg import Connection, connect

from central_server.infra.embedded.postgres import EmbeddedPostgres

UNITS, FAN_OUT, ROUNDS, PASSWORD = 100_000, 10, 15, "bench"
TENANT = "00000000-0000-0000-0000-00000000000a"
Question = Callable[["Connection[Any]", int], Awaitable[Any]]

_ID = "('00000000-0000-0000-0000-' || lpad(({})::text, 12, '0'))::uuid"
_MINE = "tenant_id = current_setting('bench.tenant')::uuid"
SCHEMA = f"""
CREATE EXTENSION ltree; CREATE EXTENSION btree_gist;
CREATE TABLE numbers AS
    SELECT n, {_ID.format("n")} AS id,
        CASE WHEN n > 1 THEN {_ID.format(f"(n + {FAN_OUT - 2}) / {FAN_OUT}")} END AS parent
    FROM generate_series(1, {UNITS}) n;
CREATE TABLE closure_units (tenant_id uuid, id uuid, parent_id uuid, name text, PRIMARY KEY (tenant_id, id));
CREATE TABLE closure_paths (tenant_id uuid, ancestor_id uuid, unit_id uuid, distance int,
    PRIMARY KEY (tenant_id, ancestor_id, unit_id));
CREATE TABLE ltree_units (tenant_id uuid, id uuid, parent_id uuid, name text, path ltree, PRIMARY KEY (tenant_id, id));
INSERT INTO closure_units SELECT '{TENANT}', id, parent, 'unit ' || n FROM numbers;
INSERT INTO ltree_units
    WITH RECURSIVE tree AS (
        SELECT id, parent, n, replace(id::text, '-', '')::ltree AS path FROM numbers WHERE parent IS NULL
        UNION ALL SELECT c.id, c.parent, c.n, tree.path || replace(c.id::text, '-', '')
        FROM numbers c JOIN tree ON c.parent = tree.id)
    SELECT '{TENANT}', id, parent, 'unit ' || n, path FROM tree;
INSERT INTO closure_paths
    WITH RECURSIVE up AS (
        SELECT id, id AS above, 0 AS distance FROM numbers
        UNION ALL SELECT up.id, n.parent, distance + 1 FROM up
        JOIN numbers n ON n.id = up.above WHERE n.parent IS NOT NULL)
    SELECT '{TENANT}', above, id, distance FROM up;
CREATE INDEX closure_units_parent ON closure_units (tenant_id, parent_id);
CREATE INDEX closure_units_name ON closure_units (tenant_id, name);
CREATE INDEX closure_paths_unit ON closure_paths (tenant_id, unit_id, distance);
CREATE INDEX ltree_units_parent ON ltree_units (tenant_id, parent_id);
CREATE INDEX ltree_units_name ON ltree_units (tenant_id, name);
CREATE INDEX ltree_units_path ON ltree_units USING gist (tenant_id, path gist_ltree_ops (siglen = 100));
CREATE ROLE bound LOGIN PASSWORD '{PASSWORD}'; CREATE ROLE free LOGIN BYPASSRLS PASSWORD '{PASSWORD}';
"""
WALLS = "".join(
    f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;"
    f"CREATE POLICY mine ON {table} USING ({_MINE}) WITH CHECK ({_MINE});"
    f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO bound, free;"
    for table in ("closure_units", "closure_paths", "ltree_units")
)


def unit(number: int) -> str:
    """Name a unit by its place in the breadth of the tree, from 1."""
    return f"00000000-0000-0000-0000-{number:012}"


LEAF, OTHER, BRANCH, TWIG = unit(UNITS - 1), unit(UNITS // 2), unit(2), unit(200)
"""Two units far down, a subtree of 11,111 units and one of 111."""

_IN_CLOSURE = "JOIN closure_paths p ON p.tenant_id = u.tenant_id AND p.unit_id = u.id WHERE p.tenant_id = $1 AND"
_TO_ANCESTOR = _IN_CLOSURE.replace("p.unit_id = u.id", "p.ancestor_id = u.id")
_PATH_OF = "(SELECT path FROM ltree_units WHERE tenant_id = $1 AND id = $2)"
_ABOVE = "u.id = ANY (string_to_array(ltree2text({}), '.')::uuid[])"
CLOSURE = {
    "subtree of 11,111, a page of 50": (
        f"SELECT u.* FROM closure_units u {_IN_CLOSURE} p.ancestor_id = $2 ORDER BY u.id LIMIT 50",
        (BRANCH,),
    ),
    "subtree of 11,111, counted": (
        "SELECT count(*) FROM closure_paths WHERE tenant_id = $1 AND ancestor_id = $2",
        (BRANCH,),
    ),
    "subtree of 111, all": (f"SELECT u.* FROM closure_units u {_IN_CLOSURE} p.ancestor_id = $2", (TWIG,)),
    "ancestors": (f"SELECT u.* FROM closure_units u {_TO_ANCESTOR} p.unit_id = $2 ORDER BY p.distance DESC", (LEAF,)),
    "path between two": (
        (f"SELECT u.* FROM closure_units u {_TO_ANCESTOR} p.unit_id = ANY (ARRAY[$2, $3]::uuid[])"),
        (LEAF, OTHER),
    ),
    "names that begin so, in 11,111": (
        (
            f"SELECT u.* FROM closure_units u {_IN_CLOSURE} p.ancestor_id = $2"
            " AND u.name >= 'unit 2000' AND u.name < 'unit 2001' ORDER BY u.name LIMIT 50"
        ),
        (BRANCH,),
    ),
}
LTREE = {
    "subtree of 11,111, a page of 50": (
        f"SELECT u.* FROM ltree_units u WHERE tenant_id = $1 AND path <@ {_PATH_OF} ORDER BY u.id LIMIT 50",
        (BRANCH,),
    ),
    "subtree of 11,111, counted": (
        f"SELECT count(*) FROM ltree_units WHERE tenant_id = $1 AND path <@ {_PATH_OF}",
        (BRANCH,),
    ),
    "subtree of 111, all": (f"SELECT u.* FROM ltree_units u WHERE tenant_id = $1 AND path <@ {_PATH_OF}", (TWIG,)),
    "ancestors": (
        f"SELECT u.* FROM ltree_units u WHERE tenant_id = $1 AND {_ABOVE.format(_PATH_OF)} ORDER BY nlevel(u.path)",
        (LEAF,),
    ),
    "path between two": (
        (
            f"SELECT u.* FROM ltree_units u WHERE tenant_id = $1 AND ({_ABOVE.format(_PATH_OF)}"
            f" OR {_ABOVE.format(_PATH_OF.replace('$2', '$3'))})"
        ),
        (LEAF, OTHER),
    ),
    "names that begin so, in 11,111": (
        (
            f"SELECT u.* FROM ltree_units u WHERE tenant_id = $1 AND path <@ {_PATH_OF}"
            " AND u.name >= 'unit 2000' AND u.name < 'unit 2001' ORDER BY u.name LIMIT 50"
        ),
        (BRANCH,),
    ),
}
MOVE_CLOSURE = (
    (
        "DELETE FROM closure_paths p USING closure_paths below, closure_paths above WHERE below.tenant_id = $1"
        " AND below.ancestor_id = $2 AND above.tenant_id = $1 AND above.unit_id = $2 AND above.distance > 0"
        " AND p.tenant_id = $1 AND p.unit_id = below.unit_id AND p.ancestor_id = above.ancestor_id"
    ),
    (
        "INSERT INTO closure_paths SELECT $1::uuid, above.ancestor_id, below.unit_id,"
        " above.distance + below.distance + 1 FROM closure_paths above, closure_paths below"
        " WHERE above.tenant_id = $1 AND above.unit_id = $3 AND below.tenant_id = $1 AND below.ancestor_id = $2"
    ),
    "UPDATE closure_units SET parent_id = $3 WHERE tenant_id = $1 AND id = $2",
)
MOVE_LTREE = (
    (
        "UPDATE ltree_units u SET path = new.path || subpath(u.path, nlevel(old.path) - 1)"
        " FROM ltree_units old, ltree_units new WHERE old.tenant_id = $1 AND old.id = $2 AND new.tenant_id = $1"
        " AND new.id = $3 AND u.tenant_id = $1 AND u.path <@ old.path"
    ),
    "UPDATE ltree_units SET parent_id = $3 WHERE tenant_id = $1 AND id = $2",
)
INSERT_CLOSURE = (
    "INSERT INTO closure_units VALUES ($1, $2, $3, 'new')",
    (
        "INSERT INTO closure_paths SELECT $1::uuid, ancestor_id, $2::uuid, distance + 1 FROM closure_paths"
        " WHERE tenant_id = $1 AND unit_id = $3 UNION ALL SELECT $1, $2, $2, 0"
    ),
)
INSERT_LTREE = (
    (
        "INSERT INTO ltree_units SELECT $1::uuid, $2::uuid, $3::uuid, 'new', path || replace($2::uuid::text, '-', '')"
        " FROM ltree_units"
        " WHERE tenant_id = $1 AND id = $3"
    ),
)


def asks(sql: str, parameters: tuple[str, ...]) -> Question:
    """Ask a question, and read the whole answer."""

    async def ask(connection: "Connection[Any]", round_number: int) -> int:  # noqa: ARG001 (the same every round)
        return len(await connection.fetch(sql, TENANT, *parameters))

    return ask


def moves(statements: tuple[str, ...]) -> Question:
    """Move the large subtree from one unit of the second level to another, there and back."""

    async def move(connection: "Connection[Any]", round_number: int) -> None:
        there = unit(3 + round_number % 3 * 2 + round_number // 3 % 2)
        for statement in statements:
            await connection.execute(statement, *(TENANT, BRANCH, there)[: 3 if "$3" in statement else 2])

    return move


def inserts(statements: tuple[str, ...]) -> Question:
    """Insert a unit far down."""

    async def insert(connection: "Connection[Any]", round_number: int) -> None:
        for statement in statements:
            await connection.execute(statement, TENANT, unit(UNITS + 1 + round_number), LEAF)

    return insert


def questions(
    asked: dict[str, tuple[str, tuple[str, ...]]], move: tuple[str, ...], insert: tuple[str, ...]
) -> dict[str, Question]:
    """Give all that a shape is asked, by what it is called."""
    reads = {name: asks(sql, parameters) for name, (sql, parameters) in asked.items()}
    return {**reads, "a unit inserted": inserts(insert), "11,111 units moved": moves(move)}


async def timed(connection: "Connection[Any]", question: Question, round_number: int) -> float:
    """Give the milliseconds of a transaction with one question in it."""
    start = perf_counter()
    async with connection.transaction():
        await connection.execute(f"SELECT set_config('bench.tenant', '{TENANT}', true)")
        await question(connection, round_number)
    return 1000 * (perf_counter() - start)


async def measure(server: EmbeddedPostgres) -> None:
    """Fill the tables, go through the rounds, print the medians and the sizes."""
    owner = await connect(server.url())
    await owner.execute(SCHEMA + WALLS)
    await owner.execute("VACUUM ANALYZE")
    bound, free = [await connect(server.url(role, PASSWORD, "postgres")) for role in ("bound", "free")]
    closure = questions(CLOSURE, MOVE_CLOSURE, INSERT_CLOSURE)
    ltree = questions(LTREE, MOVE_LTREE, INSERT_LTREE)
    shapes = {"closure": (bound, closure), "ltree": (bound, ltree), "ltree, no wall": (free, ltree)}
    taken: dict[tuple[str, str], list[float]] = {}
    for number in range(ROUNDS):
        for name in closure:
            for place, (shape, (connection, asked)) in enumerate(shapes.items()):
                once = number * len(shapes) + place
                taken.setdefault((name, shape), []).append(await timed(connection, asked[name], once))
    print(f"{'milliseconds, median of ' + str(ROUNDS):36}" + "".join(f"{shape:>16}" for shape in shapes))
    for name in closure:
        print(f"{name:36}" + "".join(f"{median(taken[name, shape]):16.2f}" for shape in shapes))
    for shape, tables in (("closure", ("closure_units", "closure_paths")), ("ltree", ("ltree_units",))):
        sizes = [await owner.fetchval("SELECT pg_total_relation_size($1::text::regclass)", table) for table in tables]
        print(f"{shape}: {sum(sizes) / 1e6:.0f} MB")


async def main() -> None:
    """Measure on a PostgreSQL of the script's own, durable as a real one."""
    with tempfile.TemporaryDirectory() as folder:
        async with EmbeddedPostgres(Path(folder), ephemeral=True) as server:
            await measure(server)


if __name__ == "__main__":
    asyncio.run(main())
