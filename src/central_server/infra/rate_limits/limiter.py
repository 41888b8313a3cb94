from collections.abc import Callable, Mapping, Sequence
from functools import cache, lru_cache
from itertools import groupby
from math import ceil
from operator import attrgetter
from typing import NamedTuple

from central.access import RateClass
from central.errors import CentralError, RateLimitedError
from central_server.infra.actor import Caller
from central_server.infra.logs import component_logger

from .bucket import MICROSECONDS, Ask, Limit, Taken, TokenStore, longest_wait
from .keys import BucketKeys, place_of
from .policy import POLICY, Rule
from .quota import Quota
from .refusals import Refusals

_REMEMBERED = 16_384


class Stores(NamedTuple):
    """Where buckets are kept: those that are asked on the way of every request, and those that must be exact."""

    near: TokenStore
    exact: TokenStore


class RateLimiter:
    """Counts requests; without `stores` limits are off."""

    def __init__(
        self, stores: Stores | None, limits: Mapping[str, Limit], keys: BucketKeys, refusals: Refusals
    ) -> None:
        self._stores = stores
        self._limits = limits
        self._keys = keys
        self._refusals = refusals
        self.meter = cache(self._meter)

    def refusal(self, asks: Sequence[Ask], taken: Taken) -> RateLimitedError:
        """Count a refusal, and give the error for it."""
        ask, seconds = longest_wait(asks, taken)
        self._refusals.count(ask.name)
        message = f"Too many requests: the limit {ask.name} is {ask.limit}. Try again in {ceil(seconds)} seconds."
        return RateLimitedError(message, retry_after=seconds)

    def _meter(self, rate: RateClass) -> "Meter | None":
        """Give what counts requests of a class, or `None` when nothing does."""
        rules = POLICY[rate]
        if self._stores is None or not rules:
            return None
        near, exact = self._stores
        stages = [
            Stage(exact if is_exact else near, tuple(group), self._limits, self._keys)
            for (is_exact, _), group in groupby(rules, lambda rule: (rule.exact, rule.failures))
        ]
        return Meter(stages, self)


class Stage:
    """Buckets that are asked together."""

    def __init__(self, store: TokenStore, rules: Sequence[Rule], limits: Mapping[str, Limit], keys: BucketKeys) -> None:
        self.store = store
        self.failures = any(rule.failures for rule in rules)
        self.exact = any(rule.exact for rule in rules)
        self._rules = rules
        self._limits = limits
        self._keys = keys
        self._subjects = attrgetter(*(rule.per for rule in rules))
        # Who asks will ask again: their keys are made once.
        self._known = lru_cache(_REMEMBERED)(self._make)

    def asks(self, caller: Caller) -> Sequence[Ask]:
        """Say what to take; nothing of a caller whose address is not known, as over a local socket."""
        return self._known(self._subjects(caller))

    def _make(self, subjects: tuple[str | None, ...] | str | None) -> tuple[Ask, ...]:
        given = subjects if isinstance(subjects, tuple) else (subjects,)
        return tuple(self._ask(rule, whom) for rule, whom in zip(self._rules, given, strict=True) if whom is not None)

    def _ask(self, rule: Rule, subject: str) -> Ask:
        subject = place_of(subject) if rule.per == "address" else subject
        return Ask(rule.name, self._keys.of(rule.name, subject), self._limits[rule.name])


class Meter:
    """Counts requests of one class against their buckets."""

    def __init__(self, stages: Sequence[Stage], limiter: RateLimiter) -> None:
        self._stages = stages
        self._limiter = limiter
        self._log = component_logger(self)
        self.forgives = any(stage.failures for stage in stages)

    async def count(self, caller: Caller, check: Callable[[Caller], None] | None = None) -> None:
        """Count a request, and note with the caller what is left; `RateLimitedError` when a bucket is empty.

        `check` is done before exact buckets are asked, which are few tokens that several callers share: whom it
        refuses takes none of those.
        """
        for stage in self._stages:
            if check is not None and stage.exact:
                check(caller)
            if asks := stage.asks(caller):
                taken = await stage.store.take(asks)
                caller.quota = _nearest(caller.quota, asks, taken)
                if not taken.ok:
                    raise self._limiter.refusal(asks, taken)

    async def forgive(self, caller: Caller) -> None:
        """Give back the tokens of buckets of failures; that it cannot be done is no reason to fail what succeeded."""
        for stage in self._stages:
            if stage.failures and (asks := stage.asks(caller)):
                try:
                    await stage.store.give_back(asks)
                except CentralError as error:
                    self._log.warning("success counted as a failure", code=error.code)


def _nearest(quota: Quota | None, asks: Sequence[Ask], taken: Taken) -> Quota | None:
    for ask, drawn in zip(asks, taken.drawn, strict=True):
        if quota is None or drawn.remaining < quota.remaining:
            quota = Quota(ask.limit.count, drawn.remaining, -(-drawn.debt // MICROSECONDS))
    return quota
