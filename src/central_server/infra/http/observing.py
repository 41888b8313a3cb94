"""What is written down of every request: one log line and three metrics."""

from time import perf_counter

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from central_server.infra.actor import Actor, Caller
from central_server.infra.logs import component_logger

_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class RequestObserver:
    """Logs and measures finished requests. Never sees an input, a token or an answer."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._log = component_logger(self)
        self._seconds = Histogram(
            "central_request_seconds", "Time to answer", ["operation"], buckets=_BUCKETS, registry=registry
        )
        self._answers = Counter("central_requests", "Answered requests", ["operation", "status"], registry=registry)
        self.in_flight = Gauge("central_requests_in_flight", "Requests being answered", registry=registry)
        self._children: dict[tuple[str, int], tuple[Histogram, Counter]] = {}

    def finished(
        self, operation: str, status: int, started: float, caller: Caller, error: BaseException | None = None
    ) -> None:
        """Write down one request that was answered."""
        elapsed = perf_counter() - started
        seconds, answers = self._children.get((operation, status)) or self._child(operation, status)
        seconds.observe(elapsed)
        answers.inc()
        tenant, user = (caller.tenant_id, caller.user_id) if isinstance(caller, Actor) else (None, None)
        fields = {
            "operation": operation,
            "tenant": tenant,
            "actor": user,
            "status": status,
            "ms": round(elapsed * 1000, 2),
            "request_id": caller.request_id,
        }
        if error is not None:
            self._log.error("request failed", **fields, exc_info=error)
        else:
            self._log.info("request", **fields)

    def _child(self, operation: str, status: int) -> tuple[Histogram, Counter]:
        children = self._seconds.labels(operation), self._answers.labels(operation, str(status))
        self._children[operation, status] = children
        return children
