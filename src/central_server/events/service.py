from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from pydantic import ConfigDict, TypeAdapter

from central.errors import NotFoundError
from central.events.models import (
    AcknowledgeEventsInput,
    AcknowledgeEventsResponse,
    EventFilterInput,
    ListEventsInput,
    ListEventsResponse,
    ReadEventsInput,
    ReadEventsResponse,
)
from central.events.registry import AnyEvent
from central.kernel.ids import EventId, TenantId
from central_server.events import queries
from central_server.events.feed import FeedNews
from central_server.events.policy import check_may_read
from central_server.events.queries import EventFilters
from central_server.events.tables import DBEvent, DBToldEvent
from central_server.infra.actor import Actor
from central_server.infra.db import Database, ReadExecutor, WriteExecutor
from central_server.infra.paging import next_cursor, open_cursor

_PAGE = 500
_EVENTS = TypeAdapter[list[AnyEvent]](list[AnyEvent], config=ConfigDict(defer_build=True))


class ToldEvent(NamedTuple):
    """An event, with where it stands by time, and the first thing that it names."""

    id: EventId
    kind: str
    created_at: datetime
    target: str | None
    event: AnyEvent


class EventService:
    """What happened in tenants, as administrators look it up and as programs follow it.

    The feed's order is that of positions, which a relay gives after the commit: an event that was written earlier and
    committed later stands behind, and is skipped by nobody.
    """

    def __init__(self, db: Database, news: FeedNews) -> None:
        self.db = db
        self.news = news

    async def list(
        self, input: ListEventsInput, actor: Actor, executor: ReadExecutor | WriteExecutor | None = None
    ) -> ListEventsResponse:
        """Give a page of events, newest first."""
        asked, last = open_cursor(input)
        filters, which = _filters(asked)
        if last is not None:
            which |= {"last_key": last.time, "last_id": last.id}
        reader = executor or self.db.read(actor.tenant_id)
        query = queries.list_events(filters, goes_on=last is not None)
        rows = await reader.all(query, tenant_id=actor.tenant_id, count=asked.limit + 1, **which)
        shown = rows[: asked.limit]
        cursor = next_cursor(asked, shown[-1]["created_at"], shown[-1]["id"]) if len(rows) > asked.limit else None
        return ListEventsResponse.model_validate({"events": _told(shown), "next_cursor": cursor})

    async def page_to_export(
        self,
        tenant: TenantId,
        asked: EventFilterInput,
        until: datetime,
        last: "ToldEvent | None",
        executor: ReadExecutor | WriteExecutor | None = None,
    ) -> Sequence["ToldEvent"]:
        """Give the next events that were written before a moment, the earliest first; none behind the last."""
        before = until if asked.before is None else min(until, asked.before)
        filters, which = _filters(asked.model_copy(update={"before": before}))
        if last is not None:
            which |= {"last_key": last.created_at, "last_id": last.id}
        query = queries.export_events(filters, goes_on=last is not None)
        rows = await (executor or self.db.read(tenant)).all(query, tenant_id=tenant, count=_PAGE, **which)
        events = _EVENTS.validate_python(_told(rows))
        return [
            ToldEvent(row["id"], row["kind"], row["created_at"], row["target"], event)
            for row, event in zip(rows, events, strict=True)
        ]

    async def TX_read(self, input: ReadEventsInput, actor: Actor) -> ReadEventsResponse:
        """Give what comes next in the feed; waits for it as long as is asked, holding nothing meanwhile.

        `UnauthenticatedError` and `ForbiddenError` for whoever may not read any more when it has come.
        """
        position = await self._start(input, actor.tenant_id)
        read = await self._read(input, actor.tenant_id, position)
        if read.events or not input.wait:
            return read
        read = await self.news.look_until(
            lambda seen: bool(seen.events), lambda: self._read(input, actor.tenant_id, position), input.wait
        )
        check_may_read(await actor.as_of_now())
        return read

    async def TX_acknowledge(self, input: AcknowledgeEventsInput, actor: Actor) -> AcknowledgeEventsResponse:
        """Keep up to where a consumer has read; `NotFoundError` for an event that is not in the feed."""
        async with self.db.write(actor.tenant_id, actor.unit) as tx:
            position = await self._place_of(input.event, actor.tenant_id, tx)
            named = {"tenant_id": actor.tenant_id, "name": input.consumer}
            moved = await tx.first(queries.ACKNOWLEDGE, **named, event_id=input.event, position=position)
            kept = await tx.first(queries.GET_CONSUMER, **named)
        row = moved or kept
        assert row is not None, "it was moved on, or has read further"
        return AcknowledgeEventsResponse(consumer=row["name"], last=row["event_id"])

    async def _start(self, input: ReadEventsInput, tenant: TenantId) -> int:
        """Find the position to go on behind."""
        reader = self.db.autocommit(tenant)
        if input.after is not None:
            return await self._place_of(input.after, tenant, reader)
        if input.consumer is None:
            return 0
        row = await reader.first(queries.GET_CONSUMER, tenant_id=tenant, name=input.consumer)
        return 0 if row is None else row["position"]

    async def _place_of(self, event: EventId, tenant: TenantId, reader: ReadExecutor) -> int:
        row = await reader.first(queries.GET_PLACE, tenant_id=tenant, id=event)
        if row is None or row["position"] is None:
            raise NotFoundError.of("event")
        return row["position"]

    async def _read(self, input: ReadEventsInput, tenant: TenantId, position: int) -> ReadEventsResponse:
        # From where the positions are given, as a replica might tell of the news later than the channel does.
        reader = self.db.autocommit(tenant)
        if not input.kind:
            rows = await reader.all(queries.READ_FEED, tenant_id=tenant, position=position, count=input.limit)
            return _page(rows, rows[-1]["id"] if rows else None)
        # Read before the events are, so that none between is passed over.
        last = await reader.first(queries.LAST_IN_FEED, tenant_id=tenant)
        rows = await reader.all(
            queries.READ_FEED_OF_KINDS, tenant_id=tenant, position=position, count=input.limit, kinds=input.kind
        )
        if len(rows) == input.limit or last is None or (last["position"] or 0) <= position:
            return _page(rows, rows[-1]["id"] if rows else None)
        newest = max((row["position"] or 0, row["id"]) for row in [last, *rows])
        return _page(rows, newest[1])


def _filters(asked: EventFilterInput) -> tuple[EventFilters, dict[str, Any]]:
    """Give the conditions that are asked for, and their values."""
    given: dict[str, Any] = {name: getattr(asked, name) for name in ("actor", "target", "after", "before")}
    which = {name: value for name, value in given.items() if value is not None}
    filters = EventFilters(kind=bool(asked.kind), **dict.fromkeys(which, True))
    return filters, which | ({"kinds": asked.kind} if asked.kind else {})


def _page(rows: Sequence[DBEvent], last: EventId | None) -> ReadEventsResponse:
    return ReadEventsResponse.model_validate({"events": _told(rows), "last": last})


def _told(rows: Sequence[DBEvent] | Sequence[DBToldEvent]) -> list[dict[str, Any]]:
    return [row["payload"] for row in rows]
