"""An OpenTelemetry collector of the tests' own: spans come to it by the real exporter, over HTTP."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from central_server.infra.telemetry import Traces
from support.http_server import HttpServer, Reply, Request
from support.place import Place, Stack
from support.waiting import until


@dataclass(frozen=True)
class Told:
    """One span as a collector sees it."""

    name: str
    trace: str
    id: str
    parent: str
    attributes: dict[str, Any]
    links: tuple[str, ...]
    is_error: bool
    began: int
    ended: int
    raw: str


class Collector:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.spans: list[Told] = []
        self.resource: dict[str, Any] = {}
        self.bytes = b""
        self.server = HttpServer(self._answer)

    async def _answer(self, request: Request) -> Reply:
        self.bytes += request.body
        told = ExportTraceServiceRequest.FromString(request.body)
        for of_resource in told.resource_spans:
            self.resource |= _values(of_resource.resource.attributes)
            self.spans += [_told(span) for scope in of_resource.scope_spans for span in scope.spans]
        return Reply(200, b"", {"content-type": "application/x-protobuf"})


def _told(span: Any) -> Told:
    return Told(
        name=span.name,
        trace=span.trace_id.hex(),
        id=span.span_id.hex(),
        parent=span.parent_span_id.hex(),
        attributes=_values(span.attributes),
        links=tuple(link.trace_id.hex() for link in span.links),
        is_error=span.status.code == 2,
        began=span.start_time_unix_nano,
        ended=span.end_time_unix_nano,
        raw=str(span),
    )


def _values(attributes: Any) -> dict[str, Any]:
    return {each.key: getattr(each.value, each.value.WhichOneof("value")) for each in attributes}


class Traced(NamedTuple):
    """An API that traces, where its spans go, and a tenant in it."""

    stack: Stack
    collector: Collector
    place: Place

    async def spans(self) -> list[Told]:
        """Give all spans until now, with those that the API has still to send."""
        traces: Any = await self.stack.central.container.get(Traces)
        await asyncio.to_thread(traces._provider.force_flush)
        return self.collector.spans

    async def since(self, before: Sequence[Told]) -> list[Told]:
        """Give what was told since, but for what the API's own loops tell, which run meanwhile."""
        told = [span for span in await self.spans() if span not in before]
        own = {span.trace for span in told if span.name in {"settle rate limits", "note last use"}}
        return [span for span in told if span.trace not in own]

    async def named(self, name: str) -> list[Told]:
        """Give the spans of a name, in the order in which they ended."""
        return [span for span in await self.spans() if span.name == name]

    async def last(self, name: str) -> Told:
        """Give the newest span of a name."""
        return (await self.named(name))[-1]

    async def wait_for(self, name: str, condition: Callable[[Told], bool]) -> Told:
        """Wait until there is a span for which a condition holds, and give it."""

        async def is_there() -> bool:
            return any(condition(span) for span in await self.named(name))

        await until(is_there)
        return next(span for span in await self.named(name) if condition(span))

    async def children(self, parent: Told) -> list[Told]:
        """Give the spans inside a span."""
        return [span for span in await self.spans() if span.parent == parent.id]


@asynccontextmanager
async def collecting() -> AsyncIterator[Collector]:
    """Have what this process traces from now on sent to a collector."""
    collector = Collector()
    async with collector.server as server:
        before = os.environ.copy()
        os.environ |= {"OTEL_EXPORTER_OTLP_ENDPOINT": server.url, "NO_PROXY": "127.0.0.1"}
        try:
            yield collector
        finally:
            os.environ.clear()
            os.environ.update(before)
