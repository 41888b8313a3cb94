"""Listing roles."""

from central_client import AsyncCentral


async def test_roles_come_by_slug_in_pages(owner: AsyncCentral) -> None:
    """All roles come once, in the order of their slugs, whatever the size of the pages."""
    for slug in ("zoo-keeper", "desk", "auditor"):
        await owner.roles.create(slug=slug, name=slug, permissions=[])
    expected = ["admin", "auditor", "desk", "member", "owner", "zoo-keeper"]
    for limit in (1, 2, 6, 50):
        assert [role.slug async for role in owner.roles.list(limit=limit)] == expected


async def test_another_tenants_roles_are_not_listed(owner: AsyncCentral, other_tenant: AsyncCentral) -> None:
    """Each tenant has its own."""
    await other_tenant.roles.create(slug="desk", name="Desk", permissions=[])
    assert [role.slug async for role in owner.roles.list()] == ["admin", "member", "owner"]
