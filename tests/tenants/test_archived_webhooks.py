"""Webhook endpoints come with their tenant: as they were, disabled, and signing as before."""

import base64
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from central.jobs.models import Job, TenantImportResult
from central.kernel.ids import WebhookEndpointId, WebhookSecretId
from central.webhooks.models import WebhookEndpoint
from central_client import AsyncCentral, WebhookVerificationError, webhooks
from central_server.infra.archives import open_secrets, seal_secrets
from central_server.infra.archives.format import Scrypt
from central_server.infra.outbound import OutboundClient
from support.archives import (
    PASSPHRASE,
    Change,
    Members,
    another_server,
    archive_of,
    forged,
    imported,
    in_row,
    keys_of,
    members_of,
)
from support.database import superuser
from support.deleting import left_of
from support.place import Place, Stack, make_place
from support.webhooks import Receiver, apply, endpoint_at, happened, make_sender, run_sql, send_due

_MEMBER = "webhook_endpoints.ndjson"
_SEALED = "webhook_secrets.sealed"


@pytest.fixture(scope="module")
async def elsewhere(stack: Stack, folder: Path) -> AsyncIterator[Stack]:
    """The server that imports."""
    async with another_server(stack, folder) as other:
        yield other


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    """A server that takes webhooks."""
    async with Receiver() as made:
        yield made


@pytest.fixture
async def place(stack: Stack) -> Place:
    """The tenant that moves."""
    return await make_place(stack)


async def _brought(elsewhere: Stack, place: Place, archive: bytes, folder: Path, **options: Any) -> tuple[Job, Place]:
    """Import an archive; gives the job, and the tenant as it is there, with its owner signed in."""
    job = await imported(elsewhere, archive, folder, **options)
    assert (job.state, job.error) == ("succeeded", None)
    owner = elsewhere.client(place.tenant.slug, await elsewhere.session_of(place.tenant.id, place.owner_user.id))
    return job, Place(elsewhere, place.tenant, place.owner_user, owner)


def _fits(receiver: Receiver, secret: str) -> bool:
    request = receiver.requests[-1]
    try:
        webhooks.verify(request.body, request.headers, secret)
    except WebhookVerificationError as error:
        return error.code != "wrong_signature"
    return True


async def _pinged(there: Place, endpoint: WebhookEndpointId, receiver: Receiver) -> None:
    await there.owner.webhooks.ping(endpoint=endpoint)
    before = len(receiver.requests)
    await send_due(await make_sender(there.stack))
    assert len(receiver.requests) == before + 1


async def _all(client: AsyncCentral) -> list[WebhookEndpoint]:
    return [endpoint async for endpoint in client.webhooks.list_endpoints()]


async def test_it_comes_as_it_was_and_disabled(
    place: Place, elsewhere: Stack, receiver: Receiver, tmp_path: Path
) -> None:
    """The other server has the same endpoint; it is named as disabled, and what is done there is sent nowhere."""
    endpoint, _ = await endpoint_at(place.owner, receiver, "user.created", "webhook.ping")
    await place.owner.webhooks.update_endpoint(endpoint=endpoint.id, description="CRM")
    before = await place.owner.webhooks.get_endpoint(endpoint=endpoint.id)
    job, there = await _brought(elsewhere, place, await archive_of(place.stack, place.tenant.id), tmp_path)
    assert isinstance(job.result, TenantImportResult)
    assert job.result.disabled_webhook_endpoints == [endpoint.id]
    (after,) = await _all(there.owner)
    state = {"enabled", "disabled_reason", "disabled_at", "signing_secrets"}
    assert after.model_dump(exclude=state) == before.model_dump(exclude=state)
    assert (after.enabled, after.disabled_reason, after.disabled_at is not None) == (False, "imported", True)
    await there.user()
    await apply(elsewhere, await happened(there))
    await send_due(await make_sender(elsewhere))
    assert receiver.requests == []


@pytest.mark.parametrize("state", ["failing", "disabled"])
async def test_how_it_fared_does_not_come(place: Place, elsewhere: Stack, tmp_path: Path, state: str) -> None:
    """That it fails, or why it was disabled, is told of one server; an archive of there is the same as one of here."""
    made = (await place.owner.webhooks.create_endpoint(url="https://hooks.example/?key=1")).endpoint
    change = {
        "failing": "failing_since = now(), last_success_at = now()",
        "disabled": "enabled = false, disabled_reason = 'gone', disabled_at = now() - interval '1 day'",
    }
    await run_sql(place, f"UPDATE webhook_endpoints SET {change[state]} WHERE tenant_id = $1")
    archive = await archive_of(place.stack, place.tenant.id, PASSPHRASE)
    _, there = await _brought(elsewhere, place, archive, tmp_path, passphrase=PASSPHRASE)
    after = await there.owner.webhooks.get_endpoint(endpoint=made.id)
    assert (after.disabled_reason, after.failing_since, after.last_success_at) == ("imported", None, None)
    again = members_of(await archive_of(elsewhere, place.tenant.id, PASSPHRASE))
    assert again[_MEMBER] == members_of(archive)[_MEMBER]


async def test_enabled_it_signs_with_the_secrets_that_it_had(
    place: Place, elsewhere: Stack, receiver: Receiver, tmp_path: Path
) -> None:
    """With the passphrase both secrets come, while they change, and the older one ends when it would have ended."""
    endpoint, first = await endpoint_at(place.owner, receiver)
    second = await place.owner.webhooks.rotate_secret(endpoint=endpoint.id, overlap=timedelta(hours=1))
    archive = await archive_of(place.stack, place.tenant.id, PASSPHRASE)
    for secret in (first, second.secret):
        assert not any(secret.encode() in content for content in members_of(archive).values())
    _, there = await _brought(elsewhere, place, archive, tmp_path, passphrase=PASSPHRASE)
    enabled = await there.owner.webhooks.enable_endpoint(endpoint=endpoint.id)
    assert enabled.signing_secrets == second.endpoint.signing_secrets
    await _pinged(there, endpoint.id, receiver)
    assert [_fits(receiver, secret) for secret in (first, second.secret)] == [True, True]
    await run_sql(there, "UPDATE webhook_secrets SET expires_at = now() WHERE tenant_id = $1 AND expires_at > now()")
    await _pinged(there, endpoint.id, receiver)
    assert [_fits(receiver, secret) for secret in (first, second.secret)] == [False, True]


async def test_a_secret_that_has_ended_does_not_come(place: Place, receiver: Receiver) -> None:
    """It is in no archive, as it is good for nothing."""
    endpoint, _ = await endpoint_at(place.owner, receiver)
    await place.owner.webhooks.rotate_secret(endpoint=endpoint.id, overlap=timedelta(0))
    (ended,) = await run_sql(place, "SELECT id FROM webhook_secrets WHERE tenant_id = $1 AND expires_at IS NOT NULL")
    archive = await archive_of(place.stack, place.tenant.id, PASSPHRASE)
    rows = await _opened(members_of(archive), _manifest_of(archive))
    assert [row["endpoint_id"] for row in rows] == [endpoint.id]
    assert rows[0]["id"] != WebhookSecretId.from_uuid(ended["id"])


@pytest.mark.parametrize("sealed", [None, PASSPHRASE], ids=["not archived", "not opened"])
async def test_without_its_secret_it_has_one_that_nobody_knows(
    place: Place, elsewhere: Stack, receiver: Receiver, tmp_path: Path, sealed: str | None
) -> None:
    """Enabled as it came it signs, and neither old secret fits; whoever rotates it gets one that does."""
    endpoint, first = await endpoint_at(place.owner, receiver)
    second = (await place.owner.webhooks.rotate_secret(endpoint=endpoint.id)).secret
    archive = await archive_of(place.stack, place.tenant.id, sealed)
    _, there = await _brought(elsewhere, place, archive, tmp_path)
    enabled = await there.owner.webhooks.enable_endpoint(endpoint=endpoint.id)
    assert [one.expires_at for one in enabled.signing_secrets] == [None]
    await _pinged(there, endpoint.id, receiver)
    assert receiver.requests[-1].headers["webhook-signature"].startswith("v1,")
    assert [_fits(receiver, secret) for secret in (first, second)] == [False, False]
    third = (await there.owner.webhooks.rotate_secret(endpoint=endpoint.id)).secret
    await _pinged(there, endpoint.id, receiver)
    assert _fits(receiver, third)


async def test_what_happened_before_is_not_sent(
    place: Place, elsewhere: Stack, receiver: Receiver, tmp_path: Path
) -> None:
    """Enabled before the feed's reader has come past what was imported, it is sent what has happened there alone."""
    endpoint, _ = await endpoint_at(place.owner, receiver, "user.created")
    await place.user()
    _, there = await _brought(elsewhere, place, await archive_of(place.stack, place.tenant.id), tmp_path)
    await there.owner.webhooks.enable_endpoint(endpoint=endpoint.id)
    new = await there.user()
    events = await happened(there)
    assert [event["kind"] for event in events].count("user.created") >= 2
    await apply(elsewhere, events)
    await send_due(await make_sender(elsewhere))
    assert [json.loads(request.body)["userId"] for request in receiver.requests] == [new.id]


async def test_deliveries_stay_where_they_are(place: Place, elsewhere: Stack, tmp_path: Path) -> None:
    """What one server is to send, another does not."""
    made = (await place.owner.webhooks.create_endpoint(url="https://hooks.example/")).endpoint
    await place.owner.webhooks.ping(endpoint=made.id)
    _, there = await _brought(elsewhere, place, await archive_of(place.stack, place.tenant.id), tmp_path)
    assert [delivery async for delivery in there.owner.webhooks.list_deliveries()] == []


async def test_where_this_machine_is_not_called(
    place: Place, elsewhere: Stack, receiver: Receiver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a development server may call, another may not: it is refused, named by its id, and nothing is imported."""
    endpoint, _ = await endpoint_at(place.owner, receiver)
    monkeypatch.setattr(await elsewhere.central.container.get(OutboundClient), "allow_loopback", False)
    job = await imported(elsewhere, await archive_of(place.stack, place.tenant.id), tmp_path)
    assert job.error is not None
    assert (job.state, job.error.code) == ("failed", "webhook_refused")
    assert endpoint.id in job.error.message
    assert receiver.url not in job.error.message
    assert await left_of(Place(elsewhere, place.tenant, place.owner_user, place.owner)) == {}


def _url(url: str) -> Change:
    return in_row(_MEMBER, lambda row: row.update(url=url))


def _many(members: Members, manifest: dict[str, Any]) -> None:
    row = json.loads(members[_MEMBER].splitlines()[0])
    rows = [{**row, "id": WebhookEndpointId.new()} for _ in range(20)]
    members[_MEMBER] += b"".join(json.dumps(one).encode() + b"\n" for one in rows)


def _twice(members: Members, manifest: dict[str, Any]) -> None:
    members[_MEMBER] += members[_MEMBER].splitlines()[0] + b"\n"


# As a server would sign it that is trusted and does wrong.
HOSTILE: dict[str, tuple[Change, str]] = {
    "one that is enabled": (in_row(_MEMBER, lambda row: row.update(enabled=True)), "row_invalid"),
    "not https": (_url("http://hooks.example/"), "webhook_refused"),
    "an internal address": (_url("https://10.0.0.1/"), "webhook_refused"),
    "the metadata of a cloud": (_url("https://169.254.169.254/latest/meta-data"), "webhook_refused"),
    "an internal address in brackets": (_url("https://[::ffff:10.0.0.1]/"), "webhook_refused"),
    "a file": (_url("file:///etc/passwd"), "row_invalid"),
    "a password in the address": (_url("https://user:secret@hooks.example/"), "row_invalid"),
    "an address without end": (_url(f"https://hooks.example/{'x' * 2000}"), "row_invalid"),
    "a header in the address": (_url("https://hooks.example/\r\nHost: other"), "row_invalid"),
    "a description of two lines": (in_row(_MEMBER, lambda row: row.update(description="a\nb")), "row_invalid"),
    "a description that is not trimmed": (in_row(_MEMBER, lambda row: row.update(description=" a ")), "row_invalid"),
    "a kind that is none": (in_row(_MEMBER, lambda row: row.update(kinds=["*"])), "row_invalid"),
    "a kind twice": (in_row(_MEMBER, lambda row: row.update(kinds=["user.created"] * 2)), "row_invalid"),
    "very many kinds": (
        in_row(_MEMBER, lambda row: row.update(kinds=[f"user.k{'a' * n}" for n in range(1, 52)])),
        "row_invalid",
    ),
    "a time from which it sends": (in_row(_MEMBER, lambda row: row.update(imported_at=None)), "row_invalid"),
    "one more than there may be": (_many, "too_many_endpoints"),
    "an endpoint twice": (_twice, "archive_inconsistent"),
}


@pytest.mark.parametrize("case", HOSTILE)
async def test_hostile_endpoints(
    place: Place, elsewhere: Stack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, case: str
) -> None:
    """An endpoint that nobody could make is none because an archive brings it, whoever signed that."""
    change, code = HOSTILE[case]
    monkeypatch.setattr(await elsewhere.central.container.get(OutboundClient), "allow_loopback", False)
    await place.owner.webhooks.create_endpoint(url="https://hooks.example/")
    archive = forged(await archive_of(place.stack, place.tenant.id), keys_of(place.stack.settings), change)
    await _refused(place, elsewhere, await imported(elsewhere, archive, tmp_path), code)


async def _refused(place: Place, elsewhere: Stack, job: Job, code: str) -> None:
    assert job.error is not None
    assert (job.state, job.error.code) == ("failed", code), job.error.message
    assert await left_of(Place(elsewhere, place.tenant, place.owner_user, place.owner)) == {}


def _manifest_of(archive: bytes) -> dict[str, Any]:
    seen = dict[str, Any]()
    forged(archive, None, lambda _, manifest: seen.update(manifest))
    return seen


async def _opened(members: Members, manifest: dict[str, Any]) -> list[dict[str, Any]]:
    """Open the signing secrets of an archive."""
    how = Scrypt.model_validate(manifest["sealed_with"])
    plain = await open_secrets({"webhook_secrets": members[_SEALED]}, PASSPHRASE, how, manifest["tenant_id"])
    return [json.loads(line) for line in plain["webhook_secrets"].splitlines()]


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


SECRETS: dict[str, Any] = {
    "none": lambda _: [],
    "no secret of now": lambda row: [{**row, "expires_at": "2099-01-01T00:00:00Z"}],
    "two of now": lambda row: [row, {**row, "id": WebhookSecretId.new()}],
    "three": lambda row: [
        row,
        *({**row, "id": WebhookSecretId.new(), "expires_at": "2099-01-01T00:00:00Z"} for _ in range(2)),
    ],
    "of an endpoint that is not there": lambda row: [
        row,
        {**row, "id": WebhookSecretId.new(), "endpoint_id": WebhookEndpointId.new()},
    ],
    "empty": lambda row: [{**row, "secret": ""}],
    "an empty key": lambda row: [{**row, "secret": _base64("whsec_")}],
    "a short key": lambda row: [{**row, "secret": _base64("whsec_YWJj")}],
    "no base64": lambda row: [{**row, "secret": _base64("whsec_" + "!" * 44)}],
    "no prefix": lambda row: [{**row, "secret": _base64("A" * 43 + "=")}],
}


@pytest.mark.parametrize("case", SECRETS)
async def test_hostile_secrets(place: Place, elsewhere: Stack, tmp_path: Path, case: str) -> None:
    """Secrets with which an endpoint could not sign, or would sign for whoever guesses, are refused."""
    await place.owner.webhooks.create_endpoint(url="https://hooks.example/")
    archive = await archive_of(place.stack, place.tenant.id, PASSPHRASE)
    manifest = _manifest_of(archive)
    (row,) = await _opened(members_of(archive), manifest)
    content = b"\n".join(json.dumps(one).encode() for one in SECRETS[case](row))
    client = await seal_secrets({"client_secrets": b"", "webhook_secrets": content}, PASSPHRASE, manifest["tenant_id"])

    def change(members: Members, manifest: dict[str, Any]) -> None:
        members.update({f"{of}.sealed": sealed for of, sealed in client.contents.items()})
        manifest["sealed_with"] = client.how.model_dump()

    changed = forged(archive, keys_of(place.stack.settings), change)
    await _refused(place, elsewhere, await imported(elsewhere, changed, tmp_path, passphrase=PASSPHRASE), "row_invalid")


async def test_sealed_files_change_places(place: Place, elsewhere: Stack, tmp_path: Path) -> None:
    """What was sealed as client secrets does not open as signing secrets, in an archive that is signed right."""
    await place.owner.webhooks.create_endpoint(url="https://hooks.example/")
    archive = await archive_of(place.stack, place.tenant.id, PASSPHRASE)

    def change(members: Members, manifest: dict[str, Any]) -> None:
        first, second = "client_secrets.sealed", _SEALED
        members[first], members[second] = members[second], members[first]

    changed = forged(archive, keys_of(place.stack.settings), change)
    job = await imported(elsewhere, changed, tmp_path, passphrase=PASSPHRASE)
    await _refused(place, elsewhere, job, "wrong_passphrase")


async def test_control(place: Place, elsewhere: Stack, tmp_path: Path) -> None:
    """Twenty endpoints, signed again without a change, are imported: what is refused above is what it says."""
    for number in range(20):
        await place.owner.webhooks.create_endpoint(url=f"https://hooks.example/{number}")
    archive = await archive_of(place.stack, place.tenant.id, PASSPHRASE)
    again = forged(archive, keys_of(place.stack.settings), lambda *_: None)
    job, there = await _brought(elsewhere, place, again, tmp_path, passphrase=PASSPHRASE)
    assert isinstance(job.result, TenantImportResult)
    assert job.result.disabled_webhook_endpoints == [endpoint.id for endpoint in await _all(there.owner)]
    async with superuser(elsewhere) as connection:
        count = "SELECT count(*) FROM webhook_secrets WHERE tenant_id = $1"
        assert await connection.fetchval(count, place.tenant.id.uuid) == 20
