"""The application's own wall, in statements: which of them name the tenant, and the same ones without it.

A tenant predicate is an equation of a table's tenant column with a parameter or with another tenant column.
"""

import importlib
import inspect
import pkgutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal, Self, get_args, get_origin, get_type_hints

import pytest
from sqlalchemy import BindParameter, ColumnElement, Delete, Insert, Select, TableClause, TextClause, Update, true
from sqlalchemy.sql import operators, visitors
from sqlalchemy.sql.elements import BinaryExpression, ColumnClause
from sqlalchemy.sql.selectable import Alias, FromClause, Join

import central_server
from central_server.infra.db import Query
from central_server.infra.db.query import Plan

_TENANT_TABLE = "tenants"


def _base(source: Any) -> Any:
    while isinstance(source, Alias):
        source = source.element
    return source


def has_tenant(source: Any) -> bool:
    """Whether rows of a table, or of an alias of one, belong to a tenant, or are tenants."""
    table = _base(source)
    return isinstance(table, TableClause) and (table.name == _TENANT_TABLE or "tenant_id" in table.c)


def _is_tenant_column(element: Any) -> bool:
    if not isinstance(element, ColumnClause) or element.table is None:
        return False
    table = _base(element.table)
    named = "id" if isinstance(table, TableClause) and table.name == _TENANT_TABLE else "tenant_id"
    return element.name == named


def _is_predicate(element: Any) -> bool:
    if not isinstance(element, BinaryExpression) or element.operator is not operators.eq:
        return False
    sides = (element.left, element.right)
    return any(map(_is_tenant_column, sides)) and all(
        _is_tenant_column(s) or isinstance(s, BindParameter) for s in sides
    )


def count_predicates(statement: Any) -> int:
    """Count the tenant predicates of a statement."""
    return sum(map(_is_predicate, visitors.iterate(statement)))


def without_predicates(statement: Any) -> Any:
    """Give the statement with every tenant predicate replaced by TRUE."""
    if not count_predicates(statement):
        return statement

    def replace(element: Any, **_: Any) -> ColumnElement[bool] | None:
        return true() if _is_predicate(element) else None

    return visitors.replacement_traverse(statement, {}, replace)


def unnamed_tables(statement: Any) -> list[str]:
    """Name the tables with a tenant that a statement reads or changes without a tenant predicate."""
    return sorted({_base(source).name for source in _unnamed(statement, frozenset(), frozenset())})


_Tables = frozenset[FromClause]


def _unnamed(statement: Any, outer: _Tables, outer_named: _Tables) -> Iterator[FromClause]:
    region = _Region.of(statement)
    own = frozenset(source for source in _sources(statement, region) if source not in outer and has_tenant(source))
    named = _named(region.certain, outer_named)
    yield from own - named
    for inner in region.nested:
        yield from _unnamed(inner, outer | own, named)


@dataclass
class _Region:
    """What a statement itself is made of, but for the statements nested in it.

    `certain` is what stands in no OR and no NOT, where a tenant that is compared may be any.
    """

    elements: list[Any] = field(default_factory=list)
    certain: list[Any] = field(default_factory=list)
    nested: list[Any] = field(default_factory=list)

    @classmethod
    def of(cls, statement: Any) -> Self:
        made = cls()
        for child in statement.get_children():
            made._add(child, is_certain=True)
        return made

    def _add(self, element: Any, *, is_certain: bool) -> None:
        if isinstance(element, Select | Update | Delete | Insert):
            self.nested.append(element)
            return
        self.elements.append(element)
        if is_certain:
            self.certain.append(element)
        is_loose = getattr(element, "operator", None) in {operators.or_, operators.inv}
        for child in element.get_children():
            self._add(child, is_certain=is_certain and not is_loose)


def _sources(statement: Any, region: _Region) -> Iterator[FromClause]:
    """Give the tables and aliases that a statement itself reads or changes; what it inserts into is not read."""
    if isinstance(statement, Update | Delete):
        yield from (e.table for e in region.elements if isinstance(e, ColumnClause) and e.table is not None)
        yield statement.table
    waiting = list(statement.get_final_froms()) if isinstance(statement, Select) else []
    while waiting:
        source = waiting.pop()
        if isinstance(source, Join):
            waiting += [source.left, source.right]
        else:
            yield source


def _named(certain: list[Any], outer_named: _Tables) -> _Tables:
    """Give the tables that are tied to a parameter, be it by way of others."""
    ties = [_tie(element) for element in certain if _is_predicate(element)]
    named = outer_named.union(*(tie for tie in ties if len(tie) == 1))
    while more := frozenset[FromClause]().union(*(tie for tie in ties if tie & named)) - named:
        named |= more
    return named


def _tie(predicate: Any) -> _Tables:
    return frozenset(side.table for side in (predicate.left, predicate.right) if _is_tenant_column(side))


def hidden_predicates(statement: Any) -> list[str]:
    """Give what may compare tenants in forms that are not found here: text, tuples and other operators."""
    found = []
    for element in visitors.iterate(statement):
        if isinstance(element, TextClause) and "tenant" in element.text:
            found.append(element.text)
        if isinstance(element, BinaryExpression) and not _is_predicate(element) and _compares_tenants(element):
            found.append(str(element))
    return found


def _compares_tenants(element: BinaryExpression[Any]) -> bool:
    return any(_is_tenant_column(part) for side in (element.left, element.right) for part in visitors.iterate(side))


# All statements of the server


@cache
def all_queries() -> list[tuple[str, Query[Any]]]:
    """Give every statement that the server has, by `module:name`; a factory's for every shape it takes."""
    # One that is imported elsewhere counts where statements are at home.
    found = sorted(
        _queries(), key=lambda pair: not {"queries", "statements"} & set(pair[0].partition(":")[0].split("."))
    )
    once = {id(query): (name, query) for name, query in reversed(found)}
    return sorted(once.values(), key=lambda pair: pair[0])


def _queries() -> Iterator[tuple[str, Query[Any]]]:
    for module in pkgutil.walk_packages(central_server.__path__, "central_server."):
        if module.name.endswith("__main__") or ".migrations" in module.name:
            continue
        place = module.name.removeprefix("central_server.")
        for name, value in vars(importlib.import_module(module.name)).items():
            if isinstance(value, Query):
                yield f"{place}:{name}", value
            elif name == "ERASURES" and module.name.endswith(".erasing"):
                yield from ((f"{place}:{erasure.name}", erasure.query) for erasure in value)
            elif name in {"ARCHIVED", "GRANTS"} and module.name.endswith(".archiving"):
                yield from _of_archived(place, value)
            elif hasattr(value, "cache_parameters") and value.__module__ == module.name:
                yield from _of_factory(f"{place}:{name}", value)


def _of_archived(place: str, tables: Any) -> Iterator[tuple[str, Query[Any]]]:
    for one in tables:
        for name in ("first", "next", "insert"):
            if (query := getattr(one, name)) is not None:
                yield f"{place}:{one.table.name}.{name}", query


def _of_factory(name: str, factory: Any) -> Iterator[tuple[str, Query[Any]]]:
    hints = get_type_hints(inspect.unwrap(factory))
    if get_origin(hints.pop("return", None)) is not Query:
        return
    for values in _variations(hints):
        yield name, factory(**values)


def _variations(hints: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Give values of names: one differs at a time, from where all are the first and from where all are the last."""
    possible = {name: list(_values(hint)) for name, hint in hints.items()}
    for base in ({name: values[end] for name, values in possible.items()} for end in (0, -1)):
        for name, values in possible.items():
            for value in values:
                yield {**base, name: value}


def _values(hint: Any) -> Iterator[Any]:
    """Give values of a type that has few, or that stand for the others."""
    if hint is bool:
        yield from (False, True)
    elif hint is int:
        yield from (0, 1, 2)
    elif get_origin(hint) is Literal:
        yield from get_args(hint)
    elif isinstance(hint, type) and issubclass(hint, tuple) and hasattr(hint, "_fields"):
        yield from (hint(**values) for values in _variations(get_type_hints(hint)))
    else:
        raise TypeError(f"teach tenant_predicates to give values of {hint}, of which a statement is made")


# Running without them


class StrippedPlan(Plan):
    """A plan of a statement that has lost its tenant predicates, and takes no notice of their parameters."""

    def __init__(self, statement: Any) -> None:
        super().__init__(without_predicates(statement))
        self.removed = count_predicates(statement)
        self._dropped = frozenset(Plan(statement)._names) - frozenset(self._names)

    def arguments(self, parameters: Mapping[str, Any], tenant: str | None) -> list[Any]:
        kept = {name: value for name, value in parameters.items() if name not in self._dropped}
        return super().arguments(kept, tenant)


@dataclass
class Stripping:
    """Runs the server's statements without their tenant predicates, while `active`."""

    plans: dict[int, tuple[Query[Any], StrippedPlan]] = field(default_factory=dict)

    def plan(self, query: Query[Any]) -> StrippedPlan:
        if id(query) not in self.plans:
            self.plans[id(query)] = query, StrippedPlan(query.statement)
        return self.plans[id(query)][1]

    @property
    def removed(self) -> int:
        """How many predicates the statements that were run have lost."""
        return sum(plan.removed for _, plan in self.plans.values())

    @contextmanager
    def active(self) -> Iterator[None]:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Query, "plan", property(self.plan))
            yield
