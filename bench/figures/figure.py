from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """What was measured, and what it shall be at most, if the issue says; no value when it failed."""

    name: str
    value: float | None
    unit: str
    at_most: float | None = None
    note: str = ""

    @property
    def reached(self) -> bool | None:
        return None if self.at_most is None or self.value is None else self.value <= self.at_most
