"""What a worker's activities do, counted for its metrics."""

from time import perf_counter
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from temporalio import activity
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor

from central_server.infra.temporal.spec import Queue

_DURATIONS = (0.01, 0.05, 0.1, 0.5, 1, 5, 15, 60, 300, 1800)
_WAITS = (0.01, 0.05, 0.1, 0.5, 1, 5, 15, 60, 300)


class ActivityMeter(Interceptor):
    """Counts activities by name: what runs, how it ended, how long it took, and how long its task had waited."""

    def __init__(self, registry: CollectorRegistry) -> None:
        of_one = ["queue", "activity"]
        self.slots = Gauge(
            "central_worker_activity_slots", "How many activities may run at once", ["queue"], registry=registry
        )
        self.running = Gauge("central_worker_activities_running", "Activities that run now", of_one, registry=registry)
        self.ended = Counter(
            "central_worker_activities", "Attempts that have ended", [*of_one, "outcome"], registry=registry
        )
        self.seconds = Histogram(
            "central_worker_activity_seconds",
            "Time of one attempt",
            [*of_one, "outcome"],
            buckets=_DURATIONS,
            registry=registry,
        )
        self.waits = Histogram(
            "central_worker_activity_wait_seconds",
            "Time from when an attempt could begin until a worker began it",
            ["queue"],
            buckets=_WAITS,
            registry=registry,
        )

    def serve(self, queue: Queue, slots: int) -> None:
        """Note that this process serves a queue, with so many activities at once."""
        self.slots.labels(queue.value).set(slots)

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:
        """Wrap an activity."""
        return _MeteredActivity(next, self)


class _MeteredActivity(ActivityInboundInterceptor):
    def __init__(self, next: ActivityInboundInterceptor, meter: ActivityMeter) -> None:
        super().__init__(next)
        self._meter = meter

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:
        info, meter = activity.info(), self._meter
        of_one = (info.task_queue, info.activity_type)
        # Both times are the server's, so that no clock of ours is compared with it.
        waited = info.started_time - info.current_attempt_scheduled_time
        meter.waits.labels(info.task_queue).observe(max(0.0, waited.total_seconds()))
        started, outcome = perf_counter(), "cancelled"
        meter.running.labels(*of_one).inc()
        try:
            result = await self.next.execute_activity(input)
            outcome = "succeeded"
        except Exception:
            outcome = "failed"
            raise
        finally:
            meter.running.labels(*of_one).dec()
            meter.ended.labels(*of_one, outcome).inc()
            meter.seconds.labels(*of_one, outcome).observe(perf_counter() - started)
        return result
