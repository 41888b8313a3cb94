from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Final

from central_server.infra.db.connection import Connection

Handler = Callable[[Any], Awaitable[Any]]
Noted = Callable[[int], None]
Ended = Callable[[str, str | None], None]


class Work:
    """What one pass of something that goes round and round has found to do."""

    def found(self, **counts: int) -> None:
        """Note how much there was of what: the pass has a span as soon as one of them is not 0.

        To be called by the pass's own task.
        """
        del counts


class Traces:
    """Where the spans of this process go: nowhere. Everything is handed back as it came, and nothing is imported.

    `infra.telemetry.otel` has the one that tells a collector. No span ever holds a query, a header, a body, a
    parameter of a statement or the words of an error.
    """

    is_on = False

    def request(self, name: str, method: str, route: str, handler: Handler) -> Handler:
        """Give the handler of an operation or a page with a span around each request."""
        del name, method, route
        return handler

    def connection(self, connection: Connection) -> Connection:
        """Give a connection to the database that has a span for each statement inside another span."""
        return connection

    def temporal(self) -> Sequence[Any]:
        """Give the interceptors with which a trace goes on through workflows and activities."""
        return ()

    def outbound(self, method: str, host: str) -> AbstractContextManager[Noted]:
        """Make a span of a request to another host; its status is to be noted."""
        del method, host
        return nullcontext(_ignore)

    def continuing(self, traceparent: str | None) -> AbstractContextManager[None]:
        """Go on with the trace in which an event was written."""
        del traceparent
        return nullcontext()

    def handling(self, listener: str, traceparent: str | None) -> AbstractContextManager[None]:
        """Make a span of the handling of one event, linked to the trace in which it was written."""
        del listener, traceparent
        return nullcontext()

    def working(self, name: str) -> AbstractContextManager[Work]:
        """Make a span of a pass that finds something to do, its statements from the beginning on included."""
        del name
        return _NO_WORK

    def handing_over(self, listener: str, count: int) -> AbstractContextManager[None]:
        """Make a trace of a batch of so many events that a listener is given, linked to the pass that found them."""
        del listener, count
        return nullcontext()

    def delivering(self, attempt: int, traceparent: str | None) -> AbstractContextManager[Ended]:
        """Make a span of an attempt to deliver a webhook, linked to the trace in which the event was written.

        What came of it is to be noted, with the reason if it failed.
        """
        del attempt, traceparent
        return nullcontext(_ignore_end)

    def traceparent(self) -> str | None:
        """Give the current span as W3C Trace Context writes it; None outside of any."""
        return None

    def trace_id(self) -> str | None:
        """Give the current trace as log lines name it; None outside of any."""
        return None

    def close(self) -> None:
        """Send what is still to be sent. It may take as long as the collector does, up to its time-out."""


def _ignore(_status: int) -> None: ...


def _ignore_end(_outcome: str, _error: str | None) -> None: ...


_NO_WORK: Final = nullcontext(Work())

NO_TRACES: Final = Traces()
