from time import monotonic


class Absence:
    """Whether the other side is away, and when to try it again: each time later, up to `last` seconds."""

    def __init__(self, first: float, last: float) -> None:
        self._first = first
        self._last = last
        self._delay = 0.0
        self._until = 0.0

    def __bool__(self) -> bool:
        return self._delay > 0

    @property
    def remaining(self) -> float:
        """The seconds until the next try; 0 when it is time, or when nobody is away."""
        return max(0.0, self._until - monotonic())

    def failed(self) -> bool:
        """Note a failed try; whether it was the first."""
        first = not self
        self._delay = min(self._last, self._delay * 2 or self._first)
        self._until = monotonic() + self._delay
        return first

    def ended(self) -> bool:
        """Note an answer; whether somebody was away until now."""
        was_away, self._delay, self._until = bool(self), 0.0, 0.0
        return was_away
