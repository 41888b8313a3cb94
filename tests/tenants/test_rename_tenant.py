import asyncio
import secrets

import pytest

from central.errors import ConflictError, ForbiddenError, ValidationFailedError
from central_client import AsyncCentral
from support.asgi import assert_problem
from support.place import Place
from support.raw import Raw


def _slug() -> str:
    return f"t{secrets.token_hex(6)}"


async def test_absent_fields_are_left_alone(owner: AsyncCentral, place: Place) -> None:
    """A new name leaves the slug, a new slug leaves the name, and every change counts."""
    named = await owner.tenants.rename(name="Globex")
    assert (named.name, named.slug, named.version) == ("Globex", place.tenant.slug, 2)
    slug = _slug()
    moved = await owner.tenants.rename(slug=slug.upper())
    assert (moved.name, moved.slug, moved.version) == ("Globex", slug, 3)
    assert moved.updated_at > place.tenant.updated_at


async def test_former_slug_still_leads_here_and_back(owner: AsyncCentral, place: Place) -> None:
    """The session, made under the former slug, works under all slugs, and the former one can be had again."""
    former, current = place.tenant.slug, _slug()
    await owner.tenants.rename(slug=current)
    for ref in (former, current, place.tenant.id):
        assert (await owner.tenants.get(tenant=ref)).slug == current
    assert (await owner.tenants.rename(slug=former)).slug == former


@pytest.mark.parametrize("rename", [False, True])
async def test_slug_of_another_is_refused(owner: AsyncCentral, other_place: Place, *, rename: bool) -> None:
    """Neither the current nor a former slug of another tenant can be taken, nor one that looks like it."""
    taken = other_place.tenant.slug
    if rename:
        await other_place.owner.tenants.rename(slug=_slug())
    for slug in (taken, f"{taken[:3]}-{taken[3:]}"):
        with pytest.raises(ConflictError) as refusal:
            await owner.tenants.rename(slug=slug)
        assert refusal.value.code == "slug_taken"


async def test_look_alike_of_ones_own_slug_is_fine(owner: AsyncCentral, place: Place) -> None:
    """A tenant may move a hyphen in its own slug, and the old one stays its own."""
    slug = place.tenant.slug
    twin = f"{slug[:4]}-{slug[4:]}"
    assert (await owner.tenants.rename(slug=twin)).slug == twin
    assert (await owner.tenants.get(tenant=slug)).slug == twin


async def test_reserved_slug_is_refused(owner: AsyncCentral) -> None:
    """Reserved words are refused at a rename as at a creation."""
    with pytest.raises(ValidationFailedError) as refusal:
        await owner.tenants.rename(slug="adm1n")
    assert refusal.value.field_errors[0].code == "slug_reserved"


async def test_stale_version_is_refused(owner: AsyncCentral) -> None:
    """Who changes what somebody else has changed meanwhile is told so, and nothing is changed."""
    seen = await owner.tenants.get()
    await owner.tenants.rename(name="First", expected_version=seen.version)
    with pytest.raises(ConflictError) as refusal:
        await owner.tenants.rename(name="Second", expected_version=seen.version)
    assert refusal.value.code == "version_conflict"
    assert (await owner.tenants.get()).name == "First"


async def test_of_concurrent_changes_of_one_version_one_wins(owner: AsyncCentral) -> None:
    """Twenty at once on what they saw: one is accepted."""
    outcomes = await asyncio.gather(
        *(owner.tenants.rename(name=f"Name {number}", expected_version=1) for number in range(20)),
        return_exceptions=True,
    )
    refused = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
    assert len(refused) == 19
    assert {(type(error), getattr(error, "code", None)) for error in refused} == {(ConflictError, "version_conflict")}


async def test_concurrent_renames_to_one_slug(owner: AsyncCentral, other_tenant: AsyncCentral) -> None:
    """Two tenants at once for one slug: one has it, the other is told, in every round."""
    for _ in range(10):
        slug = _slug()
        outcomes = await asyncio.gather(
            owner.tenants.rename(slug=slug), other_tenant.tenants.rename(slug=slug), return_exceptions=True
        )
        refused = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
        assert [getattr(error, "code", error) for error in refused] == ["slug_taken"]


@pytest.mark.parametrize("field", ["name", "slug", "expectedVersion"])
async def test_null_is_refused_by_the_name_of_its_field(place: Place, field: str) -> None:
    """Nothing of a tenant can be cleared, and the answer says which field was null."""
    reply = await Raw(place.stack, place.owner).send("PATCH", f"/v1/tenants/{place.tenant.slug}", {field: None})
    problem = assert_problem(reply, 422)
    assert [(error["field"], error["code"]) for error in problem["fieldErrors"]] == [(field, "not_clearable")]


@pytest.mark.parametrize("role", ["admin", "member"])
async def test_only_owners_rename(place: Place, role: str) -> None:
    """Admins and members are refused."""
    with pytest.raises(ForbiddenError):
        await (await place.signed_in(role)).tenants.rename(name="Mine")
