"""What callers were told, and so what must be stored."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

Outcome = Literal["acknowledged", "refused", "unknown"]
Field = Literal["display_name", "tag", "state"]


@dataclass
class Value:
    """What a field may be now: as was acknowledged last, or as something unanswered would make it.

    What was not answered may still be on its way, and arrive later than what was asked after it.
    """

    known: Any
    possible: set[Any] = field(default_factory=set)

    def note(self, value: Any, outcome: Outcome) -> None:
        if outcome == "acknowledged":
            self.known = value
        elif outcome == "unknown":
            self.possible.add(value)

    def allows(self, stored: Any) -> bool:
        return stored == self.known or stored in self.possible


@dataclass
class Person:
    """Somebody whom a caller has asked for: whether they must, may or must not be there, and how."""

    email: str
    tenant: str
    presence: Literal["there", "maybe", "gone"] = "maybe"
    id: str | None = None
    values: dict[Field, Value] = field(default_factory=dict)


@dataclass
class Diary:
    """All that was asked and answered."""

    people: list[Person] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    """Addresses of people whom the API has refused to make."""

    invited: list[str] = field(default_factory=list)
    """Invitations that were acknowledged."""

    outcomes: Counter[tuple[str, Outcome]] = field(default_factory=Counter)

    @property
    def operations(self) -> int:
        return self.outcomes.total()

    def count(self, *outcomes: Outcome) -> int:
        return sum(count for (_, outcome), count in self.outcomes.items() if outcome in outcomes)

    def by_kind(self) -> Iterable[tuple[str, dict[Outcome, int]]]:
        kinds = sorted({kind for kind, _ in self.outcomes})
        names: tuple[Outcome, ...] = ("acknowledged", "refused", "unknown")
        for kind in kinds:
            yield kind, {name: self.outcomes[kind, name] for name in names}
