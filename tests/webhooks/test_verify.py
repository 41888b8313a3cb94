"""`central_client.webhooks.verify`, and the package of Standard Webhooks beside it: neither is made of the other."""

import json
import secrets
import subprocess
import sys
import time
from base64 import b64encode
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from standardwebhooks import Webhook
from standardwebhooks import WebhookVerificationError as TheirVerificationError

from central.events.registry import UnknownEvent
from central.kernel.ids import EventId, TenantId, UserId
from central.users.events import UserCreated
from central_client import WebhookVerificationError, webhooks
from central_server.webhooks.policy import new_secret
from support.place import Place
from support.webhooks import Receiver, endpoint_at, make_sender, plan, send_due

EVENT = UserCreated(tenant_id=TenantId.new(), user_id=UserId.new())
SECRET, OTHER = new_secret(), new_secret()


def signed(
    secret: str = SECRET, body: bytes | None = None, *, at: datetime | None = None, **changes: str
) -> tuple[bytes, dict[str, str]]:
    """Write a webhook by the package of Standard Webhooks; `changes` are headers, without their beginning."""
    content = EVENT.model_dump_json().encode() if body is None else body
    moment = at or datetime.now(UTC)
    headers = {
        "Webhook-Id": EVENT.id,
        "Webhook-Timestamp": str(int(moment.timestamp())),
        "Webhook-Signature": Webhook(secret).sign(EVENT.id, moment, content.decode()),
    }
    return content, headers | {f"Webhook-{name.title()}": value for name, value in changes.items()}


def code_of(body: bytes | str, headers: Mapping[str, str], secrets: Any = SECRET, **options: Any) -> str:
    with pytest.raises(WebhookVerificationError) as caught:
        webhooks.verify(body, headers, secrets, **options)
    return caught.value.code


def test_a_typed_event() -> None:
    """What is signed with one of the secrets is the event that it was, from bytes and from text."""
    body, headers = signed()
    for given in (body, body.decode(), bytearray(body)):
        event = webhooks.verify(given, headers, [OTHER, SECRET])
        assert event == EVENT
        assert isinstance(event, UserCreated)


def test_a_kind_of_a_newer_server() -> None:
    """An unknown kind is an `UnknownEvent` with all its fields, and an unknown field is kept."""
    document = json.loads(EVENT.model_dump_json())
    event = webhooks.verify(
        *signed(body=json.dumps({**document, "kind": "user.cloned", "newField": 1}).encode()), SECRET
    )
    assert isinstance(event, UnknownEvent)
    assert event.model_extra is not None
    assert (event.kind, event.model_extra["newField"], event.id) == ("user.cloned", 1, EVENT.id)


@pytest.mark.parametrize("seconds", [-299, 299])
def test_just_now(seconds: int) -> None:
    """A clock may be wrong by nearly five minutes, either way."""
    assert webhooks.verify(*signed(at=datetime.now(UTC) + timedelta(seconds=seconds)), SECRET) == EVENT


@pytest.mark.parametrize("seconds", [-302, 302, -(10**6)])
def test_not_just_now(seconds: int) -> None:
    """What was sent long ago, or will be, is refused however well it is signed, unless more is tolerated."""
    body, headers = signed(at=datetime.now(UTC) + timedelta(seconds=seconds))
    assert code_of(body, headers) == "stale"
    assert webhooks.verify(body, headers, SECRET, tolerance=timedelta(days=30)) == EVENT


@pytest.mark.parametrize(
    "timestamp", ["", "now", "nan", "inf", "-1", "1e99", "9" * 400, "\uff11\uff17", "0x10", " 1 ", "1_0", "\ud800"]
)
def test_times_that_are_none(timestamp: str) -> None:
    """Whatever stands for the time is refused, never an error of another class."""
    assert code_of(*signed(timestamp=timestamp)) in {"stale", "missing_header"}


def test_what_was_changed() -> None:
    """A changed byte of the body, another id, another time and another secret have no signature that fits."""
    body, headers = signed()
    now = str(int(time.time()) + 1)
    assert code_of(body + b" ", headers) == "wrong_signature"
    assert code_of(body.replace(b"user.created", b"user.deleted"), headers) == "wrong_signature"
    assert code_of(body, headers | {"Webhook-Id": EventId.new()}) == "wrong_signature"
    assert code_of(body, headers | {"Webhook-Timestamp": now}) == "wrong_signature"
    assert code_of(body, headers, OTHER) == "wrong_signature"
    assert code_of(body, headers, []) == "wrong_signature"


@pytest.mark.parametrize(
    "signature",
    [
        "v1",
        "v1,",
        "v1,AAAA",
        "v1,é",
        "v1,\ud800",
        "v1,%",
        ",",
        " ",
        "v1a,{}",
        "v2,{}",
        "v1 {}",
        "{}",
        "v1,{}A",
        "V1,{}",
    ],
)
def test_signatures_that_are_none(signature: str) -> None:
    """Whatever stands for the signature is refused, never an error of another class; another version is none."""
    body, headers = signed()
    right = headers["Webhook-Signature"].partition(",")[2]
    assert code_of(body, headers | {"Webhook-Signature": signature.format(right)}) in {
        "wrong_signature",
        "missing_header",
    }


def test_one_of_several_signatures() -> None:
    """While a secret is changed there are several; those of other versions and those that cannot be read are passed."""
    body, headers = signed()
    right = headers["Webhook-Signature"]
    many = f"v1a,AAAA v1,%%% v1,{b64encode(bytes(32)).decode()} {right}"
    assert webhooks.verify(body, headers | {"Webhook-Signature": many}, SECRET) == EVENT
    flood = "v1,AAAA " * 100 + right
    assert code_of(body, headers | {"Webhook-Signature": flood}) == "wrong_signature"


@pytest.mark.parametrize("name", ["Webhook-Id", "Webhook-Timestamp", "Webhook-Signature"])
def test_missing_headers(name: str) -> None:
    """Each of the three is needed."""
    body, headers = signed()
    assert code_of(body, {other: value for other, value in headers.items() if other != name}) == "missing_header"


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b"null", b'{"kind": 1}', b"\x00", b"{" * 10_000])
def test_bodies_that_are_no_event(body: bytes) -> None:
    """What is signed and no event is refused by the same error."""
    assert code_of(*signed(body=body)) == "unreadable_event"


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_%%%", "no secret"])
def test_secrets_that_are_none(secret: str) -> None:
    """A wrong secret is a fault of the receiver's own set-up, and is said at once."""
    with pytest.raises(ValueError, match="whsec_"):
        webhooks.verify(*signed(), secret)


def test_the_error_tells_no_secret() -> None:
    """Neither the secret nor the signature that would have fitted is in what is raised."""
    body, headers = signed(OTHER)
    with pytest.raises(WebhookVerificationError) as caught:
        webhooks.verify(body, headers, SECRET)
    assert SECRET not in repr(caught.value)
    assert headers["Webhook-Signature"] not in repr(caught.value)


async def test_what_a_server_sends(place: Place, receiver: Receiver) -> None:
    """A real delivery is verified here and by the package, whose judgement knows nothing of ours."""
    endpoint, secret = await endpoint_at(place.owner, receiver, "user.created")
    user = await place.user()
    await plan(place)
    await send_due(await make_sender(place.stack))
    (request,) = receiver.requests
    event = webhooks.verify(request.body, request.headers, secret)
    assert isinstance(event, UserCreated)
    assert (event.user_id, event.actor) == (user.id, place.owner_user.id)
    assert request.headers["webhook-id"] == event.id
    assert request.headers["content-type"] == "application/json"
    assert Webhook(secret).verify(request.body, dict(request.headers)) == json.loads(request.body)
    with pytest.raises(TheirVerificationError):
        Webhook(OTHER).verify(request.body, dict(request.headers))
    assert code_of(request.body, request.headers, OTHER) == "wrong_signature"
    assert endpoint.enabled


def test_it_needs_the_client_alone() -> None:
    """Neither the server nor what only the server needs is loaded, not even an HTTP library."""
    code = (
        "import sys; from central_client import webhooks\n"
        "headers = {f'webhook-{name}': '1' for name in ('id', 'timestamp', 'signature')}\n"
        "try: webhooks.verify(b'{}', headers, 'whsec_AAAA')\n"
        "except Exception as error: print(type(error).__name__, error.code)\n"
        "print([m for m in ('central_server', 'standardwebhooks', 'httpx', 'cryptography') if m in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.split("\n")[:2] == ["WebhookVerificationError stale", "[]"]


def test_random_signatures() -> None:
    """Of a thousand that are made up none fits."""
    body, headers = signed()
    for _ in range(1000):
        made_up = "v1," + b64encode(secrets.token_bytes(32)).decode()
        assert code_of(body, headers | {"Webhook-Signature": made_up}) == "wrong_signature"
