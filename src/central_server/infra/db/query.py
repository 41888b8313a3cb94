"""SQLAlchemy Core statements, compiled once to the text and the argument order that asyncpg takes."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Generic, NamedTuple, TypeVar, cast

from sqlalchemy import ARRAY, BindParameter, Dialect, Executable, Float, Numeric, ReturnsRows
from sqlalchemy.dialects.postgresql import asyncpg as asyncpg_dialect
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.types import TypeEngine

from .codecs import JSON_NULL
from .connection import Record
from .scope import SCOPE_PARAMETER, scoped_select
from .types import RichIdColumn

R = TypeVar("R")
Processor = Callable[[Any], Any]

_FLOAT8_OID = 701
_NUMERIC_OID = 1700


def _keep_json(value: Any) -> Any:
    return JSON_NULL if value is None else value


# JSON is written by the connection's codec, so that SQLAlchemy's part is only to tell null from NULL.
_dialect: Any = asyncpg_dialect.dialect
DIALECT: Dialect = _dialect(dbapi=_dialect.import_dbapi(), json_serializer=_keep_json)


class Slot(NamedTuple):
    """Where a named parameter goes, and how its value is written."""

    position: int
    name: str
    process: Processor | None


class Plan:
    """A compiled statement: `text` with `$n`, and how its arguments are made and its rows are read."""

    def __init__(self, statement: Executable) -> None:
        compiled = _compile(statement)
        self.text = str(compiled)
        self._constants, slots = _arguments(compiled)
        self._slots = tuple(slot for slot in slots if slot.name != SCOPE_PARAMETER)
        self._scope = tuple(slot.position for slot in slots if slot.name == SCOPE_PARAMETER)
        self.scopes_itself = bool(self._scope)
        self._names = tuple(slot.name for slot in self._slots)
        self._plain = (
            not self._scope
            and self._constants == [None] * len(self._names)
            and not any(slot.process for slot in self._slots)
        )
        self.is_select = bool(statement.is_select)
        self._scoped_text = scoped_select(self.text, len(self._constants) + 1) if self.is_select else ""
        self._readers = _readers(statement)
        self._keys: tuple[str, ...] = ()
        self._keyed: tuple[tuple[str, Processor], ...] = ()
        self.processed = any(self._readers)

    def arguments(self, parameters: Mapping[str, Any], tenant: str | None) -> list[Any]:
        """Put the parameters in order; one that is missing or unknown is a `TypeError`."""
        if len(parameters) != len(self._names):
            raise self._wrong(parameters)
        try:
            if self._plain:
                return [parameters[name] for name in self._names]
            arguments = self._constants.copy()
            for index, name, process in self._slots:
                value = parameters[name]
                arguments[index] = value if process is None else process(value)
        except KeyError:
            if set(parameters) == set(self._names):
                raise
            raise self._wrong(parameters) from None
        for index in self._scope:
            if tenant is None:
                raise TypeError("this statement sets the tenant and needs an executor that is bound to one")
            arguments[index] = tenant
        return arguments

    @property
    def scoped_text(self) -> str:
        """The statement with the tenant set by itself, for a SELECT; `TypeError` for what writes."""
        if not self._scoped_text:
            raise TypeError(f"a reader takes a SELECT, not: {self.text}")
        return self._scoped_text

    def scoped_arguments(self, parameters: Mapping[str, Any], tenant: str) -> list[Any]:
        """Give the arguments for `scoped_text`: the same, and the tenant behind them."""
        arguments = self.arguments(parameters, tenant)
        arguments.append(tenant)
        return arguments

    def row(self, record: Record) -> Any:
        """Give a record as SQLAlchemy would: itself, or a new dictionary where a column's type has a say."""
        if not self.processed:
            return record
        keys, readers = self._layout(record)
        row = dict(zip(keys, record.values(), strict=True))
        for key, read in readers:
            row[key] = read(row[key])
        return row

    def rows(self, records: list[Record]) -> list[Any]:
        """Give all records as `row` gives one."""
        if not self.processed or not records:
            return records
        keys, readers = self._layout(records[0])
        rows = [dict(zip(keys, record.values(), strict=True)) for record in records]
        for key, read in readers:
            for row in rows:
                row[key] = read(row[key])
        return rows

    def value(self, record: Record) -> Any:
        """Give the first column of a record."""
        read = self._readers[0] if self._readers else None
        return record[0] if read is None else read(record[0])

    def _layout(self, record: Record) -> tuple[tuple[str, ...], tuple[tuple[str, Processor], ...]]:
        if not self._keys:
            keys = tuple(record.keys())
            if len(set(keys)) != len(self._readers):
                raise TypeError(f"the columns need distinct names: {', '.join(keys)}")
            self._keyed = tuple((k, r) for k, r in zip(keys, self._readers, strict=True) if r is not None)
            self._keys = keys
        return self._keys, self._keyed

    def _wrong(self, parameters: Mapping[str, Any]) -> TypeError:
        missing = sorted(set(self._names) - parameters.keys())
        unknown = sorted(parameters.keys() - set(self._names))
        return TypeError(f"parameters missing: {missing}, unknown: {unknown}; in: {self.text}")


class Query(Generic[R]):
    """A statement whose rows are read as `R`, the `DB...` type declared beside its table.

    It is compiled at its first use, once. Rows are asyncpg's records, or dictionaries where a column's type
    converts; both are read by name. Parameters are the statement's `bindparam`s, given by name.
    """

    __slots__ = ("_plan", "statement")

    def __init__(self, statement: Executable) -> None:
        self.statement = statement
        self._plan: Plan | None = None

    @property
    def plan(self) -> Plan:
        """The compiled statement; `TypeError` for one that has no fixed text."""
        plan = self._plan
        if plan is None:
            plan = self._plan = Plan(self.statement)
        return plan


def _compile(statement: Executable) -> SQLCompiler:
    compiled = cast("Any", statement).compile(dialect=DIALECT)
    assert isinstance(compiled, SQLCompiler)
    if compiled.post_compile_params or any(bind.expanding for bind in compiled.binds.values()):
        raise TypeError("IN has no fixed text: write `column == any_(bindparam('ids', type_=ARRAY(...)))`")
    if compiled.insert_prefetch or compiled.update_prefetch:
        raise TypeError("a default made in Python is not run here: use server_default or a parameter")
    return compiled


def _arguments(compiled: SQLCompiler) -> tuple[list[Any], list[Slot]]:
    """Split the binds into the values that the statement has itself and the slots that callers fill."""
    constants: list[Any] = []
    slots: list[Slot] = []
    for index, name in enumerate(compiled.positiontup or ()):
        bind: BindParameter[Any] = compiled.binds[name]
        process = bind.type.dialect_impl(DIALECT).bind_processor(DIALECT)
        if bind.required:
            constants.append(None)
            slots.append(Slot(index, bind.key, process))
        else:
            value = bind.effective_value
            constants.append(value if process is None else process(value))
    return constants, slots


def _readers(statement: Executable) -> tuple[Processor | None, ...]:
    if not isinstance(statement, ReturnsRows):
        return ()
    return tuple(_reader(column.type) for column in cast("Iterable[Any]", statement.exported_columns))


def _reader(type_: TypeEngine[Any]) -> Processor | None:
    if isinstance(type_, RichIdColumn):
        return type_.reader
    implementation: Any = type_.dialect_impl(DIALECT)
    if _is_list_of_plain(implementation):
        return None  # asyncpg gives a list of what the items are already
    oid = _FLOAT8_OID if isinstance(type_, Float) else _NUMERIC_OID if isinstance(type_, Numeric) else None
    return cast("Processor | None", implementation.result_processor(DIALECT, oid))


def _is_list_of_plain(implementation: Any) -> bool:
    return isinstance(implementation, ARRAY) and _reader(cast("Any", implementation).item_type) is None
