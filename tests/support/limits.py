"""Buckets of rate limits, from the outside: filled again, and requests from wherever one likes."""

import httpx

from central_client import AsyncCentral
from support.database import superuser
from support.place import BASE_URL, Place, Stack


async def fill_buckets(place: Place) -> None:
    """Let as much time pass as fills every bucket in the database."""
    async with superuser(place.stack) as connection:
        await connection.execute("DELETE FROM rate_buckets")


async def let_pass(place: Place, minutes: float) -> None:
    """Let time pass for the buckets in the database, and for mailed codes."""
    async with superuser(place.stack) as connection:
        await connection.execute("UPDATE rate_buckets SET full_at = full_at - $1 * interval '1 minute'", minutes)
        await connection.execute(
            "UPDATE email_codes SET created_at = created_at - $1 * interval '1 minute',"
            " expires_at = expires_at - $1 * interval '1 minute'",
            minutes,
        )


def http_from(stack: Stack, address: str | None) -> httpx.AsyncClient:
    """Give a plain HTTP client whose connection comes from this address, or over a local socket."""
    transport = httpx.ASGITransport(stack.central, client=(address, 50_000))  # type: ignore[arg-type]
    return httpx.AsyncClient(transport=transport, base_url=BASE_URL)


def client_from(place: Place, address: str, session: str | None = None) -> AsyncCentral:
    """Give a client at the place's tenant whose connection comes from this address."""
    http = http_from(place.stack, address)
    return AsyncCentral(BASE_URL, tenant=place.tenant.slug, session=session, http_client=http, max_retries=0)
