"""Spans that begin once there is something to tell, with what was done until then."""

from collections.abc import Awaitable, Generator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from time import time_ns
from typing import Final, NamedTuple, TypeVar

from opentelemetry import context as contexts
from opentelemetry.trace import Span, SpanKind, StatusCode, Tracer, set_span_in_context
from typing_extensions import override

from central_server.infra.telemetry.statements import name_of
from central_server.infra.telemetry.traces import Work

T = TypeVar("T")

_CURRENT: ContextVar["Draft | None"] = ContextVar("draft", default=None)


class Statement(NamedTuple):
    """A statement that was run before its span could begin: when, in nanoseconds, and how it failed."""

    text: str
    began: int
    ended: int
    error: str | None


class Draft(Work):
    """A pass of something that goes round and round. Nothing is told of it until it has found work.

    Then its span begins, backdated to the beginning of the pass, as do those of the statements until then. So a pass
    that finds nothing leaves no trace, and one that finds something is told whole.
    """

    def __init__(self, tracer: Tracer, name: str) -> None:
        self._tracer: Final = tracer
        self._name: Final = name
        self._began: Final = time_ns()
        self._statements: list[Statement] = []
        self.span: Span | None = None

    @override
    def found(self, **counts: int) -> None:
        """Note how much there was of what; nothing begins while all of it is 0. To be called by the pass's own task."""
        if self.span is None and any(counts.values()):
            self._begin()
        if self.span is not None:
            self.span.set_attributes({f"central.{name}": count for name, count in counts.items()})

    async def watch(self, text: str, work: Awaitable[T]) -> T:
        """Run a statement and keep when, should there be something to tell."""
        began, error = time_ns(), None
        try:
            return await work
        except Exception as failure:
            error = code_of(failure)
            raise
        finally:
            self._statements.append(Statement(text, began, time_ns(), error))

    def _begin(self) -> None:
        self.span = self._tracer.start_span(self._name, kind=SpanKind.INTERNAL, start_time=self._began)
        contexts.attach(set_span_in_context(self.span))
        if self.span.is_recording():
            for each in self._statements:
                span = start_statement(self._tracer, each.text, each.began)
                if each.error is not None:
                    fail(span, each.error)
                span.end(each.ended)
        self._statements = []


def current_draft() -> Draft | None:
    """Give the pass that goes on and has found nothing yet, if there is one."""
    draft = _CURRENT.get()
    return draft if draft is not None and draft.span is None else None


@contextmanager
def drafted(tracer: Tracer, name: str) -> Generator[Draft]:
    """Make a draft current; an error is told of one that had begun, by its type."""
    draft, before = Draft(tracer, name), contexts.attach(contexts.get_current())
    token = _CURRENT.set(draft)
    try:
        yield draft
    except Exception as error:
        if draft.span is not None:
            fail(draft.span, type(error).__name__)
        raise
    finally:
        _CURRENT.reset(token)
        contexts.detach(before)
        if draft.span is not None:
            draft.span.end()


def start_statement(tracer: Tracer, text: str, began: int | None = None) -> Span:
    """Begin the span of a statement inside the current one: its verb and its table."""
    name = name_of(text)
    attributes: Mapping[str, str] = {"db.system.name": "postgresql", "db.operation.name": name.verb} | (
        {} if name.target is None else {"db.collection.name": name.target}
    )
    return tracer.start_span(str(name), None, SpanKind.CLIENT, attributes, start_time=began)


def code_of(error: Exception) -> str:
    """Name an error of a statement; never its words: PostgreSQL's name the values that were refused."""
    code: str | None = getattr(error, "sqlstate", None)
    return code or type(error).__name__


def fail(span: Span, error: str) -> None:
    """Mark a span as failed, by the name of what went wrong alone."""
    span.set_attribute("error.type", error)
    span.set_status(StatusCode.ERROR)
