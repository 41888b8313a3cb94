"""Spans by OpenTelemetry. Nothing imports this module unless traces are asked for."""

import os
import sys
from collections.abc import Generator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from importlib.metadata import version
from typing import Any, Final

from opentelemetry import context as contexts
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, ConsoleSpanExporter, SpanExporter
from opentelemetry.trace import Link, Span, SpanKind, Tracer, get_current_span
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from central_server.infra.db.connection import Connection
from central_server.infra.logs import complete_every_line
from central_server.infra.telemetry.drafts import drafted, fail
from central_server.infra.telemetry.sql import TracedConnection
from central_server.infra.telemetry.traces import Ended, Handler, Noted, Traces, Work

_FORMAT: Final = TraceContextTextMapPropagator()
_HEADER: Final = b"traceparent"


def make_exporter(name: str) -> SpanExporter:
    """Make what sends spans away; OpenTelemetry's variables say where to and how."""
    return OTLPSpanExporter() if name == "otlp" else ConsoleSpanExporter(out=sys.stderr)


class OpenTelemetryTraces(Traces):
    """Makes spans, and sends them in batches from a thread of its own; what cannot be sent is dropped.

    OpenTelemetry's variables say how many are kept (`OTEL_TRACES_SAMPLER`) and what the process is called
    (`OTEL_SERVICE_NAME`). No provider is set for the whole process: libraries that make spans of their own, which might
    hold more than ours do, stay silent.
    """

    is_on = True

    def __init__(self, exporter: SpanExporter) -> None:
        self._provider = TracerProvider(resource=_resource(os.environ))
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("central", version("central"))
        complete_every_line(self._name_trace)

    def request(self, name: str, method: str, route: str, handler: Handler) -> Handler:
        """Give the handler with a span around each request, in the trace that the caller's `traceparent` names."""
        attributes = {"http.request.method": method} | ({"http.route": route} if route else {})
        tracer = self._tracer

        async def answer(request: Any) -> Any:
            parent = _context_of(_traceparent_in(request.scope["headers"]))
            with _span(tracer, name, SpanKind.SERVER, attributes, parent) as span:
                response = await handler(request)
                _note_status(span, response.status, least_error=500)
                return response

        return answer

    def connection(self, connection: Connection) -> Connection:
        """Give the connection with a span for each statement inside another span."""
        return TracedConnection(connection, self._tracer)

    def temporal(self) -> Sequence[Any]:
        """Give the interceptor of clients and workers."""
        from central_server.infra.temporal.tracing import make_interceptor  # noqa: PLC0415 (needs OpenTelemetry)

        return (make_interceptor(self._tracer),)

    @contextmanager
    def outbound(self, method: str, host: str) -> Generator[Noted]:
        """Make a span of a request to another host, of which no more than the name is told."""
        attributes = {"http.request.method": method, "server.address": host}
        with _span(self._tracer, f"{method} {host}", SpanKind.CLIENT, attributes) as span:
            yield lambda status: _note_status(span, status, least_error=400)

    @contextmanager
    def continuing(self, traceparent: str | None) -> Generator[None]:
        """Go on with the trace in which an event was written."""
        token = contexts.attach(_context_of(traceparent))
        try:
            yield
        finally:
            contexts.detach(token)

    @contextmanager
    def handling(self, listener: str, traceparent: str | None) -> Generator[None]:
        """Make a span of the handling of one event.

        It is linked to where the event was written and no part of that trace: a batch has events of many, as
        OpenTelemetry's conventions for messaging say.
        """
        links = _links_to(get_current_span(_context_of(traceparent)))
        with _span(self._tracer, f"handle {listener}", SpanKind.CONSUMER, _messaging("process"), links=links):
            yield

    def working(self, name: str) -> AbstractContextManager[Work]:
        """Make a span of a pass as soon as it has found something to do."""
        return drafted(self._tracer, name)

    @contextmanager
    def handing_over(self, listener: str, count: int) -> Generator[None]:
        """Make a trace of a batch that a listener is given: the start of its workflow, and all that this does."""
        attributes = _messaging("send") | {"messaging.batch.message_count": count}
        links, nowhere = _links_to(get_current_span()), contexts.Context()
        with _span(self._tracer, f"hand over {listener}", SpanKind.PRODUCER, attributes, nowhere, links):
            yield

    @contextmanager
    def delivering(self, attempt: int, traceparent: str | None) -> Generator[Ended]:
        """Make a span of an attempt to deliver a webhook, linked as that of `handling` is."""
        links = _links_to(get_current_span(_context_of(traceparent)))
        attributes = _messaging("send") | {"central.attempt": attempt}
        with _span(self._tracer, "deliver webhook", SpanKind.PRODUCER, attributes, links=links) as span:
            yield partial(_note_end, span)

    def traceparent(self) -> str | None:
        """Give the current span as W3C Trace Context writes it."""
        carrier: dict[str, str] = {}
        _FORMAT.inject(carrier)
        return carrier.get("traceparent")

    def trace_id(self) -> str | None:
        """Give the current trace as log lines name it."""
        current = get_current_span().get_span_context()
        return f"{current.trace_id:032x}" if current.is_valid else None

    def close(self) -> None:
        """Send what is still to be sent, and end the thread."""
        self._provider.shutdown()

    def _name_trace(self, _logger: Any, _method: str, event: Any) -> Any:
        if (trace := self.trace_id()) is not None:
            event["trace_id"] = trace
        return event


def _resource(environment: Mapping[str, str]) -> Resource:
    named = environment.get("OTEL_SERVICE_NAME") or "service.name=" in environment.get("OTEL_RESOURCE_ATTRIBUTES", "")
    own = {"service.version": version("central")}
    return Resource.create(own if named else own | {"service.name": "central"})


def _messaging(operation: str) -> dict[str, str | int]:
    return {"messaging.system": "central", "messaging.operation.type": operation}


def _links_to(span: Span) -> list[Link]:
    context = span.get_span_context()
    return [Link(context)] if context.is_valid else []


def _traceparent_in(headers: Sequence[tuple[bytes, bytes]]) -> str | None:
    """Find where the caller's trace is. Their `tracestate` and `baggage`, which may say anything, are left behind."""
    for name, value in headers:
        if name == _HEADER:
            return value.decode("latin-1")
    return None


def _context_of(traceparent: str | None) -> contexts.Context:
    """Give the context that a `traceparent` names: an empty one, where a trace begins, for none and for nonsense."""
    carrier = {} if traceparent is None else {"traceparent": traceparent}
    return _FORMAT.extract(carrier, contexts.Context())


@contextmanager
def _span(
    tracer: Tracer,
    name: str,
    kind: SpanKind,
    attributes: Mapping[str, str | int],
    context: contexts.Context | None = None,
    links: Sequence[Link] = (),
) -> Generator[Span]:
    """Make a span current; of an error it keeps the type, for its words may name a person."""
    with tracer.start_as_current_span(
        name,
        context,
        kind,
        attributes,
        links,
        record_exception=False,
        set_status_on_exception=False,
    ) as span:
        try:
            yield span
        except Exception as error:
            fail(span, type(error).__name__)
            raise


def _note_status(span: Span, status: int, *, least_error: int) -> None:
    span.set_attribute("http.response.status_code", status)
    if status >= least_error:
        fail(span, str(status))


def _note_end(span: Span, outcome: str, error: str | None) -> None:
    span.set_attribute("central.outcome", outcome)
    if error is not None:
        fail(span, error)
