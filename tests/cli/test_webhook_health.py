"""What `doctor` says of webhooks."""

from central_server.cli.webhook_health import judge_webhooks


def test_what_is_due_for_long() -> None:
    """Up to five minutes are a slow receiver; after that nobody sends."""
    assert judge_webhooks(0, 0.0, 0).wrong is None
    assert judge_webhooks(900, 299.0, 3).wrong is None
    wrong = judge_webhooks(900, 1200.0, 3).wrong
    assert wrong is not None
    assert "900 deliveries are due" in wrong
    assert "due for 20 minutes: does a core worker run?" in wrong


def test_disabled_ones_are_counted() -> None:
    """They are told, and no fault of the server."""
    assert "3 endpoints were disabled in the last week" in judge_webhooks(0, 0.0, 3).detail
