"""An archive becomes the same tenant on another server."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from central.errors import ConflictError, ForbiddenError, NotFoundError
from central.jobs.models import Job, TenantImportResult
from central.kernel.ids import JobId
from central_client import AsyncCentral
from central_server.tenant_archives.importing import TenantImporter
from support.archives import PASSPHRASE, another_server, archive_of, imported, members_of, secrets_of
from support.database import fingerprint, superuser
from support.deleting import delete_wholly, left_of
from support.full import full_place
from support.place import Place, Stack, make_place
from support.provider import Provider
from support.signing_in import connect_provider


@pytest.fixture(scope="module")
async def elsewhere(stack: Stack, folder: Path) -> AsyncIterator[Stack]:
    """Another server, with a database and keys of its own."""
    async with another_server(stack, folder) as other:
        yield other


def _made(job: Job) -> TenantImportResult:
    assert (job.state, job.error) == ("succeeded", None)
    assert isinstance(job.result, TenantImportResult)
    return job.result


async def test_export_import_export_is_equal(stack: Stack, elsewhere: Stack, tmp_path: Path) -> None:
    """Another server gives the same archive of what it made of one, byte by byte, but for what happened since."""
    place = await full_place(stack)
    await place.owner.tenants.rename(slug=f"{place.tenant.slug}-new")
    archive = await archive_of(stack, place.tenant.id, PASSPHRASE)
    assert not _made(await imported(elsewhere, archive, tmp_path, passphrase=PASSPHRASE)).disabled_connectors
    before = members_of(archive)
    after = members_of(await archive_of(elsewhere, place.tenant.id, PASSPHRASE))
    for sealed in ("client_secrets.sealed", "webhook_secrets.sealed"):
        assert before.pop(sealed) != after.pop(sealed)  # never twice the same
    events = after.pop("outbox.ndjson").removeprefix(before.pop("outbox.ndjson"))
    assert [json.loads(line)["kind"] for line in events.splitlines()] == ["tenant.imported"]
    assert after == before
    assert all(before.values()), "a file without rows shows nothing"


async def test_it_is_the_same_tenant(stack: Stack, elsewhere: Stack, tmp_path: Path) -> None:
    """Its people sign in, with the same ids, roles and external ids; its former slug leads to it; the log is there."""
    place = await full_place(stack)
    slug = f"{place.tenant.slug}-new"
    await place.owner.tenants.rename(slug=slug)
    result = _made(await imported(elsewhere, await archive_of(stack, place.tenant.id), tmp_path))
    assert (result.tenant_id, result.slug) == (place.tenant.id, slug)
    owner = elsewhere.client(place.tenant.slug, await elsewhere.session_of(place.tenant.id, place.owner_user.id))
    for client in (place.owner, owner):
        assert (await client.tenants.get()).slug == slug
    signing_in = {"last_sign_in_at", "updated_at", "version"}
    theirs = [user.model_dump(exclude=signing_in) async for user in owner.users.list()]
    assert theirs == [user.model_dump(exclude=signing_in) async for user in place.owner.users.list()]
    assert [r async for r in owner.roles.list()] == [r async for r in place.owner.roles.list()]
    there = [event.id async for event in owner.events.list(kind=["user.created"])]
    assert there == [event.id async for event in place.owner.events.list(kind=["user.created"])]
    assert there


async def test_secrets_are_those_that_were_sealed(stack: Stack, elsewhere: Stack, tmp_path: Path) -> None:
    """With the passphrase, a connector has the client secret that it had, and the archive does not show it."""
    place = await make_place(stack)
    async with Provider() as provider:
        connector = await connect_provider(place, provider)
    secrets = await (await secrets_of(stack)).open_all(place.tenant.id, connector.id)
    archive = await archive_of(stack, place.tenant.id, PASSPHRASE)
    assert secrets
    assert not any(secret.encode() in content for secret in secrets for content in members_of(archive).values())
    _made(await imported(elsewhere, archive, tmp_path, passphrase=PASSPHRASE))
    assert await (await secrets_of(elsewhere)).open_all(place.tenant.id, connector.id) == secrets


@pytest.mark.parametrize("sealed", [None, PASSPHRASE], ids=["not archived", "not opened"])
async def test_without_its_secret_a_connector_is_disabled(
    stack: Stack, elsewhere: Stack, tmp_path: Path, sealed: str | None
) -> None:
    """It is named, and lets nobody in before somebody gives it a secret; other ways in stay open."""
    place = await make_place(stack)
    async with Provider() as provider:
        connector = await connect_provider(place, provider)
    result = _made(await imported(elsewhere, await archive_of(stack, place.tenant.id, sealed), tmp_path))
    assert result.disabled_connectors == [connector.id]
    owner = elsewhere.client(place.tenant.slug, await elsewhere.session_of(place.tenant.id, place.owner_user.id))
    enabled = {c.kind: (c.enabled, c.settings) async for c in owner.auth_connectors.list()}
    assert {kind: is_enabled for kind, (is_enabled, _) in enabled.items()} == {"oidc": False, "email_code": True}
    assert await (await secrets_of(elsewhere)).open_all(place.tenant.id, connector.id) == []


async def test_another_passphrase(stack: Stack, elsewhere: Stack, tmp_path: Path) -> None:
    """It opens nothing, and nothing is imported."""
    place = await full_place(stack)
    archive = await archive_of(stack, place.tenant.id, PASSPHRASE)
    job = await imported(elsewhere, archive, tmp_path, passphrase="another one, of length")
    assert job.error is not None
    assert (job.state, job.error.code) == ("failed", "wrong_passphrase")
    assert await left_of(Place(elsewhere, place.tenant, place.owner_user, place.owner)) == {}


async def test_domains_are_proven_anew(stack: Stack, elsewhere: Stack, tmp_path: Path) -> None:
    """A claim comes with its token, and not as verified: the DNS says whose it is, and no other server."""
    place = await make_place(stack)
    domain = await place.owner.domains.create(name=place.domain)
    async with superuser(stack) as connection:
        change = "UPDATE domains SET state = 'verified', verified_at = now() WHERE tenant_id = $1"
        await connection.execute(change, place.tenant.id.uuid)
    _made(await imported(elsewhere, await archive_of(stack, place.tenant.id), tmp_path))
    owner = elsewhere.client(place.tenant.slug, await elsewhere.session_of(place.tenant.id, place.owner_user.id))
    came = await owner.domains.get(domain=domain.id)
    assert (came.state, came.verified_at, came.txt_record) == ("pending", None, domain.txt_record)


async def test_operators_do_not_come(stack: Stack, elsewhere: Stack, tmp_path: Path) -> None:
    """Who may do something in the whole system there may not here."""
    tenant = stack.operator_user.tenant_id
    _made(await imported(elsewhere, await archive_of(stack, tenant), tmp_path))
    session = await elsewhere.session_of(tenant, stack.operator_user.id)
    assert (await elsewhere.client(tenant, session).users.me()).system_permissions == []


async def test_nobody_hears_of_it_again(stack: Stack, elsewhere: Stack, tmp_path: Path) -> None:
    """What happened has its place in the feed, in its order, and starts nothing: no mail goes out twice."""
    place = await full_place(stack)
    _made(await imported(elsewhere, await archive_of(stack, place.tenant.id), tmp_path))
    query = "SELECT id FROM outbox WHERE tenant_id = $1 AND kind <> 'tenant.imported' ORDER BY position, created_at, id"
    open_ones = (
        "SELECT (SELECT count(*) FROM outbox WHERE tenant_id = $1 AND kind <> 'tenant.imported' AND position IS NULL)"
        " + (SELECT count(*) FROM event_handovers WHERE tenant_id = $1)"
    )
    async with superuser(stack) as here, superuser(elsewhere) as there:
        assert await there.fetch(query, place.tenant.id.uuid) == await here.fetch(query, place.tenant.id.uuid)
        assert await there.fetchval(open_ones, place.tenant.id.uuid) == 0


async def test_under_another_slug(stack: Stack, elsewhere: Stack, tmp_path: Path) -> None:
    """It is called as the operator says, and takes no other slug."""
    place = await make_place(stack)
    slug = f"{place.tenant.slug}-here"
    result = _made(await imported(elsewhere, await archive_of(stack, place.tenant.id), tmp_path, slug=slug))
    assert result.slug == slug
    assert (await elsewhere.client().tenants.get_public(tenant=slug)).id == place.tenant.id
    with pytest.raises(NotFoundError):
        await elsewhere.client().tenants.get_public(tenant=place.tenant.slug)


@pytest.mark.parametrize("other", [False, True], ids=["the same slug", "another slug"])
async def test_a_tenant_that_is_there_stays_as_it_is(stack: Stack, tmp_path: Path, *, other: bool) -> None:
    """What is there is not changed by an archive of it."""
    place = await full_place(stack)
    archive, before = await archive_of(stack, place.tenant.id), await fingerprint(stack, place.tenant.id)
    options = {"slug": f"{place.tenant.slug}-two"} if other else {}
    job = await imported(stack, archive, tmp_path, **options)
    assert job.error is not None
    assert (job.state, job.error.code) == ("failed", "tenant_exists")
    assert await fingerprint(stack, place.tenant.id) == before


async def test_a_slug_that_is_taken(stack: Stack, elsewhere: Stack, tmp_path: Path) -> None:
    """Another tenant's slug stays another tenant's, and nothing is imported."""
    place, neighbour = await make_place(stack), await make_place(elsewhere)
    job = await imported(elsewhere, await archive_of(stack, place.tenant.id), tmp_path, slug=neighbour.tenant.slug)
    assert job.error is not None
    assert (job.state, job.error.code) == ("failed", "slug_taken")
    assert await left_of(Place(elsewhere, place.tenant, place.owner_user, place.owner)) == {}


async def test_a_deleted_tenant_comes_back(stack: Stack, tmp_path: Path) -> None:
    """Its slugs were kept for it, and for nobody else."""
    place = await make_place(stack)
    archive = await archive_of(stack, place.tenant.id)
    await delete_wholly(place)
    assert _made(await imported(stack, archive, tmp_path)).slug == place.tenant.slug
    owner = stack.client(place.tenant.slug, await stack.session_of(place.tenant.id, place.owner_user.id))
    assert (await owner.users.me()).email == place.owner_user.email


async def test_killed_when_the_tenant_was_there(
    stack: Stack, elsewhere: Stack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker that dies when it has made the tenant has ended the job with it; the next one has nothing to do."""
    place = await make_place(stack)
    whole = TenantImporter._TX_import

    async def mortal(self: TenantImporter, *arguments: Any) -> None:
        await whole(self, *arguments)
        raise ConnectionError

    monkeypatch.setattr(TenantImporter, "_TX_import", mortal)
    archive, operator = await archive_of(stack, place.tenant.id), await elsewhere.sign_in_operator()
    with pytest.raises(ConnectionError):
        await imported(elsewhere, archive, tmp_path, operator)
    job = await anext(aiter(operator.jobs.list(kind="tenant_import")))
    assert _made(job).tenant_id == place.tenant.id
    importer = await elsewhere.central.container.get(TenantImporter)
    assert await importer.run(elsewhere.operator_user.tenant_id, job.id) is None
    assert await operator.jobs.get(job=job.id) == job


async def test_it_is_an_event_of_the_operators_tenant(stack: Stack, elsewhere: Stack, tmp_path: Path) -> None:
    """That somebody asked for it stands in the log of their own tenant, with who."""
    place, operator = await make_place(stack), await elsewhere.sign_in_operator()
    job = await imported(elsewhere, await archive_of(stack, place.tenant.id), tmp_path, operator)
    (event,) = [e async for e in operator.events.list(kind=["tenant.import_requested"], target=job.id)]
    assert event.actor == elsewhere.operator_user.id


async def test_an_archive_without_parts_is_not_run(operator: AsyncCentral) -> None:
    """There is nothing to import."""
    job = await operator.tenants.start_import()
    with pytest.raises(ConflictError) as refusal:
        await operator.tenants.run_import(job=job.id)
    assert refusal.value.code == "no_rows"


async def test_no_role_of_a_tenant_imports(place: Place) -> None:
    """It takes a system permission."""
    with pytest.raises(ForbiddenError) as refusal:
        await place.owner.tenants.run_import(job=JobId.new())
    assert refusal.value.code == "permission_missing"


async def test_absent_job(operator: AsyncCentral) -> None:
    """What was not started is not run."""
    with pytest.raises(NotFoundError):
        await operator.tenants.run_import(job=JobId.new())
