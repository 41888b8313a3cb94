"""What a process tells Prometheus, on a port of its own."""

from collections.abc import Callable, Iterable

from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector, start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from central_server.infra.db import Database
from central_server.infra.outbox import Relay
from central_server.infra.temporal.pollers import QueueWatch
from central_server.jobs.backlog import JobBacklog
from central_server.webhooks.sending import WebhookSender

_POOL_GAUGES = {
    "size": "Open connections",
    "idle": "Open connections that nobody uses",
    "waiting": "Callers that wait for a connection",
}
_POOL_COUNTERS = {
    "acquired": "Connections handed out",
    "timeouts": "Callers that no connection came for",
    "discarded": "Connections given up because their state was in doubt",
}
_RELAY_COUNTERS = {
    "placed": "Events that were put into the feed",
    "dispatched": "Events that were handed to a listener",
    "batches": "Batches in which that was done",
    "failed": "Events whose handing over could not be started",
    "dead": "Events that this process has given up",
}
_LISTENER_GAUGES = {
    "waiting": "Events that wait for a listener, as last counted",
    "handed": "Events that a listener has and has written no receipt for, as last counted",
    "dead": "Events that a listener was given in vain, as last counted",
    "lag_seconds": "How long the oldest waits that has no receipt",
}
_FOLLOWER_GAUGES = {
    "behind": "Events of the feed that a follower has still to see, as last counted",
    "lag_seconds": "How long the oldest of them is there",
}
_WEBHOOK_COUNTERS = {
    "delivered": "Deliveries that were taken",
    "failed": "Attempts that failed and are followed by another",
    "given_up": "Deliveries that were given up",
    "disabled": "Endpoints that were disabled since they do not answer",
    "errors": "Attempts whose end was not recorded",
}


class PoolCollector(Collector):
    """Reads the counters of the database's pools when they are asked for."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def collect(self) -> Iterable[Metric]:
        """Give each counter, by pool."""
        stats = self._database.stats
        for name, text in _POOL_GAUGES.items():
            gauge = GaugeMetricFamily(f"central_database_pool_{name}", text, labels=["pool"])
            for pool, counters in stats.items():
                gauge.add_metric([pool], getattr(counters, name))
            yield gauge
        for name, text in _POOL_COUNTERS.items():
            counter = CounterMetricFamily(f"central_database_pool_{name}", text, labels=["pool"])
            for pool, counters in stats.items():
                counter.add_metric([pool], getattr(counters, name))
            yield counter


class RelayCollector(Collector):
    """Reads the counters of the outbox relay when they are asked for."""

    def __init__(self, relay: Relay) -> None:
        self._relay = relay

    def collect(self) -> Iterable[Metric]:
        """Give each counter, and what waits."""
        stats = self._relay.stats
        for name, text in _RELAY_COUNTERS.items():
            yield CounterMetricFamily(f"central_outbox_{name}", text, value=getattr(stats, name))
        yield GaugeMetricFamily("central_outbox_unplaced", "Events without a place in the feed", value=stats.unplaced)
        yield GaugeMetricFamily(
            "central_outbox_unplaced_lag_seconds", "How long the oldest of them waits for one", value=stats.unplaced_lag
        )
        for name, text in _LISTENER_GAUGES.items():
            gauge = GaugeMetricFamily(f"central_listener_{name}", text, labels=["listener"])
            for listener, backlog in stats.backlogs.items():
                gauge.add_metric([listener], getattr(backlog, name.removesuffix("_seconds")))
            yield gauge
        for name, text in _FOLLOWER_GAUGES.items():
            gauge = GaugeMetricFamily(f"central_follower_{name}", text, labels=["follower"])
            for follower, place in stats.followers.items():
                gauge.add_metric([follower], getattr(place, name.removesuffix("_seconds")))
            yield gauge


class QueueCollector(Collector):
    """Gives the states of Temporal's queues, as last looked at."""

    def __init__(self, watch: QueueWatch) -> None:
        self._watch = watch

    def collect(self) -> Iterable[Metric]:
        """Give who serves each queue, and what waits there."""
        workers = GaugeMetricFamily("central_queue_workers", "Workers that serve the queue", labels=["queue"])
        waiting = GaugeMetricFamily("central_queue_waiting", "Tasks that wait in the queue", labels=["queue"])
        lag = GaugeMetricFamily("central_queue_lag_seconds", "How long the oldest of them waits", labels=["queue"])
        for state in self._watch.states:
            workers.add_metric([state.name], state.workers)
            waiting.add_metric([state.name], state.waiting)
            lag.add_metric([state.name], state.oldest.total_seconds())
        return workers, waiting, lag


class WebhookCollector(Collector):
    """Reads the counters of the webhook sender when they are asked for."""

    def __init__(self, sender: WebhookSender) -> None:
        self._sender = sender

    def collect(self) -> Iterable[Metric]:
        """Give each counter, and what is due."""
        stats = self._sender.stats
        for name, text in _WEBHOOK_COUNTERS.items():
            yield CounterMetricFamily(f"central_webhook_{name}", text, value=getattr(stats, name))
        yield GaugeMetricFamily(
            "central_webhook_waiting", "Deliveries that are due, as last counted", value=stats.waiting
        )
        yield GaugeMetricFamily("central_webhook_lag_seconds", "How long the oldest of them is due", value=stats.lag)


class JobCollector(Collector):
    """Gives how many jobs there are, as last counted."""

    def __init__(self, backlog: JobBacklog) -> None:
        self._backlog = backlog

    def collect(self) -> Iterable[Metric]:
        """Give by kind and state those that have not ended, how long one has rested, and those that ended lately."""
        labels = ["kind", "state"]
        jobs = GaugeMetricFamily("central_jobs", "Jobs that have not ended, as last counted", labels=labels)
        rests = GaugeMetricFamily(
            "central_jobs_rest_seconds", "How long the job has not moved that moved longest ago", labels=labels
        )
        ended = GaugeMetricFamily(
            "central_jobs_ended_recently", "Jobs that have ended within the last hour, as last counted", labels=labels
        )
        for row in self._backlog.counts:
            jobs.add_metric([row["kind"], row["state"]], row["count"])
            rests.add_metric([row["kind"], row["state"]], row["rests"])
        for late in self._backlog.ended:
            ended.add_metric([late["kind"], late["state"]], late["count"])
        return jobs, rests, ended


def serve_metrics(registry: CollectorRegistry, host: str, port: int | None) -> Callable[[], None]:
    """Serve `/metrics` from a thread, nothing without a port; gives what ends it. `OSError` for a taken port."""
    if port is None:
        return _nothing
    for collector in (ProcessCollector, PlatformCollector, GCCollector):
        collector(registry=registry)
    try:
        server, thread = start_http_server(port, host, registry)
    except OSError as error:
        raise OSError(error.errno, f"cannot serve metrics on {host}:{port}: {error.strerror}") from None

    def stop() -> None:
        server.shutdown()
        server.server_close()
        thread.join(timeout=5)

    return stop


def _nothing() -> None: ...
