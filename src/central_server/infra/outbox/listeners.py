from collections.abc import Callable, Iterable
from typing import Any, Generic, TypeVar

from central.kernel.events import Event
from central_server.infra.temporal.spec import WorkflowModel, WorkflowSpec

E = TypeVar("E", bound=Event)
I = TypeVar("I", bound=WorkflowModel)  # noqa: E741 (as in spec.py)


def kind_of(event: type[Event]) -> str:
    """Read the `kind` that an event class declares."""
    kind = event.model_fields["kind"].default
    assert isinstance(kind, str), f"{event.__name__} declares no kind"
    return kind


class Listener(Generic[E, I]):
    """Says that an event of one kind starts one workflow, whose id is the event's, and with which input."""

    def __init__(self, event: type[E], spec: WorkflowSpec[I, Any], make_input: Callable[[E], I]) -> None:
        self.event = event
        self.kind = kind_of(event)
        self.spec = spec
        self.make_input = make_input

    def input(self, payload: dict[str, Any]) -> I:
        """Make the workflow's input from an event as the outbox keeps it."""
        return self.make_input(self.event.model_validate(payload))


class Listeners:
    """The listeners of the whole system, at most one per kind: a second one is a `ValueError`."""

    def __init__(self, listeners: Iterable[Listener[Any, Any]]) -> None:
        self._by_kind: dict[str, Listener[Any, Any]] = {}
        for listener in listeners:
            if listener.kind in self._by_kind:
                raise ValueError(f"two listeners for {listener.kind!r}")
            self._by_kind[listener.kind] = listener
        self.kinds = sorted(self._by_kind)

    def __contains__(self, kind: object) -> bool:
        return kind in self._by_kind

    def __getitem__(self, kind: str) -> Listener[Any, Any]:
        return self._by_kind[kind]
