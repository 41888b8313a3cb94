"""For who receives webhooks: `verify` says whether one is Central's, and gives its event.

    from central_client import webhooks

    event = webhooks.verify(request.body, request.headers, secret)

It needs no client, and nothing but what this package needs itself.
"""

import base64
import binascii
import hmac
import math
import time
from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from functools import cache
from typing import Final

from pydantic import TypeAdapter, ValidationError

from central.events.registry import AnyEvent
from central_client.errors import WebhookVerificationError

TOLERANCE: Final = timedelta(minutes=5)
"""How far the time of sending may be from the receiver's clock."""

_PREFIX: Final = "whsec_"
_MOST_SIGNATURES: Final = 20


def verify(
    body: bytes | str,
    headers: Mapping[str, str],
    secrets: str | Iterable[str],
    *,
    tolerance: timedelta = TOLERANCE,
) -> AnyEvent:
    """Give the event of a webhook that was signed with one of the secrets, just now (Standard Webhooks).

    `body` is what came, byte by byte: JSON that was read and written again has another signature. Names of headers
    are compared without case. An event of a kind that this version does not know is an `UnknownEvent`. `event.id`
    is the same each time that one is sent: remember it to act once.

    Raises `WebhookVerificationError` for whatever is wrong: `missing_header`, `stale`, `wrong_signature` or
    `unreadable_event` is its `code`. A secret that is none is a `ValueError`.
    """
    keys = [_key_of(secret) for secret in ([secrets] if isinstance(secrets, str) else secrets)]
    content = _bytes(body) if isinstance(body, str) else bytes(body)
    lowered = {name.lower(): value for name, value in headers.items()}
    id, sent_at, signatures = (
        _header(lowered, name) for name in ("webhook-id", "webhook-timestamp", "webhook-signature")
    )
    _check_time(sent_at, tolerance)
    signed = b".".join((_bytes(id), _bytes(sent_at), content))
    if not _is_signed(signed, list(_read(signatures)), keys):
        raise WebhookVerificationError("No signature fits the body and a secret.", code="wrong_signature")
    try:
        return _events().validate_json(content)
    except ValidationError:
        raise WebhookVerificationError("The body is no event.", code="unreadable_event") from None


def _key_of(secret: str) -> bytes:
    try:
        key = base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not key:
        raise ValueError("expected a signing secret like 'whsec_…'")
    return key


def _bytes(text: str) -> bytes:
    """Encode what a framework made text of, lone surrogates too; such text has no signature that fits."""
    return text.encode(errors="replace")


def _header(headers: Mapping[str, str], name: str) -> str:
    if not (value := headers.get(name)):
        raise WebhookVerificationError(f"The header {name} is missing.", code="missing_header")
    return value


def _check_time(sent_at: str, tolerance: timedelta) -> None:
    # Digits alone: what float() takes besides would be signed as another text than it means.
    seconds = int(sent_at) if sent_at.isascii() and sent_at.isdecimal() and len(sent_at) <= 12 else -math.inf
    if abs(time.time() - seconds) > tolerance.total_seconds():
        raise WebhookVerificationError("It was not sent just now, by this machine's clock.", code="stale")


def _read(signatures: str) -> Iterator[bytes]:
    """Give the signatures of the version that is known; what cannot be read is none."""
    for signature in signatures.split(" ")[:_MOST_SIGNATURES]:
        version, _, text = signature.partition(",")
        if version == "v1":
            yield _bytes(text)


def _is_signed(signed: bytes, signatures: list[bytes], keys: list[bytes]) -> bool:
    """Compare each signature with each key, in constant time, whether or not one has fitted."""
    fits = False
    for key in keys:
        expected = base64.b64encode(hmac.digest(key, signed, "sha256"))
        for signature in signatures:
            fits |= hmac.compare_digest(expected, signature)
    return fits


@cache
def _events() -> TypeAdapter[AnyEvent]:
    return TypeAdapter(AnyEvent)
