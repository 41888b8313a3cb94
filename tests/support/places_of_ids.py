"""Every place of an operation's input where an id can stand, read off the contract's own annotations.

A place is derived, never listed: a new field, a new operation or a new arm of a union is probed from its first day.
"""

import types
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ForwardRef, TypeVar, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel
from pydantic.alias_generators import to_camel

from central.kernel.ids import RichId, TenantId
from central.kernel.operation import AnyOperation, BrowserRoute
from central.kernel.pages import PageInput
from central.kernel.text import TenantRef

LISTED = "[]"
CURSOR = "cursor"
# What is named by text that is no id: the fields of `Things` with such names, by the fields that take them, of any
# input or of one.
NAMES = {
    "role": ("role", "held_role"),
    "roles": ("role", "held_role"),
    "default_roles": ("role", "held_role"),
    "GetUserByExternalIdInput.value": ("external_id",),
    "external": ("external_ref",),
    "GetUnitByCodeInput.code": ("unit_code",),
    "AcceptInvitationInput.token": ("token",),
    "GetInvitationPublicInput.token": ("token",),
    "device_code": ("device_code",),
    "ListEventsInput.target": ("user", "role_id"),
    "StartEventExportInput.target": ("user", "role_id"),
}
# The same of names in the paths of browser routes, by the route's name.
NAMES_IN_PATHS = {
    "pages.invitation": {"token": ("token",)},
    "pages.accept_invitation": {"token": ("token",)},
}
# Names in paths that stand for nothing that a tenant has.
NO_NAMES = frozenset({"source", "consumer"})
# Names in the paths of browser routes that are no ids of anything in a tenant. The links of mailed codes, which are of
# a browser too, have tests of their own.
NO_IDS = frozenset({"name", "token", "digest", "letters", "hue"})
_LISTS = (list, set, frozenset, tuple, Sequence, Collection)


@dataclass(frozen=True)
class IdPlace:
    """One place: the names that lead to it, and which kind of id stands there.

    `kind` are fields of `Things` for what is named by other text than an id, and None for a cursor, which holds an id
    of the list's own. `model` is the class that has the field, as the arms of a union share names.
    """

    path: tuple[str, ...]
    kind: type[RichId] | tuple[str, ...] | None
    model: type[BaseModel] | None = None

    @property
    def name(self) -> str:
        return ".".join(self.path).replace(f".{LISTED}", LISTED)

    @property
    def is_tenant(self) -> bool:
        """Whether it is the tenant in which the operation happens."""
        return self.path == ("tenant",)

    def fill(self, fields: Mapping[str, Any], value: str) -> Iterator[dict[str, Any]]:
        """Give the fields with this value in the place: in a list alone, and then behind what is there.

        Where the list is one of objects, it is the last of them that gets the value.
        """
        first, *rest = self.path
        for inner in _filled(fields.get(first), rest, value):
            yield {**fields, first: inner}

    def is_held(self, fields: Mapping[str, Any], model: type[BaseModel]) -> bool:
        """Whether these fields of an input reach the place: all that it lies in is there, and is of its arm."""
        holder = list(self.path)
        while holder[-1] == LISTED:
            holder.pop()
        found: list[Any] = [model.model_validate(dict(fields), by_name=True)]
        for name in holder[:-1]:
            inner = (
                [item for items in found for item in items]
                if name == LISTED
                else [getattr(f, name, None) for f in found]
            )
            found = [one for one in inner if isinstance(one, BaseModel | list)]
        return any(isinstance(one, self.model or BaseModel) for one in found)


def _filled(there: Any, path: Sequence[str], value: str) -> Iterator[Any]:
    if not path:
        yield value
    elif path[0] == LISTED:
        before, filled = (there[:-1], there[-1]) if there and path[1:] else (there or [], None)
        for inner in _filled(filled, path[1:], value):
            yield [inner]
            if before:
                yield [*before, inner]
    else:
        name = to_camel(path[0])  # examples spell what lies deeper as it travels
        for inner in _filled((there or {}).get(name), path[1:], value):
            yield {**(there or {}), name: inner}


def id_places(model: type[BaseModel]) -> list[IdPlace]:
    """Give every place of an input; `TypeError` for an annotation that cannot be walked."""
    return list(dict.fromkeys(_of_model(model, (), ())))


def places_of(declared: AnyOperation | BrowserRoute) -> list[IdPlace]:
    """Give every place of an operation's input, or the ids in a browser route's path."""
    if not isinstance(declared, BrowserRoute):
        return id_places(declared.input_class)
    names = [part[1:-1] for part in declared.path.split("/") if part.startswith("{")]
    prefixes = {**RichId.registry, "tenant": TenantId}
    known = NAMES_IN_PATHS.get(declared.name, {})
    return [
        IdPlace((name,), known.get(name) or prefixes[name]) for name in names if name in known or name not in NO_IDS
    ]


_Models = tuple[type[BaseModel], ...]


def _of_model(model: type[BaseModel], path: tuple[str, ...], within: _Models) -> Iterator[IdPlace]:
    hints = get_type_hints(model, include_extras=True)
    for name in model.model_fields:
        if not path and name == CURSOR and issubclass(model, PageInput):
            yield IdPlace((CURSOR,), None, model)
        for place in _of(hints[name], (*path, name), (*within, model)):
            yield place if place.model is not None else IdPlace(place.path, place.kind, model)


def _of(annotation: Any, path: tuple[str, ...], within: _Models) -> Iterator[IdPlace]:
    origin = get_origin(annotation)
    if _is_tenant_ref(annotation):
        yield IdPlace(path, TenantId)
    elif origin is Annotated:
        yield from _of(get_args(annotation)[0], path, within)
    elif origin in {Union, types.UnionType}:
        for arm in get_args(annotation):
            yield from _of(arm, path, within)
    elif origin is None and isinstance(annotation, type):
        yield from _of_class(annotation, path, within)
    elif origin in _LISTS:
        for item in get_args(annotation):
            yield from _of(item, (*path, LISTED), within)
    elif isinstance(annotation, TypeVar | ForwardRef) or _names_an_id(annotation):
        raise TypeError(f"{'.'.join(path)}: teach places_of_ids to walk {annotation}")


def _of_class(annotation: type, path: tuple[str, ...], within: _Models) -> Iterator[IdPlace]:
    if issubclass(annotation, RichId):
        yield IdPlace(path, annotation)
    elif annotation is str:
        named = next(name for name in reversed(path) if name != LISTED)
        for key in {f"{within[-1].__name__}.{named}", named} & NAMES.keys():
            yield IdPlace(path, NAMES[key])
    elif issubclass(annotation, BaseModel) and annotation not in within:  # a model in itself has no new kinds
        yield from _of_model(annotation, path, within)


def _is_tenant_ref(annotation: Any) -> bool:
    known = get_args(TenantRef)
    return get_origin(annotation) is Annotated and get_args(annotation)[: len(known)] == known


def _names_an_id(annotation: Any) -> bool:
    """Whether an id stands within an annotation of a form that is not walked, such as a mapping's keys."""
    if isinstance(annotation, type) and get_origin(annotation) is None:
        return issubclass(annotation, RichId | BaseModel)
    return any(map(_names_an_id, get_args(annotation)))
