"""What the contract's classes are made of, walked once for the tests that judge them."""

import importlib
import pkgutil
import types
from collections.abc import Iterator
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel

import central
from central.catalog import CATALOG
from central.kernel.events import Event
from central.kernel.model import Input, Output


def classes_in(annotation: Any) -> Iterator[type]:
    """Give every class that an annotation names, however deep."""
    if isinstance(annotation, type) and get_origin(annotation) is None:
        yield annotation
    for part in get_args(annotation):
        yield from classes_in(part)


def models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    """Give the models that an annotation names."""
    return (found for found in classes_in(annotation) if issubclass(found, BaseModel))


def reachable(model: type[BaseModel]) -> set[type[BaseModel]]:
    """Give a model and all that it is made of."""
    found, waiting = {model}, [model]
    while waiting:
        for field in waiting.pop().model_fields.values():
            new = set(models_in(field.annotation)) - found
            found |= new
            waiting += new
    return found


def unions_in(annotation: Any) -> Iterator[Any]:
    """Give every union within an annotation."""
    if get_origin(annotation) in {Union, types.UnionType}:
        yield annotation
    for part in get_args(annotation):
        yield from unions_in(part)


INPUTS: tuple[type[Input], ...] = tuple(operation.input_class for operation in CATALOG)
OUTPUTS: tuple[type[Output], ...] = tuple(dict.fromkeys(o.output for o in CATALOG if o.output is not type(None)))
INPUT_MODELS = sorted(set().union(*map(reachable, INPUTS)), key=lambda model: model.__name__)
OUTPUT_MODELS = sorted(set().union(*map(reachable, OUTPUTS)), key=lambda model: model.__name__)


def contract_modules() -> list[types.ModuleType]:
    """Import every module of the contract."""
    names = [module.name for module in pkgutil.walk_packages(central.__path__, "central.")]
    return [importlib.import_module(name) for name in names]


def event_classes() -> list[type[Event]]:
    """Give every event that the contract declares."""
    contract_modules()
    bases = [Event, *Event.__subclasses__()]
    found = {event for base in bases for event in base.__subclasses__() if event.__module__.startswith("central.")}
    declared = [event for event in found if "kind" in event.model_fields]
    return sorted(declared, key=lambda event: event.__name__)
