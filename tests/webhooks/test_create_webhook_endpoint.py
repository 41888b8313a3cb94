import asyncio
import base64

import pytest

from central.errors import ConflictError, ForbiddenError, ValidationFailedError
from central_client import AsyncCentral
from central_server.infra.outbound import OutboundClient
from central_server.webhooks.policy import MOST_ENDPOINTS
from central_server.webhooks.service import WebhookService
from support.place import Place, Stack
from support.raw import Raw
from support.webhooks import happened, run_sql

URL = "https://hooks.example/central?key=1"


async def test_an_endpoint_and_its_secret(place: Place) -> None:
    """The endpoint is as was asked for; the secret is one of 256 bits, shown once, and not printed."""
    made = await place.owner.webhooks.create_endpoint(
        url=URL, description=" CRM ", kinds=["user.updated", "user.created", "user.created", "not.yet_known"]
    )
    endpoint = made.endpoint
    assert (endpoint.url, endpoint.description, endpoint.enabled) == (URL, "CRM", True)
    assert endpoint.kinds == ["not.yet_known", "user.created", "user.updated"]
    assert (endpoint.created_by, endpoint.version, endpoint.disabled_reason) == (place.owner_user.id, 1, None)
    (told,) = endpoint.signing_secrets
    assert told.expires_at is None
    assert made.secret.startswith("whsec_")
    assert len(base64.b64decode(made.secret.removeprefix("whsec_"))) == 32
    assert made.secret not in repr(made)
    assert made.secret not in (await place.owner.webhooks.get_endpoint(endpoint=endpoint.id)).model_dump_json()


async def test_the_secret_is_nowhere_else(place: Place) -> None:
    """It is sealed where it is kept, and the event of its making does not hold it."""
    made = await place.owner.webhooks.create_endpoint(url=URL)
    key = base64.b64decode(made.secret.removeprefix("whsec_"))
    (row,) = await run_sql(place, "SELECT secret FROM webhook_secrets WHERE tenant_id = $1")
    assert key not in row["secret"]
    assert made.secret.encode() not in row["secret"]
    (event,) = await run_sql(
        place, "SELECT payload::text AS text FROM outbox WHERE tenant_id = $1 AND kind = 'webhook_endpoint.created'"
    )
    assert made.secret not in event["text"]
    assert made.endpoint.id in event["text"]


async def test_repetition_gives_the_same_secret(place: Place) -> None:
    """A request that is sent again under its key makes no second endpoint, and what is kept of its answer is sealed."""
    raw, key = Raw(place.stack, place.owner), ("idempotency-key", "webhooks-1")
    path = f"/v1/tenants/{place.tenant.id}/webhook-endpoints"
    first, second = [await raw.send("POST", path, {"url": URL}, key) for _ in range(2)]
    assert (first.status, first.body) == (second.status, second.body) == (201, first.body)
    assert len([e async for e in place.owner.webhooks.list_endpoints()]) == 1
    (row,) = await run_sql(place, "SELECT body FROM idempotency_keys WHERE tenant_id = $1")
    assert first.json()["secret"].encode() not in row["body"]


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("https://hooks.example:99999/", "invalid_url"),
        ("https://10.0.0.1/", "address_refused"),
        ("https://169.254.169.254/latest/meta-data", "address_refused"),
        ("https://[fd00::1]/", "address_refused"),
        ("https://0x7f000001/", "address_refused"),
        ("https://2130706433/", "address_refused"),
        ("ftp://hooks.example/", "string_pattern_mismatch"),
        ("https://user:password@hooks.example/", "string_pattern_mismatch"),
        ("https://hooks.example/#fragment", "string_pattern_mismatch"),
        ("https://", "string_pattern_mismatch"),
        ("https://hooks.example:port/", "invalid_url"),
        ("https://hooks.example/\x00", "string_pattern_mismatch"),
        ("javascript:alert(1)", "string_pattern_mismatch"),
        ("https://hooks.example/" + "x" * 2000, "string_too_long"),
    ],
)
async def test_addresses_that_are_not_called(owner: AsyncCentral, url: str, code: str) -> None:
    """Only https to public addresses without credentials is taken; this machine's own is, in development alone."""
    with pytest.raises(ValidationFailedError) as caught:
        await owner.webhooks.create_endpoint(url=url)
    assert [(error.field, error.code) for error in caught.value.field_errors] == [("url", code)]


async def test_nothing_but_https_outside_development(
    stack: Stack, owner: AsyncCentral, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that is none of development calls neither plain http nor this machine."""
    service = await stack.central.container.get(WebhookService)
    monkeypatch.setattr(service, "outbound", OutboundClient())
    for url, code in (("http://hooks.example/", "not_https"), ("https://127.0.0.1/", "address_refused")):
        with pytest.raises(ValidationFailedError) as caught:
            await owner.webhooks.create_endpoint(url=url)
        assert [error.code for error in caught.value.field_errors] == [code]


async def test_other_wrong_input(owner: AsyncCentral) -> None:
    """Kinds look like kinds, and are fifty at most; a description is one line."""
    for wrong in ({"kinds": ["Not A Kind"]}, {"kinds": ["a.b"] * 51}, {"description": "two\nlines"}, {"kinds": None}):
        with pytest.raises(ValidationFailedError):
            await owner.webhooks.create_endpoint(url=URL, **wrong)


async def test_twenty_at_most(place: Place) -> None:
    """Of many that are made at once only as many are as there is room for."""
    calls = [place.owner.webhooks.create_endpoint(url=URL) for _ in range(MOST_ENDPOINTS + 5)]
    outcomes = await asyncio.gather(*calls, return_exceptions=True)
    refused = [outcome for outcome in outcomes if isinstance(outcome, ConflictError)]
    assert {error.code for error in refused} == {"too_many_endpoints"}
    assert len(refused) == 5
    assert len([e async for e in place.owner.webhooks.list_endpoints()]) == MOST_ENDPOINTS


async def test_whoever_has_events_sent_may_read_them(place: Place) -> None:
    """`webhooks:write` alone has no events sent anywhere: by no new endpoint, and by changing or enabling none."""
    made = await place.owner.webhooks.create_endpoint(url=URL, enabled=False)
    role = await place.owner.roles.create(
        slug="hooks", name="Hooks", permissions=["webhooks:read", "webhooks:write", "users:read"]
    )
    client = await place.signed_in(role.slug)
    for call in (
        lambda: client.webhooks.create_endpoint(url=URL),
        lambda: client.webhooks.update_endpoint(endpoint=made.endpoint.id, url="https://evil.example/"),
        lambda: client.webhooks.enable_endpoint(endpoint=made.endpoint.id),
    ):
        with pytest.raises(ForbiddenError, match="events:read"):
            await call()
    await place.owner.roles.update(role=role.slug, permissions=["webhooks:read", "webhooks:write", "events:read"])
    assert (await client.webhooks.create_endpoint(url=URL)).endpoint.url == URL


async def test_it_is_an_event(place: Place) -> None:
    """That an endpoint was made is told, also to its own receiver."""
    await place.owner.webhooks.create_endpoint(url=URL)
    assert "webhook_endpoint.created" in {event["kind"] for event in await happened(place)}
