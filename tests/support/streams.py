"""Server-sent events, as a program reads them over a real connection."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import httpx

from support.place import Place
from support.served import served

SECONDS = 10


class Stream:
    """What a reader has of a stream."""

    def __init__(self, response: httpx.Response) -> None:
        self.response = response
        self._lines = response.aiter_lines()

    async def event(self) -> dict[str, str]:
        """Give the next event: its fields by name."""
        fields: dict[str, str] = {}
        async with asyncio.timeout(SECONDS):
            async for line in self._lines:
                name, _, value = line.partition(": ")
                if line:
                    fields[name] = value
                elif "data" in fields:
                    return fields
                else:
                    fields = {}
        raise AssertionError("the stream has ended")

    async def id(self) -> str:
        """Give the next id, of an event or not."""
        async with asyncio.timeout(SECONDS):
            async for line in self._lines:
                if line.startswith("id: "):
                    return line.removeprefix("id: ")
        raise AssertionError("the stream has ended")

    async def ends(self) -> bool:
        """Read on to its end; whether no event came until then."""
        async with asyncio.timeout(30):
            return not [line async for line in self._lines if line.startswith("data: ")]


@asynccontextmanager
async def stream_of(
    place: Place,
    path: str,
    session: str | None = None,
    headers: Mapping[str, str] | None = None,
    query: Mapping[str, str] | None = None,
) -> AsyncIterator[Stream]:
    """Read a stream of the place's tenant, as its owner or by another session."""
    session = session or await place.stack.session_of(place.tenant.id, place.owner_user.id)
    async with served(place.stack) as url, httpx.AsyncClient(base_url=url, timeout=SECONDS) as http:
        target = f"/v1/tenants/{place.tenant.slug}/{path}"
        given = {"cookie": f"central_session={session}", **(headers or {})}
        async with http.stream("GET", target, params=query, headers=given) as response:
            if response.status_code != 200:
                await response.aread()
            yield Stream(response)
