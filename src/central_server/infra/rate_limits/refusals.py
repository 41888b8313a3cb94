from collections import Counter
from collections.abc import Iterable

from prometheus_client.core import CounterMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector


class Refusals(Collector):
    """Counts refused requests by the bucket that was empty, on the event loop alone and so without locks."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()

    def count(self, bucket: str) -> None:
        """Count one."""
        self._counts[bucket] += 1

    def collect(self) -> Iterable[Metric]:
        """Give one counter, by bucket."""
        family = CounterMetricFamily("central_rate_limited", "Requests refused by rate limits", labels=["bucket"])
        for bucket, count in list(self._counts.items()):
            family.add_metric([bucket], count)
        yield family
