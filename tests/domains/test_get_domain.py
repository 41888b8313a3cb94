import pytest

from central.errors import NotFoundError
from central.kernel.ids import DomainId
from central_client import AsyncCentral
from support.domains import verify_domain
from support.place import Place


async def test_get_domain(place: Place, admin: AsyncCentral) -> None:
    """An administrator sees a domain as it is."""
    verified = await verify_domain(place, include_subdomains=True)
    assert await admin.domains.get(domain=verified.id) == verified


async def test_absent_and_foreign_domains_look_the_same(owner: AsyncCentral, other_place: Place) -> None:
    """Another tenant's domain, verified or not, is as absent as one that never was."""
    pending = await other_place.owner.domains.create(name=f"pending.{other_place.domain}")
    verified = await verify_domain(other_place)
    refusals = set()
    for domain in (pending.id, verified.id, DomainId.new()):
        with pytest.raises(NotFoundError) as refusal:
            await owner.domains.get(domain=domain)
        refusals.add((refusal.value.code, refusal.value.message))
    assert len(refusals) == 1
