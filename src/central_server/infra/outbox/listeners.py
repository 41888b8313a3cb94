"""Who wants to know of which events, and how it gets them.

There are three ways. A `WorkflowListener` has one workflow for each event: right for work that an event asks for. An
`EventHandler` gets events in batches, many in one workflow: right for mails and other short effects outside of the
database. A `Follower` (`follower.py`) works inside the database, where an effect and its receipt are one transaction.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from central.kernel.events import Event
from central_server.infra.temporal.spec import WorkflowModel, WorkflowSpec

E = TypeVar("E", bound=Event)
E_contra = TypeVar("E_contra", bound=Event, contravariant=True)
I = TypeVar("I", bound=WorkflowModel)  # noqa: E741 (as in spec.py)


@dataclass(frozen=True, slots=True)
class Retries:
    """How an event is tried again that a listener failed with, in seconds.

    The waits double from `first` to `last`. What has not succeeded `within` this time is a dead letter; it is tried at
    least once, however long it waited for that.
    """

    first: float = 1.0
    last: float = 600.0
    within: float = 86_400.0

    def delay(self, attempts: int) -> float:
        """Give the wait after the attempt of this number failed."""
        return float(min(self.last, self.first * 2 ** min(attempts - 1, 30)))


def kind_of(event: type[Event]) -> str:
    """Read the `kind` that an event class declares."""
    kind = event.model_fields["kind"].default
    assert isinstance(kind, str), f"{event.__name__} declares no kind"
    return kind


class EventHandler(Protocol[E_contra]):
    """Does what an event asks for; the container makes it."""

    async def handle(self, event: E_contra) -> None:
        """Do it, at least once: what it does goes by the event's id. What it raises has the event tried again."""
        ...


class BatchListener(Generic[E]):
    """Hands the events of a kind in batches to a handler, each event by itself.

    `timeout` bounds the handling of one event, in seconds.
    """

    def __init__(
        self,
        name: str,
        event: type[E],
        handler: type[EventHandler[E]],
        *,
        retries: Retries | None = None,
        timeout: float = 60.0,
    ) -> None:
        self.name = name
        self.event = event
        self.kind = kind_of(event)
        self.handler = handler
        self.retries = retries or Retries()
        self.timeout = timeout


class WorkflowListener(Generic[E, I]):
    """Starts a workflow for each event of a kind, under the event's id; the workflow writes the receipt.

    Several kinds may have a listener of the same name: whoever writes the receipt need not know which it was.
    """

    def __init__(
        self,
        name: str,
        event: type[E],
        spec: WorkflowSpec[I, Any],
        make_input: Callable[[E], I],
        *,
        retries: Retries | None = None,
    ) -> None:
        self.name = name
        self.event = event
        self.kind = kind_of(event)
        self.spec = spec
        self.make_input = make_input
        self.retries = retries or Retries()

    def input(self, payload: dict[str, Any]) -> I:
        """Make the workflow's input from an event as the outbox keeps it."""
        return self.make_input(self.event.model_validate(payload))


AnyListener = BatchListener[Any] | WorkflowListener[Any, Any]


class Listeners:
    """The listeners of the whole system: a second one of a name for the same kind is a `ValueError`."""

    def __init__(self, listeners: Iterable[AnyListener]) -> None:
        self._all: dict[tuple[str, str], AnyListener] = {}
        for listener in listeners:
            if (listener.name, listener.kind) in self._all:
                raise ValueError(f"two listeners {listener.name!r} for {listener.kind!r}")
            self._all[listener.name, listener.kind] = listener
        self._kinds = {kind for _, kind in self._all}
        self.names = sorted({name for name, _ in self._all})

    def __iter__(self) -> Iterator[AnyListener]:
        return iter(self._all.values())

    def hears(self, kind: str) -> bool:
        """Whether somebody listens to a kind."""
        return kind in self._kinds

    def find(self, name: str, kind: str) -> AnyListener | None:
        """Give the listener of this name for a kind; None where this version has none."""
        return self._all.get((name, kind))

    def retries(self, name: str) -> Retries:
        """Give how a listener's events are tried again."""
        return next((each.retries for each in self._all.values() if each.name == name), Retries())
