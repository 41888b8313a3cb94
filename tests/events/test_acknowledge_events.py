import asyncio

import pytest

from central.errors import NotFoundError, ValidationFailedError
from central.kernel.ids import EventId
from central_client import AsyncCentral
from support.feed import put_into_feed, relaying
from support.place import Place


async def test_consumer_goes_on_where_it_was(place: Place, other_place: Place) -> None:
    """What was acknowledged is not given again, to this consumer of this tenant."""
    await put_into_feed(place)
    await put_into_feed(other_place)
    page = await place.owner.events.read(consumer="mirror", limit=2)
    assert page.last is not None
    acknowledged = await place.owner.events.acknowledge(consumer="mirror", event=page.last)
    assert (acknowledged.consumer, acknowledged.last) == ("mirror", page.last)
    following = await place.owner.events.read(consumer="mirror")
    assert not {event.id for event in page.events} & {event.id for event in following.events}
    assert (await place.owner.events.read(consumer="other")).events[:2] == page.events
    theirs = await other_place.owner.events.read(consumer="mirror", limit=1)
    assert theirs.events[0].kind == "tenant.created"


async def test_it_never_goes_back(place: Place) -> None:
    """Of acknowledgements in any order, also at once, the furthest counts."""
    await put_into_feed(place)
    ids = [event.id for event in (await place.owner.events.read()).events]
    await asyncio.gather(*(place.owner.events.acknowledge(consumer="mirror", event=id) for id in ids))
    assert (await place.owner.events.acknowledge(consumer="mirror", event=ids[0])).last == ids[-1]
    assert (await place.owner.events.read(consumer="mirror")).events == []


async def test_what_cannot_be_acknowledged(place: Place, other_tenant: AsyncCentral) -> None:
    """Neither what never happened, nor what happened to another tenant, nor by a name that is none."""
    await put_into_feed(place)
    mine = (await place.owner.events.read()).events[0].id
    for client, event in ((place.owner, EventId.new()), (other_tenant, mine)):
        with pytest.raises(NotFoundError):
            await client.events.acknowledge(consumer="mirror", event=event)
    with pytest.raises(ValidationFailedError):
        await place.owner.events.acknowledge(consumer="a b", event=mine)


async def test_stream_with_a_name(place: Place) -> None:
    """A stream that stops in the middle of a page begins with that page the next time."""
    async with relaying(place.stack):
        await put_into_feed(place)
        first = [event async for event in _some(place.owner, 3)]
        second = [event async for event in _some(place.owner, 2)]
    everything = (await place.owner.events.read()).events
    assert first == everything[:3]
    assert second == everything[2:4]


async def _some(client: AsyncCentral, count: int):
    seen = 0
    async for event in client.events.stream(consumer="mirror", limit=2):
        yield event
        seen += 1
        if seen == count:
            return
