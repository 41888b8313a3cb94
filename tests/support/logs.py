from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import structlog


@contextmanager
def captured_logs() -> Generator[list[Any]]:
    """Collect the lines of loggers that are made or bound in the block, whatever level the tests have."""
    before = structlog.get_config()
    structlog.configure(
        processors=[], wrapper_class=structlog.make_filtering_bound_logger(0), cache_logger_on_first_use=False
    )
    try:
        with structlog.testing.capture_logs(processors=[structlog.contextvars.merge_contextvars]) as logs:
            yield logs
    finally:
        structlog.configure(**before)
