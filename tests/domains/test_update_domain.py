import asyncio

import pytest

from central.errors import ConflictError, NotFoundError, ValidationFailedError
from central.kernel.ids import AuthConnectorId, DomainId
from support.domains import events, verify_domain
from support.place import Place
from support.provider import Provider
from support.signing_in import connect_provider


async def test_fields_change_one_by_one(place: Place, provider: Provider) -> None:
    """An absent field is left alone, null clears the connector, and the proof is not touched."""
    connector = await connect_provider(place, provider)
    before = await verify_domain(place)
    update = place.owner.domains.update
    first = await update(domain=before.id, include_subdomains=True)
    second = await update(domain=before.id, connector=connector.id)
    third = await update(domain=before.id, include_subdomains=False)
    last = await update(domain=before.id, connector=None)
    assert [(d.include_subdomains, d.connector_id) for d in (first, second, third, last)] == [
        (True, None),
        (True, connector.id),
        (False, connector.id),
        (False, None),
    ]
    kept = ("id", "name", "state", "txt_record", "verified_at", "checked_at", "created_at")
    assert {name: getattr(last, name) for name in kept} == {name: getattr(before, name) for name in kept}
    assert (before.version, last.version) == (2, 6)
    assert await events(place, before) == ["domain.created", "domain.verified", *["domain.updated"] * 4]


async def test_name_and_proof_never_change(place: Place) -> None:
    """There is no field for either, nor for the state."""
    domain = await place.owner.domains.create(name=place.domain)
    for field in ("name", "state", "txt_record", "verified_at"):
        with pytest.raises(ValidationFailedError):
            await place.owner.domains.update(**{"domain": domain.id, field: "verified"})
    with pytest.raises(ValidationFailedError):
        await place.owner.domains.update(domain=domain.id, include_subdomains=None)


async def test_stale_version_is_a_conflict(place: Place) -> None:
    """Who did not see the newest version changes nothing; of ten who saw it at once, one does."""
    domain = await place.owner.domains.create(name=place.domain)

    async def change(version: int) -> str:
        try:
            await place.owner.domains.update(domain=domain.id, include_subdomains=True, expected_version=version)
        except ConflictError as error:
            return error.code
        return "changed"

    outcomes = await asyncio.gather(*(change(1) for _ in range(10)))
    assert sorted(outcomes) == ["changed", *["version_conflict"] * 9]


async def test_checks_are_no_changes(place: Place) -> None:
    """Looking for the proof again does not make the version grow, so that it is in nobody's way."""
    domain = await verify_domain(place)
    again = await place.owner.domains.verify(domain=domain.id)
    assert again.version == domain.version
    assert again.checked_at > domain.checked_at


async def test_foreign_connectors_and_domains_are_absent(place: Place, other_place: Place) -> None:
    """A connector of another tenant answers as one that never was, and so does a domain."""
    domain = await place.owner.domains.create(name=place.domain)
    (foreign,) = [c async for c in other_place.owner.auth_connectors.list()]
    for connector in (foreign.id, AuthConnectorId.new()):
        with pytest.raises(NotFoundError) as refusal:
            await place.owner.domains.update(domain=domain.id, connector=connector)
        assert refusal.value.code == "auth_connector_not_found"
    for absent in ((await verify_domain(other_place)).id, DomainId.new()):
        with pytest.raises(NotFoundError) as refusal:
            await place.owner.domains.update(domain=absent, include_subdomains=True)
        assert refusal.value.code == "domain_not_found"
    assert (await place.owner.domains.get(domain=domain.id)).version == 1


async def test_deleting_the_connector_leaves_the_domain(place: Place, provider: Provider) -> None:
    """A domain whose connector is deleted stays verified, and leads to none any more."""
    connector = await connect_provider(place, provider)
    domain = await verify_domain(place, connector=connector.id)
    await place.owner.auth_connectors.disable(connector=connector.id)
    assert (await place.owner.domains.get(domain=domain.id)).connector_id == connector.id
    await place.owner.auth_connectors.delete(connector=connector.id)
    left = await place.owner.domains.get(domain=domain.id)
    assert (left.state, left.connector_id) == ("verified", None)


async def test_pointing_at_a_connector_while_it_is_deleted(place: Place, provider: Provider) -> None:
    """Whichever comes first, nothing waits in a ring, and no domain points at a connector that is gone."""
    domain = await verify_domain(place)
    for _ in range(20):
        connector = await connect_provider(place, provider)

        async def point(connector: AuthConnectorId = connector.id) -> str:
            try:
                await place.owner.domains.update(domain=domain.id, connector=connector)
            except NotFoundError as error:
                return error.code
            return "pointed"

        # The domain points at it already, so that deleting the connector has the domain to change.
        await point()
        outcome, _ = await asyncio.gather(point(), place.owner.auth_connectors.delete(connector=connector.id))
        assert outcome in {"pointed", "auth_connector_not_found"}
        assert (await place.owner.domains.get(domain=domain.id)).connector_id is None
