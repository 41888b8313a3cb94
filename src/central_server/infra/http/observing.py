"""What is written down of every request: one log line and one metric."""

from bisect import bisect_left
from collections.abc import Iterable
from itertools import accumulate
from time import perf_counter

from prometheus_client import CollectorRegistry
from prometheus_client.core import HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from central_server.infra.actor import Actor, Caller
from central_server.infra.logs import RequestLines, component_logger
from central_server.infra.telemetry import Traces

_BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class _Times:
    """How long requests of one kind took: how many in each bucket, and the sum in seconds."""

    __slots__ = ("counts", "sum")

    def __init__(self) -> None:
        self.counts = [0] * (len(_BOUNDS) + 1)
        self.sum = 0.0


class RequestTimes(Collector):
    """The times of requests by operation and status, counted on the event loop alone and so without locks."""

    def __init__(self) -> None:
        self._times: dict[tuple[str, int], _Times] = {}

    def observe(self, operation: str, status: int, seconds: float) -> None:
        """Count one request."""
        times = self._times.get((operation, status))
        if times is None:
            times = self._times[operation, status] = _Times()
        times.counts[bisect_left(_BOUNDS, seconds)] += 1
        times.sum += seconds

    def collect(self) -> Iterable[Metric]:
        """Give one histogram, as Prometheus writes it: each bucket holds those below it too."""
        family = HistogramMetricFamily("central_request_seconds", "Time to answer", labels=["operation", "status"])
        bounds = [*map(str, _BOUNDS), "+Inf"]
        for (operation, status), times in list(self._times.items()):
            buckets = list(zip(bounds, accumulate(times.counts), strict=True))
            family.add_metric([operation, str(status)], buckets, times.sum)
        yield family


class RequestObserver:
    """Logs and measures finished requests. Never sees an input, a token or an answer."""

    def __init__(self, registry: CollectorRegistry, traces: Traces) -> None:
        self._log = component_logger(self)
        self._lines = RequestLines(traces.trace_id if traces.is_on else None)
        self._times = RequestTimes()
        registry.register(self._times)

    def finished(
        self, operation: str, status: int, started: float, caller: Caller, error: BaseException | None = None
    ) -> None:
        """Write down one request that was answered."""
        elapsed = perf_counter() - started
        self._times.observe(operation, status, elapsed)
        tenant, user = (caller.tenant_id, caller.user_id) if isinstance(caller, Actor) else (None, None)
        if error is not None:
            self._log.error("request failed", operation=operation, request_id=caller.request_id, exc_info=error)
        self._lines.write(operation, tenant, user, status, elapsed * 1000, caller.request_id)
