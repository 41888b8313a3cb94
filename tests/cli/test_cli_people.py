"""`bootstrap`, `tenants` and `operators`."""

import pytest

BOOTSTRAP = ("bootstrap", "--tenant", "acme", "--name", "Acme Inc", "--owner-email", "ada@acme.example")


async def test_bootstrap_twice(cli, migrated: dict[str, str]) -> None:
    """The second time nothing is made, and nothing fails."""
    first = await cli(*BOOTSTRAP)
    assert first.status == 0, first.err
    assert "ada@acme.example owns the tenant acme" in first.out
    assert (await cli(*BOOTSTRAP)).out == first.out
    listed = await cli("tenants", "list")
    assert [line.split("\t")[1:4] for line in listed.out.splitlines()] == [
        ["slug", "name", "state"],
        ["acme", "Acme Inc", "active"],
    ]


async def test_tenants(cli, migrated: dict[str, str]) -> None:
    """Tenants are created, found by text, and a slug is taken once."""
    for slug in ("globex", "initech"):
        made = await cli("tenants", "create", slug, "--owner-email", f"eve@{slug}.example")
        assert made.status == 0, made.err
    found = await cli("tenants", "list", "--text", "GLOB")
    assert [line.split("\t")[1] for line in found.out.splitlines()] == ["slug", "globex"]
    assert len((await cli("tenants", "list", "--limit", "1")).out.splitlines()) == 2
    again = await cli("tenants", "create", "globex", "--owner-email", "eve@globex.example")
    assert (again.status, again.error_line) == (1, "central-server: This slug is taken, or looks like one that is.")


async def test_a_wrong_tenant(cli, migrated: dict[str, str]) -> None:
    """The line says what is wrong with which field."""
    ran = await cli("tenants", "create", "No Slug", "--owner-email", "nobody")
    assert ran.status == 1
    assert "slug: " in ran.error_line
    assert "owner_email: " in ran.error_line


async def test_operators(cli, migrated: dict[str, str]) -> None:
    """Permissions are added and taken one by one or all at once."""
    assert (await cli("tenants", "create", "globex", "--owner-email", "eve@globex.example")).status == 0
    person = ("globex", "eve@globex.example")
    one = await cli("operators", "grant", *person, "--permission", "tenants:read")
    assert one.out.strip().endswith("whole system: tenants:read")
    everything = await cli("operators", "grant", *person)
    assert everything.out.strip().endswith(": tenants:create, tenants:delete, tenants:read, tenants:write")
    less = await cli("operators", "revoke", *person, "--permission", "tenants:write")
    assert less.out.strip().endswith(": tenants:create, tenants:delete, tenants:read")
    assert (await cli("operators", "revoke", *person)).out.strip().endswith(": nothing")


@pytest.mark.parametrize(
    ("arguments", "line", "status"),
    [
        (("nowhere", "a@b.example"), "There is no tenant 'nowhere' here.", 1),
        (("globex", "a@b.example"), "There is no user 'a@b.example' here.", 1),
        (("globex", "eve@globex.example", "--permission", "world"), "There is no permission 'world'", 2),
    ],
)
async def test_wrong_operators(
    cli, migrated: dict[str, str], arguments: tuple[str, ...], line: str, status: int
) -> None:
    """Who or what is not there is said."""
    assert (await cli("tenants", "create", "globex", "--owner-email", "eve@globex.example")).status == 0
    ran = await cli("operators", "grant", *arguments)
    assert ran.status == status
    assert ran.error_line.startswith(f"central-server: {line}")
