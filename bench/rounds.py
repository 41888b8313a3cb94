"""Interleaved measuring: whatever slows this machine down for a while slows all targets down."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from statistics import median

from bench.load import LoadGenerator, Sample
from bench.options import Options
from bench.targets import RunningTarget, TargetError
from bench.traffic import Kind

_WARM_UP_SECONDS = 1.0
Tell = Callable[[str], None]


@dataclass
class Results:
    """The samples of all rounds, in their order, by kind and target."""

    samples: dict[tuple[Kind, str], list[Sample]] = field(default_factory=lambda: defaultdict(list))

    def median(self, kind: Kind, target: str, figure: str) -> float:
        return median(getattr(sample, figure) for sample in self.samples[kind, target])

    def ratio(self, kind: Kind, target: str, other: str) -> float | None:
        """Give how many times as many requests, as the median of the rounds' ratios."""
        ours, theirs = self.samples.get((kind, target)), self.samples.get((kind, other))
        if not ours or not theirs:
            return None
        return median(one.per_second / two.per_second for one, two in zip(ours, theirs, strict=True))


class Bench:
    """Measures running targets by the options; `settle` is awaited before each block of writes."""

    def __init__(
        self,
        targets: Sequence[RunningTarget],
        load: LoadGenerator,
        options: Options,
        settle: Callable[[], Awaitable[None]],
    ) -> None:
        self._targets = targets
        self._load = load
        self._options = options
        self._settle = settle

    @property
    def steps(self) -> int:
        return (self._options.rounds + 1) * len(self._options.kinds) * len(self._targets)

    async def run(self, tell: Tell) -> Results:
        """Warm everything up once, then go through the rounds; `tell` hears of each step."""
        results = Results()
        for kind, running in self._order(0):
            tell(f"warm-up: {kind.value}, {running.target.title}")
            self._measure(kind, running, _WARM_UP_SECONDS)
        for number in range(self._options.rounds):
            for kind, running in self._order(number):
                tell(f"round {number + 1} of {self._options.rounds}: {kind.value}, {running.target.title}")
                if kind is Kind.CREATE:
                    await self._settle()
                sample = self._measure(kind, running, self._options.duration)
                await asyncio.sleep(0)  # where a wish to stop is heard
                results.samples[kind, running.target.name].append(sample)
        return results

    def _order(self, number: int) -> Iterator[tuple[Kind, RunningTarget]]:
        """Begin each round with another target, so that none is always the first."""
        first = number % len(self._targets)
        turned = [*self._targets[first:], *self._targets[:first]]
        return ((kind, running) for kind in self._options.kinds for running in turned)

    def _measure(self, kind: Kind, running: RunningTarget, duration: float) -> Sample:
        target, options = running.target, self._options
        running.thaw()
        before = running.cpu_seconds()
        try:
            sample = self._load.run(
                target.port, target.requests(kind),
                connections=options.connections, duration=duration, warm_up=options.warm_up,
            )  # fmt: skip
        except Exception as error:
            raise TargetError(f"{target.title}, {kind.title}: {error}") from error
        busy = (running.cpu_seconds() - before) / (duration + options.warm_up)
        running.freeze()
        return replace(sample, busy=busy, cpu=busy / sample.per_second * 1e6)
