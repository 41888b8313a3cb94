"""What `Query` gives and takes equals what SQLAlchemy's own engine gives and takes."""

import math
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from ipaddress import ip_address
from typing import Any
from uuid import UUID, uuid4

import pytest
from db_support import Place
from sqlalchemy import (
    ARRAY,
    JSON,
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Float,
    Integer,
    Interval,
    LargeBinary,
    MetaData,
    Numeric,
    SmallInteger,
    Table,
    Text,
    TypeDecorator,
    Uuid,
    bindparam,
    func,
    insert,
    null,
    select,
)
from sqlalchemy.dialects.postgresql import INET, JSONB
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.types import TypeEngine

from central.kernel.ids import UserId
from central_server.infra.db import Database, Query, RichIdColumn, text_enum


class Colour(StrEnum):
    RED = "red"
    DEEP_BLUE = "deep-blue"


class Tags(TypeDecorator[frozenset[str]]):
    """JSON behind a decorator: its processors have to meet the codec."""

    impl = JSONB
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Any) -> Any:
        return None if value is None else sorted(value)

    def process_result_value(self, value: Any, dialect: Any) -> Any:
        return None if value is None else frozenset(value)


_USER = UserId.new()
_COLOURS = text_enum(Colour)
_CASES: list[tuple[str, TypeEngine[Any], list[Any]]] = [
    ("uuid", Uuid(), [uuid4(), UUID(int=0)]),
    ("rich_id", RichIdColumn(UserId), [_USER, UserId.from_uuid(UUID(int=0))]),
    ("text", Text(), ["", "é\U0001f600'\"\\", "a" * 5000]),
    ("smallint", SmallInteger(), [-32768]),
    ("int", Integer(), [0, -(2**31), 2**31 - 1]),
    ("bigint", BigInteger(), [2**63 - 1]),
    ("bool", Boolean(), [True, False]),
    ("numeric", Numeric(), [Decimal("1.10"), Decimal("-12345678901234567890.123456789")]),
    ("numeric_float", Numeric(asdecimal=False), [1.5]),
    ("float", Float(), [0.1, math.inf]),
    ("bytea", LargeBinary(), [b"", b"\x00\xff"]),
    ("timestamptz", DateTime(timezone=True), [datetime(2026, 11, 23, 12, 0, 0, 123456, tzinfo=UTC)]),
    ("timestamp", DateTime(), [datetime(2026, 11, 23, 12, 0)]),  # noqa: DTZ001 (a column without zone)
    ("date", Date(), [date(1, 1, 1), date(9999, 12, 31)]),
    ("interval", Interval(), [timedelta(days=3, seconds=5, microseconds=7), timedelta(-1)]),
    ("json", JSON(), [{"a": [1, None, 2.5, "é"]}, [], "x", 0, False, {"n": 2**70}]),
    ("jsonb", JSONB(), [{"a": {"b": [True]}}, [], "", 1.5]),
    ("jsonb_null", JSONB(none_as_null=True), [{"a": None}]),
    ("texts", ARRAY(Text()), [[], ["a", None, 'q"{}']]),
    ("uuids", ARRAY(Uuid()), [[uuid4(), uuid4()]]),
    ("rich_ids", ARRAY(RichIdColumn(UserId)), [[_USER], []]),
    ("enum", _COLOURS, [Colour.RED, Colour.DEEP_BLUE]),
    ("enums", ARRAY(_COLOURS), [[Colour.DEEP_BLUE, Colour.RED]]),
    ("inet", INET(), [ip_address("10.0.0.1"), ip_address("::1")]),
    ("tags", Tags(), [frozenset({"a", "b"})]),
]
_IDS = [case[0] for case in _CASES]
_TABLES = {
    name: Table(f"type_{name}", MetaData(), Column("id", Integer, primary_key=True), Column("v", type_))
    for name, type_, _ in _CASES
}


@pytest.fixture(scope="module")
async def engine(place: Place) -> AsyncIterator[AsyncEngine]:
    made = create_async_engine(
        place.owner.replace("postgresql://", "postgresql+asyncpg://"),
        connect_args={"server_settings": {"search_path": "central", "timezone": "UTC"}},
    )
    async with made.begin() as connection:
        for table in _TABLES.values():
            # They are there already where the run has come back to this module.
            await connection.run_sync(table.drop, checkfirst=True)
            await connection.run_sync(table.create)
        await connection.exec_driver_sql("GRANT ALL ON ALL TABLES IN SCHEMA central TO central_app")
    yield made
    await made.dispose()


def _alike(ours: Any, theirs: Any) -> bool:
    if isinstance(theirs, list):
        return isinstance(ours, list) and len(ours) == len(theirs) and all(map(_alike, ours, theirs))
    return ours == theirs and (type(ours) is type(theirs) or (isinstance(ours, UUID) and isinstance(theirs, UUID)))


@pytest.mark.parametrize(("name", "type_", "values"), _CASES, ids=_IDS)
async def test_a_value_goes_both_ways_as_with_sqlalchemy(
    engine: AsyncEngine, db: Database, name: str, type_: TypeEngine[Any], values: list[Any]
) -> None:
    """Each value, written by either, is read alike by both, as a column, by RETURNING and as a condition."""
    table = _TABLES[name]
    add = insert(table).values(id=bindparam("id"), v=bindparam("v"))
    ours_add = Query[Any](add.returning(table.c.v))
    read = select(table.c.id, table.c.v, table.c.v.is_(None).label("absent")).order_by(table.c.id)
    stored = [*values, None]
    returned = [await db.unscoped().scalar(ours_add, id=n, v=value) for n, value in enumerate(stored)]
    async with engine.begin() as connection:
        for n, value in enumerate(stored):
            await connection.execute(add, {"id": 100 + n, "v": value})
        theirs = [dict(row) for row in (await connection.execute(read)).mappings()]
    ours = [dict(row) for row in await db.unscoped().all(Query[Any](read))]
    assert [list(row) for row in ours] == [list(row) for row in theirs]
    assert all(_alike(list(a.values()), list(b.values())) for a, b in zip(ours, theirs, strict=True)), (ours, theirs)
    half = len(stored)
    for a, b, back in zip(ours[:half], ours[half:], returned, strict=True):
        assert _alike(a["v"], b["v"])
        assert a["absent"] == b["absent"]
        assert _alike(back, a["v"])
    if name not in {"json", "tags"}:
        for n, value in enumerate(values):
            find = Query[Any](select(table.c.id).where(table.c.v == bindparam("v", type_=type_)).limit(1))
            assert await db.unscoped().scalar(find, v=value) == n


async def test_json_null_is_not_sql_null(engine: AsyncEngine, db: Database) -> None:
    """`JSON.NULL`, `None` and `null()` mean what they mean to SQLAlchemy, by constant and by parameter."""
    table = _TABLES["jsonb"]
    add = Query[Any](insert(table).values(id=bindparam("id"), v=bindparam("v")))
    for n, value in enumerate([None, JSON.NULL, {"a": None}]):
        await db.unscoped().first(add, id=200 + n, v=value)
    await db.unscoped().first(Query[Any](insert(table).values(id=210, v=null())))
    await db.unscoped().first(Query[Any](insert(table).values(id=211, v=JSON.NULL)))
    await db.unscoped().first(Query[Any](insert(table).values(id=212, v=None)))
    kinds = Query[Any](
        select(table.c.id, func.jsonb_typeof(table.c.v).label("kind")).where(table.c.id >= 200).order_by(table.c.id)
    )
    found = {row["id"]: row["kind"] for row in await db.unscoped().all(kinds)}
    async with engine.begin() as connection:
        for n, value in enumerate([None, JSON.NULL, {"a": None}]):
            await connection.execute(insert(table).values(id=300 + n, v=value))
        await connection.execute(insert(table).values(id=310, v=null()))
        theirs = {row.id: row.kind for row in await connection.execute(kinds.statement)}
    assert [found[n] for n in (200, 201, 202, 210)] == [theirs[n] for n in (300, 301, 302, 310)]
    assert [found[n] for n in (211, 212)] == ["null", "null"]
