"""`keys` and what `doctor` says of them, and of the rest."""

from pathlib import Path

import pytest

from central.auth_connectors.models import CreateAuthConnectorInput, OidcSettingsInput
from central.tenants.models import CreateTenantInput
from central_server.auth_connectors.service import AuthConnectorService
from central_server.cli.services import services
from central_server.infra.actor import SYSTEM
from central_server.infra.archives import ArchiveKeys
from central_server.infra.config import load_settings
from central_server.infra.db import Database
from central_server.infra.vault import KeyRing, SigningKeys
from central_server.infra.vault.keyring import generate_key
from central_server.tenants.service import TenantService
from support.buckets import s3_server
from support.place import Stack


async def _seal_a_secret() -> None:
    """Store an OIDC connector with a secret, under the settings of now."""
    async with services(load_settings()) as container:
        tenants, connectors = await container.get(TenantService), await container.get(AuthConnectorService)
        tenant = await tenants.TX_create_tenant(CreateTenantInput(slug="acme", name="A", owner_email="a@acme.example"))
        settings = OidcSettingsInput(kind="oidc", issuer="https://idp.example", client_id="c", client_secret="s3cret")
        input = CreateAuthConnectorInput(tenant="acme", name="IdP", settings=settings)
        async with (await container.get(Database)).write(tenant.id) as tx:
            await connectors.create_auth_connector(tenant.id, input, SYSTEM, tx)


async def test_new_keys_are_keys(cli) -> None:
    """The two lines are settings, and no two keys are alike."""
    first, second = await cli("keys", "new"), await cli("keys", "new")
    values = dict(line.split("=", 1) for line in first.out.splitlines())
    assert list(values) == ["CENTRAL_VAULT_KEYS", "CENTRAL_SIGNING_KEYS"]
    assert all(KeyRing.parse(value).primary.id.startswith("k20") for value in values.values())
    assert first.out != second.out


async def test_rotation(cli, migrated: dict[str, str]) -> None:
    """After a rotation the old key can go; without one, doctor says that it cannot."""
    await _seal_a_secret()
    new = f"k2:{generate_key()}"
    lacking = await cli("doctor", vault_keys=new)
    assert lacking.status == 1
    assert "1 of 1 do not open: CENTRAL_VAULT_KEYS lacks their key" in " ".join(lacking.out.split())
    rotated = await cli("keys", "rotate", vault_keys=f"{new},{migrated['vault_keys']}")
    assert rotated.out.startswith("1 secrets were wrapped anew")
    assert (await cli("keys", "rotate")).out.startswith("0 secrets")
    without_old = await cli("doctor", vault_keys=new)
    assert "1 of 1 tried open" in " ".join(without_old.out.split())


async def test_the_key_of_archives(cli, migrated: dict[str, str]) -> None:
    """It is public, the same each time, and another one for other signing keys."""
    shown = (await cli("keys", "archive")).out.strip()
    assert shown == ArchiveKeys(SigningKeys.parse(migrated["signing_keys"]), ()).public_key
    other = (await cli("keys", "archive", signing_keys=f"k2:{generate_key()}")).out.strip()
    assert len(other) == len(shown) == 64
    assert other != shown


async def test_doctor_says_what_is_wrong(cli, migrated: dict[str, str]) -> None:
    """Only Temporal is away here."""
    ran = await cli("doctor")
    lines = {line[:20].strip(): line[20:].split()[0] for line in ran.out.splitlines() if not line.startswith("    ")}
    assert ran.status == 1
    assert lines == {
        "settings": "ok",
        "traces": "ok",
        "database": "ok",
        "database role": "ok",
        "replica": "ok",
        "migrations": "ok",
        "row-level security": "ok",
        "stored secrets": "ok",
        "events": "ok",
        "webhooks": "ok",
        "jobs": "ok",
        "temporal": "wrong",
        "mail": "ok",
        "files": "ok",
        "dns": "ok",
        "vault keys": "ok",
        "signing keys": "ok",
    }


async def test_doctor_asks_the_resolver(cli, stack: Stack, migrated: dict[str, str]) -> None:
    """A resolver that fails or is silent is wrong, and said by its address and setting; one that is none, too."""
    for fault in ("SERVFAIL", "silent"):
        with stack.dns.fault("", fault):
            ran = await cli("doctor", dns_timeout="0.3")
        wrong = f"no answer from {stack.dns.address}: no domain can be verified; see CENTRAL_DNS_RESOLVERS"
        assert wrong in " ".join(ran.out.split())
    ran = await cli("doctor", dns_resolvers="dns.example")
    assert "CENTRAL_DNS_RESOLVERS: expected a resolver like 9.9.9.9" in " ".join(ran.out.split())


async def test_doctor_looks_at_the_storage_of_files(
    cli, migrated: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It says what is wrong with a bucket, and asks for signed addresses where callers are to be given them."""
    asked = {"presigned_uploads": "true"}
    folder = await cli("doctor", **asked)
    assert "a folder takes no file by itself: unset CENTRAL_PRESIGNED_UPLOADS" in " ".join(folder.out.split())
    async with s3_server(tmp_path / "s3") as server:
        for name, value in server.variables.items():
            monkeypatch.setenv(name, value)
        bucket = await cli("doctor", object_store_url=server.url, **asked)
        assert "could be written and read now" in " ".join(bucket.out.split())
        for name, value in server.wrong.items():
            monkeypatch.setenv(name, value)
        shut = await cli("doctor", object_store_url=server.url, **asked)
    assert "The storage of files does not let the server in: its credentials" in " ".join(shut.out.split())
    assert "wrong-credentials" not in shut.out


async def test_doctor_refuses_the_owner(cli, migrated: dict[str, str]) -> None:
    """A superuser, who owns the tables, is no role for the application."""
    ran = await cli("doctor", database_url=migrated["database_owner_url"])
    text = " ".join(ran.out.split())
    assert "central is a superuser, has BYPASSRLS, must be NOINHERIT, owns attribute_rules, auth_connectors" in text


async def test_doctor_before_migrating(cli, empty: dict[str, str]) -> None:
    """It says to migrate."""
    ran = await cli("doctor", **empty)
    assert "none has run: run `central-server migrate`" in " ".join(ran.out.split())
