from datetime import UTC, datetime
from time import monotonic
from typing import Any, Final

from pydantic_core import to_json
from standardwebhooks import Webhook

from central_server.infra.outbound import OutboundClient, OutboundError, OutboundResponse, RedirectRefusedError
from central_server.webhooks.claiming import Claimed
from central_server.webhooks.policy import ANSWER_BYTES, MOST_TRIES, answer_text, retry_after_of
from central_server.webhooks.recording import Attempt
from central_server.webhooks.signing_secrets import SigningSecrets

SECONDS: Final = 20.0
"""How long a receiver has to answer (Standard Webhooks: 15 to 30 seconds)."""


class WebhookRequests:
    """Sends one delivery by the one way out, signed as Standard Webhooks says, and tells what came of it."""

    def __init__(self, outbound: OutboundClient, secrets: SigningSecrets) -> None:
        self.outbound = outbound
        self.secrets = secrets
        self.seconds = SECONDS

    async def send(self, claimed: Claimed) -> Attempt:
        """Post the event as JSON; the same bytes under the same id each time, signed anew."""
        payload, started_at, begun = claimed.delivery["payload"], datetime.now(UTC), monotonic()
        if claimed.delivery["tries"] > MOST_TRIES:
            detail = "It was begun time after time, and its end was never recorded."
            return Attempt(started_at, 0, error="interrupted", detail=detail, is_final=True)
        if payload is None:
            detail = "The event is no longer kept."
            return Attempt(started_at, 0, error="event_gone", detail=detail, is_final=True)
        body = to_json(payload)
        try:
            response = await self.outbound.request(
                "POST",
                claimed.delivery["url"],
                content=body,
                headers=self._headers(claimed, body, started_at),
                seconds=self.seconds,
                beginning=ANSWER_BYTES,
                whose=claimed.delivery["tenant_id"],
            )
        except OutboundError as error:
            return Attempt(started_at, _ms_since(begun), **_failure(error))
        return Attempt(started_at, _ms_since(begun), **_answer(response))

    def _headers(self, claimed: Claimed, body: bytes, at: datetime) -> dict[str, str]:
        id, text = str(claimed.delivery["event_id"]), body.decode()
        signatures = [Webhook(self.secrets.open(secret)).sign(id, at, text) for secret in claimed.secrets]
        return {
            "content-type": "application/json",
            "webhook-id": id,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": " ".join(signatures),
        }


def _ms_since(begun: float) -> int:
    return round((monotonic() - begun) * 1000)


def _failure(error: OutboundError) -> dict[str, Any]:
    status = error.status if isinstance(error, RedirectRefusedError) else None
    return {"status": status, "error": error.reason, "detail": str(error)}


def _answer(response: OutboundResponse) -> dict[str, Any]:
    told = {"status": response.status, "answer": answer_text(response.body)}
    if 200 <= response.status < 300:
        return told
    later = retry_after_of(response.headers, datetime.now(UTC))
    detail = f"The answer has status {response.status}; 200 to 299 means that it was taken."
    return {**told, "error": "bad_status", "detail": detail, "retry_after": later}
