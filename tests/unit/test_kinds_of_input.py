"""Moments, spans of time and networks, as inputs take them."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import pytest
from pydantic import TypeAdapter, ValidationError

from central.kernel.text import Network
from central.kernel.times import Duration, Moment, between

_SPAN: TypeAdapter[timedelta] = TypeAdapter(Annotated[Duration, between(timedelta(minutes=5), timedelta(hours=1))])


@pytest.mark.parametrize(("value", "span"), [("PT5M", 300), (3600, 3600), ("PT1H", 3600), ("00:30:00", 1800)])
def test_spans(value: Any, span: int) -> None:
    """ISO 8601, seconds and both bounds are fine."""
    assert _SPAN.validate_python(value) == timedelta(seconds=span)


@pytest.mark.parametrize(
    "value", ["PT4M59S", "PT1H1S", "PT6M0.5S", 300.5, "-PT10M", "", "five", None, True, [], 10**400]
)
def test_what_is_no_span(value: Any) -> None:
    """What is too short, too long, finer than seconds or no time is refused."""
    with pytest.raises(ValidationError):
        _SPAN.validate_python(value)


def test_bounds_are_said_as_json_writes_them() -> None:
    """Whoever reads the error can write what it asks for."""
    with pytest.raises(ValidationError, match="Expected PT5M to PT1H"):
        _SPAN.validate_python(1)


def test_moments_are_kept_in_utc() -> None:
    """One moment is one value, whatever its zone."""
    adapter: TypeAdapter[datetime] = TypeAdapter(Moment)
    moment = adapter.validate_python("2026-11-01T13:00:00+01:00")
    assert (moment, moment.tzinfo) == (datetime(2026, 11, 1, 12, tzinfo=UTC), UTC)
    for wrong in ("2026-11-01T13:00:00", "9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00+12:00", "now", 10**400):
        with pytest.raises(ValidationError):
            adapter.validate_python(wrong)


@pytest.mark.parametrize(
    ("text", "network"),
    [
        (" 192.0.2.7 ", "192.0.2.7"),
        ("192.0.2.7/32", "192.0.2.7"),
        ("192.0.2.0/24", "192.0.2.0/24"),
        ("2001:DB8::/32", "2001:db8::/32"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("0.0.0.0/0", "0.0.0.0/0"),
    ],
)
def test_networks(text: str, network: str) -> None:
    """An address or a network has one form."""
    assert TypeAdapter(Network).validate_python(text) == network


@pytest.mark.parametrize(
    "text", ["", "1", "192.0.2.7/24", "192.0.2.0/33", "fe80::1%eth0", "example.com", "0x7f.1", "1" * 60]
)
def test_what_is_no_network(text: str) -> None:
    """What PostgreSQL would not take, or would take for something else, is refused."""
    with pytest.raises(ValidationError):
        TypeAdapter(Network).validate_python(text)
