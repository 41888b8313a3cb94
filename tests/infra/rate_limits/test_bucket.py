"""The arithmetic of buckets, for any limits, times and tokens."""

from fractions import Fraction

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from central_server.infra.rate_limits.bucket import MICROSECONDS, Ask, Limit, Taken, draw, longest_wait, wait

LIMITS = st.builds(Limit, st.integers(1, 100_000), st.integers(1, 86_400))
STEPS = st.lists(st.tuples(st.integers(0, 90 * MICROSECONDS), st.integers(1, 5)), max_size=60)


class Bucket:
    """A bucket with a clock, kept by the functions under test."""

    def __init__(self, limit: Limit) -> None:
        self.limit = limit
        self.now = self.full_at = 0

    def take(self, needed: int = 1, wanted: int | None = None) -> Taken:
        ask = Ask("x", b"x", self.limit, needed, needed if wanted is None else wanted)
        taken = draw([ask], [max(0, self.full_at - self.now)])
        self.full_at = self.now + taken.drawn[0].debt
        return taken


@given(LIMITS)
def test_a_full_bucket_gives_exactly_what_it_holds(limit: Limit) -> None:
    """All tokens at one moment, and not one more."""
    bucket = Bucket(limit)
    assert bucket.take(limit.count).ok
    assert not bucket.take().ok
    one_by_one = Bucket(Limit(min(limit.count, 300), limit.seconds))
    assert [one_by_one.take().ok for _ in range(301)].count(True) == one_by_one.limit.count


@given(LIMITS, STEPS)
def test_it_never_gives_more_than_came_in(limit: Limit, steps: list[tuple[int, int]]) -> None:
    """Up to any moment no more is given than a full bucket and what came back since, as a plain model counts it."""
    bucket, held = Bucket(limit), Fraction(limit.count)
    for pause, tokens in steps:
        bucket.now += pause
        held = min(Fraction(limit.count), held + Fraction(pause, limit.interval))
        before = held
        if bucket.take(tokens).ok:
            held -= tokens
        assert held >= 0
        assert (before >= tokens) == (held < before), "refused only what is not there, given only what is"


@given(LIMITS, STEPS)
def test_after_the_wait_there_is_a_token_and_before_there_is_none(limit: Limit, steps: list[tuple[int, int]]) -> None:
    """The time that is told is the first at which it works."""
    bucket = Bucket(limit)
    for pause, most in steps:
        bucket.now += pause
        tokens = min(most, limit.count)
        taken = bucket.take(tokens)
        if not taken.ok:
            microseconds = wait(Ask("x", b"x", limit, tokens), taken.drawn[0])
            assert microseconds > 0
            bucket.now += microseconds - 1
            assert not bucket.take(tokens).ok
            bucket.now += 1
            assert bucket.take(tokens).ok


@given(LIMITS, st.integers(0, 10), st.integers(0, 10), st.integers(0, 10**12))
def test_what_is_told_is_what_is_left(limit: Limit, needed: int, more: int, debt: int) -> None:
    """Of what is wanted as much is given as there is; what is left can be taken, and the debt says so."""
    ask = Ask("x", b"x", limit, needed, needed + more)
    ((granted, remaining, after),) = draw([ask], [debt]).drawn
    assert 0 <= granted <= ask.wanted
    assert after == debt + granted * limit.interval
    rest = draw([Ask("x", b"x", limit, 0, 10**9)], [after]).drawn[0]
    assert rest.granted == remaining


@given(st.lists(st.tuples(LIMITS, st.integers(0, 3), st.integers(0, 10**10)), min_size=1, max_size=5))
@example([(Limit(1, 1), 0, 1_004_497), (Limit(1, 1), 1, 1)])
def test_several_buckets_give_all_or_nothing(buckets: list[tuple[Limit, int, int]]) -> None:
    """Each gives what is needed of it, or none gives anything; the longest wait is one of those that refused."""
    asks = [Ask(str(n), b"x", limit, needed, needed + 1) for n, (limit, needed, _) in enumerate(buckets)]
    debts = [debt for _, _, debt in buckets]
    taken = draw(asks, debts)
    alone = [draw([ask], [debt]).ok for ask, debt in zip(asks, debts, strict=True)]
    assert taken.ok == all(alone)
    if taken.ok:
        assert all(one.granted >= ask.needed for ask, one in zip(asks, taken.drawn, strict=True))
    else:
        assert [one.granted for one in taken.drawn] == [0] * len(asks)
        assert [one.debt for one in taken.drawn] == debts
        ask, seconds = longest_wait(asks, taken)
        assert seconds > 0
        assert not alone[int(ask.name)]


@given(LIMITS)
def test_what_is_not_needed_is_never_a_reason_to_refuse(limit: Limit) -> None:
    """An empty bucket of which nothing is needed, overdrawn or not, lets the others give."""
    full, empty = Ask("full", b"x", limit), Ask("empty", b"y", limit, 0)
    for debt in (limit.span, limit.span * 3):
        taken = draw([full, empty], [0, debt])
        assert taken.ok
        assert [one.granted for one in taken.drawn] == [1, 0]


@given(LIMITS)
def test_limits_are_read_as_they_are_written(limit: Limit) -> None:
    """Writing and reading gives the same."""
    assert Limit.parse(str(limit)) == limit


@pytest.mark.parametrize(
    ("text", "count", "seconds"),
    [
        ("6000/1m", 6000, 60),
        ("5/m", 5, 60),
        (" 30/10m ", 30, 600),
        ("1/1s", 1, 1),
        ("1000000/1d", 1_000_000, 86_400),
        ("2/36h", 2, 129_600),
    ],
)
def test_reading_a_limit(text: str, count: int, seconds: int) -> None:
    """A count, and a time in seconds, minutes, hours or days."""
    assert Limit.parse(text) == Limit(count, seconds)


_NO_LIMITS = ["", "5", "5/", "/1m", "0/1m", "5/0m", "-1/1m", "5/1w", "5 per minute", "1e3/1m", "5/1m/1m", "5/1M"]
_NO_LIMITS += ["1000001/1m", "5/31d", "\u0663/1m", "5.5/1m"]


@pytest.mark.parametrize("text", _NO_LIMITS)
def test_what_is_no_limit_is_refused_with_words(text: str) -> None:
    """Anything else is an error that shows how a limit is written or bounded."""
    with pytest.raises(ValueError, match=r"6000/1m|1,000,000"):
        Limit.parse(text)


def test_fine_limits_are_not_rounded_away() -> None:
    """A million a second and seven a minute hold as many tokens as they say."""
    for limit in (Limit(1_000_000, 1), Limit(7, 60), Limit(999_999, 1)):
        bucket = Bucket(limit)
        assert bucket.take(limit.count).ok
        assert not bucket.take().ok
