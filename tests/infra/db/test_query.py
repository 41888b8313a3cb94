"""How statements are compiled, and what is refused."""

from typing import Any
from uuid import uuid4

import pytest
from db_support import NOTES
from sqlalchemy import (
    ARRAY,
    Column,
    Integer,
    MetaData,
    Table,
    Text,
    Uuid,
    any_,
    bindparam,
    insert,
    literal,
    literal_column,
    select,
    text,
    update,
)

from central.kernel.ids import TenantId, UserId
from central_server.infra.db import Database, Query, tenant_scope

_TENANT = TenantId.new()


def test_compiles_once_and_late() -> None:
    """Making a query costs nothing; using it twice compiles once."""
    query = Query[Any](select(NOTES.c.title))
    assert query._plan is None
    assert query.plan is query.plan


def test_the_statements_own_values_are_constants() -> None:
    """Literals keep their place among the parameters."""
    query = Query[Any](select(NOTES.c.id).where(NOTES.c.rank > 5, NOTES.c.title == bindparam("t")).limit(3))
    assert query.plan.arguments({"t": "x"}, None) == [5, "x", 3]


def test_a_parameter_used_twice_is_given_once() -> None:
    """`$n` repeats."""
    same = bindparam("t", type_=Text)
    query = Query[Any](select(NOTES.c.id).where((NOTES.c.title == same) | (NOTES.c.title + "!" == same)))
    assert query.plan.arguments({"t": "x"}, None).count("x") == 1


@pytest.mark.parametrize("parameters", [{}, {"a": 1}, {"t": "x", "a": 1}, {"a": 1, "b": 2}])
def test_missing_and_unknown_parameters_are_named(parameters: dict[str, Any]) -> None:
    """A wrong name is a `TypeError` before anything is sent."""
    query = Query[Any](select(NOTES.c.id).where(NOTES.c.title == bindparam("t")))
    with pytest.raises(TypeError, match=r"missing|unknown"):
        query.plan.arguments(parameters, None)


def test_a_key_error_of_a_type_is_not_taken_for_a_missing_parameter() -> None:
    """Only names are reported as names."""
    query = Query[Any](select(NOTES.c.id).where(NOTES.c.tenant_id == bindparam("t")))
    with pytest.raises(TypeError, match="expected TenantId, got UserId"):
        query.plan.arguments({"t": UserId.new()}, None)


def test_expanding_in_is_refused() -> None:
    """IN has no fixed text; the message says what to write."""
    for clause in (NOTES.c.rank.in_([1, 2]), NOTES.c.rank.in_(bindparam("ranks", expanding=True))):
        with pytest.raises(TypeError, match="any_"):
            _ = Query[Any](select(NOTES.c.id).where(clause)).plan


def test_defaults_made_in_python_are_refused() -> None:
    """They would silently not run."""
    table = Table("t", MetaData(), Column("id", Uuid, default=uuid4), Column("n", Integer, onupdate=1))
    for statement in (insert(table).values(n=bindparam("v")), update(table).values(id=bindparam("v"))):
        with pytest.raises(TypeError, match="server_default"):
            _ = Query[Any](statement).plan


def test_a_statement_that_sets_the_tenant_needs_one() -> None:
    """`tenant_scope()` without a tenant never runs."""
    scope = tenant_scope()
    with pytest.raises(TypeError, match="bound to one"):
        Query[Any](select(scope.c.tenant)).plan.arguments({}, None)


async def test_any_takes_a_list(db: Database) -> None:
    """The replacement for IN."""
    ids = bindparam("ids", type_=ARRAY(Integer))
    query = Query[Any](select(literal(2).label("n")).where(literal(2) == any_(ids)))
    assert await db.unscoped().scalar(query, ids=[1, 2]) == 2
    assert await db.unscoped().scalar(query, ids=[1]) is None


async def test_percent_signs_and_colons_survive(db: Database) -> None:
    """No second formatting is done."""
    query = Query[Any](select(literal_column("'50%' || ':x'").label("v"), (literal(7) % literal(4)).label("m")))
    row = await db.unscoped().first(query)
    assert dict(row) == {"v": "50%:x", "m": 3}


async def test_text_statements(db: Database) -> None:
    """Hand-written SQL runs, with and without declared columns."""
    plain = Query[Any](text("SELECT CAST(:n AS integer) + 1 AS m"))
    typed = Query[Any](
        text("SELECT :t ::uuid AS t").bindparams(bindparam("t", type_=Uuid)).columns(t=NOTES.c.tenant_id.type)
    )
    assert await db.unscoped().scalar(plain, n=1) == 2
    found = await db.unscoped().scalar(typed, t=_TENANT.uuid)
    assert found == _TENANT
    assert type(found) is TenantId
    assert await db.read(_TENANT).scalar(typed, t=_TENANT.uuid) == _TENANT


async def test_columns_that_convert_need_distinct_names(db: Database) -> None:
    """A dictionary would lose one of them."""
    one = literal(_TENANT, NOTES.c.tenant_id.type)
    query = Query[Any](text("SELECT 1 AS a, 2 AS a").columns(NOTES.c.tenant_id, NOTES.c.id))
    with pytest.raises(TypeError, match="distinct"):
        await db.unscoped().first(query)
    twice = Query[Any](select(one.label("a"), one.label("b")))
    assert dict(await db.unscoped().first(twice)) == {"a": _TENANT, "b": _TENANT}


async def test_records_are_given_as_they_are_when_nothing_converts(db: Database) -> None:
    """No copy is made."""
    row = await db.unscoped().first(Query[Any](select(literal(1).label("a"))))
    assert type(row).__name__ == "Record"
    assert row["a"] == 1
