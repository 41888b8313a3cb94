import pytest

from central.errors import NotFoundError
from central.kernel.ids import DomainId
from support.domains import events, publish, verify_domain
from support.place import Place


async def test_delete_frees_the_domain(place: Place, other_place: Place) -> None:
    """A domain that is given up counts no more, and another tenant may verify it at once."""
    mine = await verify_domain(place)
    theirs = await other_place.owner.domains.create(name=place.domain)
    await place.owner.domains.delete(domain=mine.id)
    with pytest.raises(NotFoundError):
        await place.owner.domains.get(domain=mine.id)
    publish(other_place, theirs)
    assert (await other_place.owner.domains.verify(domain=theirs.id)).state == "verified"
    assert await events(place, mine) == ["domain.created", "domain.verified", "domain.deleted"]


async def test_absent_and_foreign_domains_look_the_same(place: Place, other_place: Place) -> None:
    """Another tenant's domain cannot be given up, and answers as one that never was."""
    foreign = await verify_domain(other_place)
    for domain in (foreign.id, DomainId.new()):
        with pytest.raises(NotFoundError) as refusal:
            await place.owner.domains.delete(domain=domain)
        assert refusal.value.code == "domain_not_found"
    assert await other_place.owner.domains.get(domain=foreign.id) == foreign
