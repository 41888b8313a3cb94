"""One line per operation: the method of both clients, with its types, from the operation alone."""

from collections.abc import Callable, Coroutine
from functools import cached_property
from typing import Any, Generic, ParamSpec, TypeVar, overload

from central.kernel.operation import Operation
from central.kernel.pages import Page
from central_client.drivers import Caller
from central_client.pages import AsyncPager, Pager
from central_client.plan import Plan

P = ParamSpec("P")
T = TypeVar("T")
Item = TypeVar("Item")


class Sync:
    """Marks the resources of `Central`, whose calls block."""


class Async:
    """Marks the resources of `AsyncCentral`, whose calls are awaited."""


IO = TypeVar("IO", Sync, Async)


class Resource(Generic[IO]):
    """A family of operations on one client. `caller` is what its calls go through."""

    def __init__(self, caller: Caller[Any]) -> None:
        self.caller = caller

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {type(self.caller).__name__.removesuffix('Caller').lower()} client>"


class Call(Generic[P, T]):
    """An operation as a method: `create = Call(CREATE_USER)`.

    With `keeps_session`, a session that the answer brings is not the client's from then on.
    """

    def __init__(self, operation: Operation[P, Any, T], *, keeps_session: bool = False) -> None:
        self.operation = operation
        self._keeps_session = keeps_session
        self._attribute = operation.name

    def __set_name__(self, owner: type, name: str) -> None:
        self._attribute = name

    @cached_property
    def plan(self) -> Plan[T]:
        """The operation, taken apart once for all clients."""
        return Plan(self.operation, keeps_session=self._keeps_session)

    @overload
    def __get__(self, instance: None, owner: Any) -> "Call[P, T]": ...
    @overload
    def __get__(self, instance: Resource[Sync], owner: Any) -> Callable[P, T]: ...
    @overload
    def __get__(self, instance: Resource[Async], owner: Any) -> Callable[P, Coroutine[Any, Any, T]]: ...
    def __get__(self, instance: Resource[Any] | None, owner: Any) -> Any:
        if instance is None:
            return self
        bound = instance.caller.bind(self.plan)
        return _keep(instance, self._attribute, bound, self.plan, self.operation.output)


class PagedCall(Generic[P, Item]):
    """A list as a method: `list = PagedCall(LIST_USERS)`."""

    def __init__(self, operation: Operation[P, Any, Page[Item]]) -> None:
        self.operation = operation
        self._attribute = operation.name

    def __set_name__(self, owner: type, name: str) -> None:
        self._attribute = name

    @cached_property
    def plan(self) -> Plan[Page[Item]]:
        """The operation, taken apart once for all clients."""
        return Plan(self.operation)

    @overload
    def __get__(self, instance: None, owner: Any) -> "PagedCall[P, Item]": ...
    @overload
    def __get__(self, instance: Resource[Sync], owner: Any) -> Callable[P, Pager[Item]]: ...
    @overload
    def __get__(self, instance: Resource[Async], owner: Any) -> Callable[P, AsyncPager[Item]]: ...
    def __get__(self, instance: Resource[Any] | None, owner: Any) -> Any:
        if instance is None:
            return self
        bound, returns = instance.caller.bind_pages(self.plan)
        return _keep(instance, self._attribute, bound, self.plan, returns)


def _keep(instance: Resource[Any], name: str, bound: Callable[..., Any], plan: Plan[Any], returns: Any) -> Any:
    """Dress the callable, and put it where the next look-up finds it before the descriptor."""
    described: Any = bound
    described.__name__ = name
    described.__qualname__ = f"{type(instance).__qualname__}.{name}"
    described.__module__ = type(instance).__module__
    described.__doc__ = plan.documentation()
    described.__signature__ = plan.signature(returns)
    instance.__dict__[name] = bound
    return bound
