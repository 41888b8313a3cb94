"""What `doctor` says of webhooks."""

from typing import Final, NamedTuple

_PATIENCE: Final = 300.0
"""Seconds: what is due for longer waits for more than its turn behind a slow receiver."""


class WebhookHealth(NamedTuple):
    """What is wrong with sending and what to do about it, or None; and how it goes."""

    wrong: str | None
    detail: str


def judge_webhooks(waiting: int, oldest: float, disabled: int) -> WebhookHealth:
    """Judge by what is due, for how many seconds the oldest is, and the endpoints that were lately disabled.

    An endpoint that was disabled is its tenant's trouble, which its owners were told of; here it is only counted.
    """
    detail = f"{waiting} deliveries are due; {disabled} endpoints were disabled in the last week, since they failed"
    if oldest > _PATIENCE:
        minutes = round(oldest / 60)
        return WebhookHealth(f"{detail}; the oldest is due for {minutes} minutes: does a core worker run?", detail)
    return WebhookHealth(None, detail)
