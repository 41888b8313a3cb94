"""Marks the methods that serve operations; knows nothing of the web framework."""

from collections.abc import Callable, Coroutine, Iterator
from typing import Any, Protocol, TypeVar, cast

from central.kernel.model import Input
from central.kernel.operation import AnyOperation, BrowserRoute, Operation

InputT = TypeVar("InputT", bound=Input)
OutputT = TypeVar("OutputT")
CallerT = TypeVar("CallerT")
RoutesT = TypeVar("RoutesT")
_MARK = "__serves__"

Handler = Callable[[RoutesT, InputT, CallerT], Coroutine[Any, Any, OutputT]]


def handles(
    operation: Operation[..., InputT, OutputT],
) -> Callable[[Handler[RoutesT, InputT, CallerT, OutputT]], Handler[RoutesT, InputT, CallerT, OutputT]]:
    """Say that a method serves an operation: it takes the operation's input and the caller, and gives its output."""
    return _marker(operation)


def serves(route: BrowserRoute) -> Callable[[RoutesT], RoutesT]:
    """Say that a method serves what is no JSON call: it takes a `BrowserRequest` and gives a `BrowserResponse`."""
    return _marker(route)


def _marker(declared: AnyOperation | BrowserRoute) -> Callable[[Any], Any]:
    def mark(method: Any) -> Any:
        setattr(method, _MARK, declared)
        return method

    return mark


class _Marked(Protocol):
    __serves__: AnyOperation | BrowserRoute


def marked_methods(routes: object) -> Iterator[tuple[AnyOperation | BrowserRoute, Callable[..., Any]]]:
    """Give what an object's methods serve, with the methods."""
    for name in dir(type(routes)):
        if hasattr(getattr(type(routes), name), _MARK):
            method = getattr(routes, name)
            yield cast("_Marked", method).__serves__, method
