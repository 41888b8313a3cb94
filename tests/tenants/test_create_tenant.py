import asyncio
import secrets

import pytest

from central.errors import ConflictError, ForbiddenError, UnauthenticatedError, ValidationFailedError
from central_client import AsyncCentral
from support.place import Place


def _slug() -> str:
    return f"t{secrets.token_hex(6)}"


async def _create(client: AsyncCentral, slug: str) -> object:
    return await client.tenants.create(slug=slug, name="Acme", owner_email="owner@acme.example")


async def test_operator_creates_a_tenant_with_its_owner(operator: AsyncCentral, place: Place) -> None:
    """A new tenant is active, has the first owner and a connector for mailed codes."""
    slug = _slug()
    tenant = await operator.tenants.create(slug=slug, name=" Acme Ltd ", owner_email="Ada@acme.example")
    assert (tenant.slug, tenant.name, tenant.state, tenant.version) == (slug, "Acme Ltd", "active", 1)
    connectors = await place.stack.client(slug).auth_connectors.list_public().first_page()
    assert [connector.kind for connector in connectors.items] == ["email_code"]
    started = await place.stack.client(slug).auth.start_email_code(email="ada@acme.example")
    assert started.sign_in


@pytest.mark.parametrize("given", ["UPPER", "  padded ", "Mixed-Case"])
async def test_slug_is_normalised(operator: AsyncCentral, given: str) -> None:
    """Case and surrounding blanks of a slug do not matter, nor make a second tenant."""
    unique = secrets.token_hex(5)
    written = given.replace("-", f"-{unique}-") if "-" in given else given.rstrip() + unique
    tenant = await operator.tenants.create(slug=written, name="Acme", owner_email="owner@acme.example")
    assert tenant.slug == written.strip().lower()
    with pytest.raises(ConflictError) as refusal:
        await _create(operator, tenant.slug.upper())
    assert refusal.value.code == "slug_taken"


@pytest.mark.parametrize(
    "slug", ["a", "-ab", "ab-", "a--b", "a_b", "a.b", "a b", "ä-b", "a" * 41, "", "..", "a\u0000b"]
)
async def test_malformed_slug_is_refused(place: Place, operator: AsyncCentral, slug: str) -> None:
    """A slug is 2 to 40 of a-z, 0-9 and single inner hyphens."""
    with pytest.raises(ValidationFailedError) as refusal:
        await _create(operator, slug)
    assert {error.field for error in refusal.value.field_errors} == {"slug"}


@pytest.mark.parametrize(
    "slug", ["admin", "ADMIN", "api", "www", "adm1n", "ad-min", "ap1", "vvvvvv", "ro0t", "well-known", "we11-known"]
)
async def test_reserved_words_and_their_look_alikes_are_refused(operator: AsyncCentral, slug: str) -> None:
    """Words that people trust, and what looks like them, are nobody's slug."""
    with pytest.raises(ValidationFailedError) as refusal:
        await _create(operator, slug)
    assert [(error.field, error.code) for error in refusal.value.field_errors] == [("slug", "slug_reserved")]


@pytest.mark.parametrize("slug", ["xn--acme-9za", "tenant-01h2xvnz7c9nxwk3tmcrd9qwmn"])
async def test_slug_that_reads_as_something_else_is_refused(operator: AsyncCentral, slug: str) -> None:
    """A slug is neither a punycode name nor an id."""
    with pytest.raises(ValidationFailedError):
        await _create(operator, slug)


async def test_look_alike_of_another_tenants_slug_is_refused(operator: AsyncCentral) -> None:
    """Who sees `paypal` in a link is not led to `paypa1`."""
    unique = secrets.token_hex(4).translate(str.maketrans("0158", "abcd"))
    await _create(operator, f"corn-mill-{unique}")
    for twin in (
        f"cornmill{unique}",
        f"cor-nmill-{unique}",
        f"com-mill-{unique}",
        f"corn-m1ll-{unique}",
        f"c0rn-mill-{unique}",
    ):
        with pytest.raises(ConflictError) as refusal:
            await _create(operator, twin)
        assert refusal.value.code == "slug_taken"


async def test_former_slug_is_never_anothers(operator: AsyncCentral, place: Place) -> None:
    """A slug stays taken after its tenant took another one."""
    former = place.tenant.slug
    await place.owner.tenants.rename(slug=_slug())
    with pytest.raises(ConflictError) as refusal:
        await _create(operator, former)
    assert refusal.value.code == "slug_taken"


async def test_of_concurrent_creations_one_wins(operator: AsyncCentral) -> None:
    """One hundred at once for one slug: one tenant, ninety-nine conflicts and nothing else, in every round."""
    for _ in range(3):
        slug = _slug()
        made = await asyncio.gather(*(_create(operator, slug) for _ in range(100)), return_exceptions=True)
        refused = [error for error in made if isinstance(error, BaseException)]
        assert {(type(error), getattr(error, "code", None)) for error in refused} == {(ConflictError, "slug_taken")}
        assert len(refused) == 99


async def test_refused_creation_leaves_nothing(operator: AsyncCentral, place: Place) -> None:
    """Of a tenant whose slug was taken there is no user and no event either."""
    from support.database import superuser

    async with superuser(place.stack) as connection:
        count = "SELECT (SELECT count(*) FROM tenants), (SELECT count(*) FROM users), (SELECT count(*) FROM outbox)"
        before = await connection.fetchrow(count)
        with pytest.raises(ConflictError):
            await _create(operator, place.tenant.slug)
        assert await connection.fetchrow(count) == before


@pytest.mark.parametrize("role", ["owner", "admin", "member"])
async def test_roles_in_a_tenant_do_not_make_tenants(place: Place, role: str) -> None:
    """Creating tenants takes a system permission, which no role of a tenant has."""
    with pytest.raises(ForbiddenError) as refusal:
        await _create(await place.signed_in(role), _slug())
    assert refusal.value.code == "permission_missing"


async def test_nobody_makes_tenants_without_signing_in(anonymous: AsyncCentral) -> None:
    """An anonymous caller is told to sign in."""
    with pytest.raises(UnauthenticatedError):
        await _create(anonymous, _slug())
