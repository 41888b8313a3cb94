"""What the tests of security count: probes, rounds and cases, summed up over all processes at the end of a run.

Rounds are of races and start with that word; they are trials, and no failure in N of them bounds the true rate.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

_MARK = "proof: "


def count(record_property: Callable[[str, object], None], what: str, number: int) -> None:
    """Note that a test has tried something this many times."""
    record_property(f"{_MARK}{what}", number)


def counted(reports: Iterable[Any]) -> dict[str, int]:
    """Sum up what tests have noted."""
    sums: Counter[str] = Counter()
    for report in reports:
        for name, value in getattr(report, "user_properties", ()):
            if name.startswith(_MARK) and report.when == "call":
                sums[name.removeprefix(_MARK)] += value
    return dict(sorted(sums.items()))


def bound(what: str, number: int) -> str:
    """Say what no failure in so many trials means: with 95 % confidence the true rate is below 3 in N."""
    return f" (rate below {3 / number:.2%})" if what.startswith("rounds") and number > 3 else ""
