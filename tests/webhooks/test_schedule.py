"""When deliveries are tried again."""

from datetime import UTC, datetime

import pytest

from central_server.webhooks.policy import MOST_TRIES, answer_text, next_delay, retry_after_of

DAY = 24 * 3600.0
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def _delay(tries: int, failing: float, chance: float = 1.0, retry_after: float | None = None) -> float | None:
    return next_delay(tries, failing, retry_after, lambda: chance)


def test_longest_waits_grow() -> None:
    """From five seconds, fourfold each time, to six hours; a try is never sooner than after one second."""
    assert [_delay(tries, 0) for tries in range(1, 9)] == [5, 20, 80, 320, 1280, 5120, 20480, 21600]
    assert [_delay(tries, 0, 0.0) for tries in (1, 5, 20)] == [1, 1, 1]
    assert _delay(4, 0, 0.5) == 160


def test_the_last_one_is_at_the_end_of_the_day() -> None:
    """What would be behind it is moved to it; then there is none, if it was tried several times."""
    assert _delay(10, DAY - 100) == 100
    assert _delay(10, DAY) is None
    assert _delay(5, DAY + 1) == 1280
    assert _delay(6, DAY + 1) is None
    assert _delay(MOST_TRIES, 60) is None
    assert next_delay(1, None, None, lambda: 1.0) == 5


@pytest.mark.parametrize("chance", [0.0, 0.3, 0.5, 1.0])
def test_a_whole_day(chance: float) -> None:
    """Whatever the dice say, a delivery is tried over a day, or fifty times, and comes to an end."""
    failing, tries = 0.0, 1
    while (delay := _delay(tries, failing, chance)) is not None:
        failing, tries = failing + delay, tries + 1
        assert tries <= MOST_TRIES
    assert failing == DAY or tries == MOST_TRIES
    if chance >= 0.3:
        assert 10 <= tries <= 25


def test_retry_after() -> None:
    """It makes a wait longer, never shorter, and no longer than six hours."""
    assert _delay(1, 0, retry_after=100.0) == 100
    assert _delay(4, 0, retry_after=1.0) == 320
    assert _delay(1, 0, retry_after=10.0**9) == 21600


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120),
        ("0", 0),
        ("9" * 30, 999_999_999),
        ("Thu, 01 Jan 2026 00:02:00 GMT", 120),
        ("Thu, 01 Jan 2026 00:02:00", 120),
        ("Wed, 31 Dec 2025 00:00:00 GMT", 0),
        ("-5", None),
        ("soon", None),
        ("", None),
        ("1.5", None),
        ("\u0661", None),
        ("Thu, 99 Jan 9999 99:99:99 GMT", None),
    ],
)
def test_reading_it(value: str, seconds: float | None) -> None:
    """Seconds or a date; what is neither counts for nothing."""
    assert retry_after_of({"retry-after": value}, NOW) == seconds
    assert retry_after_of({}, NOW) is None


def test_answers_never_grow() -> None:
    """However bytes are read as text, a kilobyte is what is kept, without NUL."""
    for byte in range(256):
        text = answer_text(bytes([byte]) * 2000)
        assert len(text.encode()) <= 1024
        assert "\x00" not in text
