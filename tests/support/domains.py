"""Domains of tenants, and their proofs in the tests' DNS."""

from typing import Any

from central.domains.models import Domain
from support.database import superuser
from support.place import Place, Stack


def publish(place: Place, domain: Domain) -> None:
    """Publish a domain's proof."""
    place.stack.dns.publish(domain.txt_record.name, domain.txt_record.value)


def withdraw(place: Place, domain: Domain) -> None:
    """Take a domain's proof away, and all else at its name."""
    place.stack.dns.withdraw(domain.txt_record.name)


async def verify_domain(place: Place, name: str | None = None, **fields: Any) -> Domain:
    """Claim a domain, the tenant's own one unless another is named, publish its proof and have it verified."""
    domain = await place.owner.domains.create(name=name or place.domain, **fields)
    publish(place, domain)
    verified = await place.owner.domains.verify(domain=domain.id)
    assert verified.state == "verified", verified.last_check
    return verified


async def has_verified(place: Place, name: str) -> bool:
    """Whether a tenant has a domain verified."""
    found = [domain async for domain in place.owner.domains.list() if domain.name == name]
    return [domain.state for domain in found] == ["verified"]


async def pass_time(stack: Stack, domain: Domain, **intervals: str) -> None:
    """Put times of a domain into the past, each by an interval: `failing_since="8 days"`."""
    times = ", ".join(f"{column} = {column} - interval '{interval}'" for column, interval in intervals.items())
    async with superuser(stack) as connection:
        await connection.execute(f"UPDATE domains SET {times} WHERE id = $1", domain.id.uuid)


async def events(place: Place, domain: Domain | None = None) -> list[str]:
    """Give the kinds of the events about a tenant's domains, or one of them, in order."""
    async with superuser(place.stack) as connection:
        rows = await connection.fetch(
            "SELECT kind FROM outbox WHERE tenant_id = $1 AND kind LIKE 'domain.%'"
            " AND ($2::text IS NULL OR payload ->> 'domainId' = $2) ORDER BY created_at, id",
            place.tenant.id.uuid,
            domain and str(domain.id),
        )
    return [row["kind"] for row in rows]
