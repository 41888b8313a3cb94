"""Logs: JSON lines on standard error, made by structlog, never with a secret."""

import logging
import sys
from collections.abc import Callable
from time import gmtime, strftime, time
from typing import Any, BinaryIO, TypeAlias

import structlog
from pydantic_core import to_json

Logger: TypeAlias = structlog.typing.FilteringBoundLogger
LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40}


def _render(_logger: Any, _name: str, event: structlog.typing.EventDict) -> bytes:
    return to_json(event, fallback=repr)


def configure_logging(level: str, stream: BinaryIO | None = None) -> None:
    """Send every log line of this process, libraries included, to `stream` (standard error) as one JSON object."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            _render,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(LEVELS[level]),
        logger_factory=structlog.BytesLoggerFactory(stream or sys.stderr.buffer),
        cache_logger_on_first_use=True,
    )
    root = logging.getLogger()
    root.handlers[:] = [_LibraryHandler()]
    root.setLevel(max(LEVELS[level], logging.WARNING))
    # Temporal's SDK tells each failed attempt again, with a traceback; our own line says it once.
    logging.getLogger("temporalio.activity").setLevel(logging.ERROR)


def complete_every_line(processor: structlog.typing.Processor) -> None:
    """Have a processor complete each line from now on, those of loggers that are in use already included."""
    structlog.get_config()["processors"].insert(0, processor)


class RequestLines:
    """Writes the line of each request, as the loggers would, in a fifth of their time.

    Every value is a name of ours, an id, a number or a checked request id: nothing in them needs escaping. `trace_id`
    gives the trace that a line belongs to, where there are traces.
    """

    def __init__(self, trace_id: Callable[[], str | None] | None = None) -> None:
        self._trace_id = trace_id
        self._write: Callable[[bytes], object] | None = None
        self._second = 0
        self._written_second = ""

    def write(
        self, operation: str, tenant: str | None, actor: str | None, status: int, ms: float, request_id: str
    ) -> None:
        """Write one line, unless the level of this process leaves such lines out."""
        write = self._write or self._open()
        now = time()
        if (second := int(now)) != self._second:
            self._second, self._written_second = second, strftime("%Y-%m-%dT%H:%M:%S", gmtime(second))
        trace = "" if self._trace_id is None else f'"trace_id":{_quoted(self._trace_id())},'
        write(
            f'{{"event":"request","operation":"{operation}","tenant":{_quoted(tenant)},"actor":{_quoted(actor)},'
            f'"status":{status},"ms":{ms:.2f},"request_id":"{request_id}",{trace}"level":"info",'
            f'"timestamp":"{self._written_second}.{int((now - second) * 1e6):06}Z"}}'.encode()
        )

    def _open(self) -> Callable[[bytes], object]:
        """Find where lines go: the logging is configured after this part was made."""
        is_on = component_logger(self).is_enabled_for(logging.INFO)
        write: Callable[[bytes], object] = structlog.get_config()["logger_factory"]().info if is_on else _discard
        self._write = write
        return write


def _discard(_line: bytes) -> None: ...


def _quoted(id: str | None) -> str:
    return "null" if id is None else f'"{id}"'


class _LibraryHandler(logging.Handler):
    """Hands what libraries log through `logging` to structlog."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write the record as one JSON line."""
        logger: Logger = structlog.get_logger()
        extra = {"exc_info": record.exc_info} if record.exc_info else {}
        logger.log(record.levelno, record.getMessage(), component=record.name, **extra)


def component_logger(component: object) -> Logger:
    """Give the logger of a service or a part: its lines carry `component`, the name of the class."""
    logger: Logger = structlog.get_logger().bind(component=type(component).__name__)
    return logger
