"""What a worker's process is made of: the parts of its queue, and what it tells of them."""

from prometheus_client import CollectorRegistry
from wireup import AsyncContainer

from central_server.container import resolve
from central_server.infra.config import Settings
from central_server.infra.db import Database
from central_server.infra.outbox import Follower, Relay
from central_server.infra.telemetry import Traces
from central_server.infra.temporal.client import TemporalConnection
from central_server.infra.temporal.meter import ActivityMeter
from central_server.infra.temporal.pollers import QueueWatch
from central_server.infra.temporal.spec import Queue
from central_server.infra.temporal.worker import WORKFLOW_TASKS
from central_server.infra.temporal.workflow_meter import WorkflowMeter
from central_server.jobs.backlog import JobBacklog
from central_server.metrics import JobCollector, PoolCollector, QueueCollector, RelayCollector, WebhookCollector
from central_server.webhooks.planning import FOLLOWER, DeliveryPlanner
from central_server.webhooks.sending import WebhookSender
from central_server.worker.parts import RunsBeside, WorkerParts
from central_server.worker.run import ACTIVITIES


async def make_worker_parts(queue: Queue, container: AsyncContainer, settings: Settings) -> WorkerParts:
    """Make the parts of a queue's worker, each with its metrics."""
    registry, connection = await container.get(CollectorRegistry), await container.get(TemporalConnection)
    registry.register(PoolCollector(await container.get(Database)))
    beside: list[RunsBeside] = []
    if settings.metrics_port is not None:
        # Only where somebody may ask: what the core tells takes time to read.
        workflows = WorkflowMeter(registry, queue, WORKFLOW_TASKS)
        connection.run_by(workflows.runtime)
        beside.append(workflows)
    relay = None
    if queue is Queue.CORE:
        relay = await container.get(Relay)
        registry.register(RelayCollector(relay))
        beside += await _make_core(container, registry, connection)
    activities = await resolve(container, ACTIVITIES[queue])
    return WorkerParts(connection, activities, relay, beside=beside, meter=ActivityMeter(registry))


async def _make_core(
    container: AsyncContainer, registry: CollectorRegistry, connection: TemporalConnection
) -> list[RunsBeside]:
    """Make what runs beside the core queue and its relay."""
    backlog, sender = await container.get(JobBacklog), await container.get(WebhookSender)
    queues = QueueWatch(connection)
    for collector in (JobCollector(backlog), WebhookCollector(sender), QueueCollector(queues)):
        registry.register(collector)
    planner = await container.get(DeliveryPlanner)
    follower = Follower(await container.get(Database), FOLLOWER, planner, traces=await container.get(Traces))
    return [backlog, follower, sender, queues]
