"""What a worker's workflows do, counted for its metrics."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from temporalio.runtime import BufferedMetricUpdate, MetricBuffer, MetricBufferDurationFormat, Runtime, TelemetryConfig

from central_server.infra.temporal.spec import Queue
from central_server.infra.waiting import wait_for_any

_DURATIONS = (0.005, 0.01, 0.05, 0.1, 0.5, 1, 2, 5, 10)
_WAITS = (0.01, 0.05, 0.1, 0.5, 1, 5, 15, 60, 300)
# A run of a workflow makes about 70 entries, those that are of no use here included.
_BUFFER: Final = 50_000
_ENDS: Final = {"completed": "succeeded", "failed": "failed", "canceled": "cancelled", "continue_as_new": "continued"}

Note = Callable[[Mapping[str, Any], float], None]


class WorkflowMeter:
    """Counts the steps of workflows, as Temporal's core tells of them, and how workflows end.

    No interceptor sees a step: the core takes it, replays what was before, and says that it failed. It writes what
    happened into a buffer of its `runtime`, which is emptied here every second. A full one loses entries.
    """

    def __init__(self, registry: CollectorRegistry, queue: Queue, slots: int) -> None:
        of_one = ["queue", "workflow"]
        self._buffer = MetricBuffer(_BUFFER, MetricBufferDurationFormat.SECONDS)
        self.runtime = Runtime(telemetry=TelemetryConfig(metrics=self._buffer))
        Gauge(
            "central_worker_workflow_slots", "How many steps of workflows may run at once", ["queue"], registry=registry
        ).labels(queue.value).set(slots)
        self.running = Gauge(
            "central_worker_workflow_tasks_running", "Steps of workflows that run now", ["queue"], registry=registry
        )
        self.seconds = Histogram(
            "central_worker_workflow_task_seconds", "Time of one step", of_one, buckets=_DURATIONS, registry=registry
        )
        self.waits = Histogram(
            "central_worker_workflow_task_wait_seconds",
            "Time from when a step could begin until a worker began it",
            ["queue"],
            buckets=_WAITS,
            registry=registry,
        )
        self.failures = Counter(
            "central_worker_workflow_task_failures",
            "Steps that failed, and are tried again",
            [*of_one, "reason"],
            registry=registry,
        )
        self.ended = Counter(
            "central_worker_workflows", "Workflows that have ended", [*of_one, "outcome"], registry=registry
        )
        self._notes = self._make_notes()

    async def run(self, stop: asyncio.Event) -> None:
        """Count what the core tells until `stop` is set."""
        while not stop.is_set():
            await wait_for_any(stop, seconds=1.0)
            self.take()

    def take(self) -> None:
        """Count what the core has told since the last time."""
        for update in self._buffer.retrieve_updates():
            self._take(update)

    def _take(self, update: BufferedMetricUpdate) -> None:
        if (note := self._notes.get(update.metric.name)) is not None:
            note(update.attributes, update.value)

    def _make_notes(self) -> dict[str, Note]:
        """Say what becomes of which of the core's metrics; the others are left out."""
        notes: dict[str, Note] = {
            "temporal_worker_task_slots_used": self._note_running,
            "temporal_workflow_task_execution_latency": self._note_time,
            "temporal_workflow_task_schedule_to_start_latency": self._note_wait,
            "temporal_workflow_task_execution_failed": self._note_failure,
        }
        return notes | {f"temporal_workflow_{end}": self._noting_end(outcome) for end, outcome in _ENDS.items()}

    def _note_running(self, of: Mapping[str, Any], value: float) -> None:
        if of["worker_type"] == "WorkflowWorker":
            self.running.labels(of["task_queue"]).set(value)

    def _note_time(self, of: Mapping[str, Any], value: float) -> None:
        self.seconds.labels(of["task_queue"], of["workflow_type"]).observe(value)

    def _note_wait(self, of: Mapping[str, Any], value: float) -> None:
        self.waits.labels(of["task_queue"]).observe(value)

    def _note_failure(self, of: Mapping[str, Any], value: float) -> None:
        self.failures.labels(of["task_queue"], of["workflow_type"], of["failure_reason"]).inc(value)

    def _noting_end(self, outcome: str) -> Note:
        def note(of: Mapping[str, Any], value: float) -> None:
            self.ended.labels(of["task_queue"], of["workflow_type"], outcome).inc(value)

        return note
