"""What is written down of every request: one log line and one metric."""

from time import perf_counter

from prometheus_client import CollectorRegistry, Histogram

from central_server.infra.actor import Actor, Caller
from central_server.infra.logs import RequestLines, component_logger

_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class RequestObserver:
    """Logs and measures finished requests. Never sees an input, a token or an answer."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._log = component_logger(self)
        self._lines = RequestLines()
        self._seconds = Histogram(
            "central_request_seconds", "Time to answer", ["operation", "status"], buckets=_BUCKETS, registry=registry
        )
        self._children: dict[tuple[str, int], Histogram] = {}

    def finished(
        self, operation: str, status: int, started: float, caller: Caller, error: BaseException | None = None
    ) -> None:
        """Write down one request that was answered."""
        elapsed = perf_counter() - started
        seconds = self._children.get((operation, status)) or self._child(operation, status)
        seconds.observe(elapsed)
        tenant, user = (caller.tenant_id, caller.user_id) if isinstance(caller, Actor) else (None, None)
        if error is not None:
            self._log.error("request failed", operation=operation, request_id=caller.request_id, exc_info=error)
        self._lines.write(operation, tenant, user, status, elapsed * 1000, caller.request_id)

    def _child(self, operation: str, status: int) -> Histogram:
        child = self._children[operation, status] = self._seconds.labels(operation, str(status))
        return child
