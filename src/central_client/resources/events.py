# ruff: noqa: PLC0415  (as in `users`)

from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypedDict, Unpack, overload

from central.event_exports import operations as exports
from central.event_exports.models import EventExportFormat
from central.events import operations
from central.events.models import ReadEventsResponse
from central.events.registry import AnyEvent
from central.jobs.models import Job
from central.kernel.ids import EventId
from central_client.call import IO, Async, Call, PagedCall, Resource, Sync
from central_client.drivers import AsyncCaller
from central_client.following import longest_wait
from central_client.progress import screen_for
from central_client.resources.jobs import Jobs

if TYPE_CHECKING:
    from central_client.downloading import Target


class EventFilters(TypedDict, total=False):
    """Which events: the conditions of `events.list`, of which all that are given must hold."""

    kind: Sequence[str]
    actor: str
    target: str
    after: datetime
    before: datetime


class Events(Resource[IO]):
    """What happened in a tenant."""

    list = PagedCall(operations.LIST_EVENTS)
    read = Call(operations.READ_EVENTS)
    acknowledge = Call(operations.ACKNOWLEDGE_EVENTS)
    get_retention = Call(operations.GET_EVENT_RETENTION)
    set_retention = Call(operations.SET_EVENT_RETENTION)
    start_export = Call(exports.START_EVENT_EXPORT)

    @overload
    def export_events(
        self: "Events[Sync]",
        *,
        to: "Target",
        format: EventExportFormat = "ndjson",
        timeout: float | None = None,
        progress: bool | Callable[[Job], None] = False,
        tenant: str | None = None,
        **filters: Unpack[EventFilters],
    ) -> Job: ...
    @overload
    def export_events(
        self: "Events[Async]",
        *,
        to: "Target",
        format: EventExportFormat = "ndjson",
        timeout: float | None = None,
        progress: bool | Callable[[Job], None] = False,
        tenant: str | None = None,
        **filters: Unpack[EventFilters],
    ) -> Coroutine[Any, Any, Job]: ...
    def export_events(
        self,
        *,
        to: "Target",
        format: EventExportFormat = "ndjson",  # noqa: A002 (what people call it)
        timeout: float | None = None,
        progress: bool | Callable[[Job], None] = False,
        tenant: str | None = None,
        **filters: Unpack[EventFilters],
    ) -> Any:
        """Write what happened into a file, as a job that is waited for, and download it; gives the job.

        `to` is as for `jobs.download`; `filters` are those of `events.list`; `timeout` and `progress` those of
        `jobs.wait`. Cells of a CSV that a spreadsheet would run have an apostrophe before them.

        Raises `JobFailedError`, `TimeoutError`, and what `events.start_export` and `jobs.download` raise.
        """
        from central_client.exporting import ExportPlans, export_flow

        options = {**filters, "format": format} | ({} if tenant is None else {"tenant": tenant})
        plans = ExportPlans(Events.start_export.plan, Jobs.get.plan)
        return self.caller.run(export_flow(self.caller, plans, options, tenant, to, timeout, screen_for(progress)))

    @overload
    def stream(
        self: "Events[Sync]",
        *,
        after: EventId | None = None,
        consumer: str | None = None,
        kind: Sequence[str] = (),
        limit: int | None = None,
        tenant: str | None = None,
    ) -> Iterator[AnyEvent]: ...
    @overload
    def stream(
        self: "Events[Async]",
        *,
        after: EventId | None = None,
        consumer: str | None = None,
        kind: Sequence[str] = (),
        limit: int | None = None,
        tenant: str | None = None,
    ) -> AsyncIterator[AnyEvent]: ...
    def stream(
        self,
        *,
        after: EventId | None = None,
        consumer: str | None = None,
        kind: Sequence[str] = (),
        limit: int | None = None,
        tenant: str | None = None,
    ) -> Any:
        """Give every event behind `after`, and then what happens, as it happens, without an end.

        With a `consumer` the server keeps the place, page by page: a page counts as read when the first event behind
        it is asked for, so that whoever stops in the middle of one gets it again. `limit` is the size of a page.
        Raises what `events.read` and `events.acknowledge` raise.
        """
        wait = int(longest_wait(self.caller.options))
        asked = {"kind": [*kind], "consumer": consumer, "tenant": tenant, "limit": limit, "wait": wait}
        given: dict[str, Any] = {name: value for name, value in asked.items() if value}
        events = _follow_async if isinstance(self.caller, AsyncCaller) else _follow
        return events(self, after, given)


def _follow(events: Any, after: EventId | None, given: dict[str, Any]) -> Iterator[AnyEvent]:
    while True:
        page: ReadEventsResponse = events.read(**given, **_next(after))
        yield from page.events
        if page.last is not None:
            after = page.last
            if (named := _named(given)) is not None:
                events.acknowledge(**named, event=after)


async def _follow_async(events: Any, after: EventId | None, given: dict[str, Any]) -> AsyncIterator[AnyEvent]:
    while True:
        page: ReadEventsResponse = await events.read(**given, **_next(after))
        for event in page.events:
            yield event
        if page.last is not None:
            after = page.last
            if (named := _named(given)) is not None:
                await events.acknowledge(**named, event=after)


def _next(after: EventId | None) -> dict[str, Any]:
    return {} if after is None else {"after": after}


def _named(given: dict[str, Any]) -> dict[str, Any] | None:
    """Give whose place to keep, if it is anybody's."""
    if "consumer" not in given:
        return None
    return {name: value for name, value in given.items() if name in {"consumer", "tenant"}}
