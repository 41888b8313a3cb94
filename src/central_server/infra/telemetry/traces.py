from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Final

from central_server.infra.db.connection import Connection

Handler = Callable[[Any], Awaitable[Any]]
Noted = Callable[[int], None]


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

    def traceparent(self) -> str | None:
        """Give the current span as W3C Trace Context writes it; None outside of any."""
        return None

    def trace_id(self) -> str | None:
        """Give the current trace as log lines name it; None outside of any."""
        return None

    def close(self) -> None:
        """Send what is still to be sent. It may take as long as the collector does, up to its time-out."""


def _ignore(_status: int) -> None: ...


NO_TRACES: Final = Traces()
