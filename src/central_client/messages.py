"""What a flow hands to its driver, and what it gets back; no HTTP library appears here."""

from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias, TypeVar

T = TypeVar("T")
HeaderPairs: TypeAlias = tuple[tuple[bytes, bytes], ...]


class Body(Protocol):
    """A body that is sent piece by piece, and can be sent again."""

    def pieces(self) -> Iterator[bytes]:
        """Give it from its beginning."""
        ...


@dataclass(slots=True)
class Outgoing:
    """A request to send. Headers and content may hold secrets, so its repr leaves them out."""

    method: str
    url: str
    headers: HeaderPairs = field(repr=False)
    content: bytes | Body | None = field(repr=False)
    timeout: float


class Sink(Protocol):
    """Takes a body as it comes."""

    @property
    def repeatable(self) -> bool:
        """Whether it could begin anew: nothing was taken yet, or all can be taken back."""
        ...

    def begin(self) -> None:
        """Begin, or begin anew."""
        ...

    def take(self, piece: bytes) -> None:
        """Take the next piece."""
        ...


@dataclass(slots=True)
class Fetch:
    """Send a request whose answer, where it is a success, goes into a sink and is not kept."""

    outgoing: Outgoing
    sink: Sink


class AnswerHeaders(Protocol):
    """The part of `httpx.Headers` that is read: names are compared without case."""

    def get(self, key: str) -> Any:
        """Give the value, or None."""
        ...

    def get_list(self, key: str) -> list[str]:
        """Give every value of a repeated header."""
        ...

    def __contains__(self, key: object) -> bool: ...


class Answer(Protocol):
    """The part of `httpx.Response` that is read."""

    @property
    def status_code(self) -> int:
        """The HTTP status."""
        ...

    @property
    def headers(self) -> AnswerHeaders:
        """The headers."""
        ...

    @property
    def content(self) -> bytes:
        """The whole body, decoded."""
        ...


@dataclass(slots=True)
class Failure:
    """No answer came. `sent`: the server may have seen the request; `final`: trying again is of no use."""

    error: Exception
    sent: bool
    timed_out: bool
    final: bool


@dataclass(slots=True)
class Wait:
    """Let so many seconds pass."""

    seconds: float


@dataclass(slots=True)
class Ask:
    """Ask the caller's own code; an asynchronous driver awaits what it gives, if need be."""

    question: Callable[[], Any]


Outcome: TypeAlias = Answer | Failure
Step: TypeAlias = Outgoing | Fetch | Wait | Ask
Flow: TypeAlias = Generator[Step, Any, T]
"""A call written once for both clients: it yields steps, is sent their outcomes, and returns the result."""
