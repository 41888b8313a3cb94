"""Fetching what a provider publishes, and keeping it for a while."""

import asyncio
import copy
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Final, Generic, Protocol, TypeVar, final

from central_server.infra.oidc.errors import DiscoveryError, OidcError, telling
from central_server.infra.oidc.keys import SigningKeys
from central_server.infra.oidc.metadata import ProviderMetadata, discovery_url, read_metadata
from central_server.infra.outbound import OutboundClient

T = TypeVar("T")

METADATA_SECONDS: Final = 600.0
KEYS_SECONDS: Final = 600.0
REFETCH_SECONDS: Final = 60.0
FAILURE_SECONDS: Final = 5.0
_MAX_ENTRIES: Final = 1024


class Clock(Protocol):
    """Seconds that only grow."""

    def __call__(self) -> float:
        """Tell the time."""
        ...


async def fetch_provider(outbound: OutboundClient, issuer: str) -> ProviderMetadata:
    """Get and judge the discovery document of an issuer; raises `DiscoveryError`."""
    if "?" in issuer or "#" in issuer:
        raise DiscoveryError("invalid_url", "An issuer has neither a query nor a fragment.")
    with telling(DiscoveryError, "The provider's discovery document could not be read"):
        document = await outbound.get_json(discovery_url(issuer))
    metadata = read_metadata(document, issuer)
    for url in metadata.endpoints:
        with telling(DiscoveryError, "An endpoint in the provider's discovery document may not be used"):
            outbound.check_url(url)
    return metadata


async def fetch_keys(outbound: OutboundClient, provider: ProviderMetadata) -> SigningKeys:
    """Get the provider's signing keys; raises `DiscoveryError`."""
    with telling(DiscoveryError, "The provider's keys could not be read"):
        document = await outbound.get_json(provider.jwks_uri)
    return SigningKeys.parse(document)


@dataclass(slots=True)
class _Entry(Generic[T]):
    outcome: T | OidcError
    until: float


@final
class _Cache(Generic[T]):
    """Values by key, each fetched by one task at a time however many wait for it; failures are kept briefly."""

    def __init__(self, clock: Clock, seconds: float) -> None:
        self._clock: Final = clock
        self._seconds: Final = seconds
        self._entries: Final[OrderedDict[str, _Entry[T]]] = OrderedDict()
        self._tasks: Final[dict[str, asyncio.Task[T | OidcError]]] = {}

    async def get(self, key: str, fetch: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Give what is kept, or what `fetch` brings."""
        kept = self._kept(key)
        return await self.refetch(key, fetch) if kept is None else _given(kept)

    async def refetch(self, key: str, fetch: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Give what `fetch` brings, or what a fetch already under way does."""
        task = self._tasks.get(key)
        if task is None:
            task = self._tasks[key] = asyncio.create_task(self._run(key, fetch()))
        # A caller that gives up does not end the fetch that others wait for.
        return _given(await asyncio.shield(task))

    def forget(self, key: str) -> None:
        """Drop what is kept."""
        self._entries.pop(key, None)

    async def other_than(self, key: str, value: T) -> T | None:
        """Give what a fetch that is under way brings, or what is kept, if that is not `value`."""
        task = self._tasks.get(key)
        outcome = self._kept(key) if task is None else await asyncio.shield(task)
        return None if outcome is None or outcome is value else _given(outcome)

    def _kept(self, key: str) -> T | OidcError | None:
        entry = self._entries.get(key)
        return entry.outcome if entry is not None and self._clock() < entry.until else None

    async def _run(self, key: str, fetched: Awaitable[T]) -> T | OidcError:
        outcome: T | OidcError
        try:
            outcome = await fetched
        except OidcError as error:
            outcome = error
        finally:
            del self._tasks[key]
        self._keep(key, outcome)
        return outcome

    def _keep(self, key: str, outcome: T | OidcError) -> None:
        """Keep an outcome; a failure never takes the place of a value that is still good."""
        failed = isinstance(outcome, OidcError)
        if failed and self._kept(key) is not None:
            return
        self._entries[key] = _Entry(outcome, self._clock() + (FAILURE_SECONDS if failed else self._seconds))
        self._entries.move_to_end(key)
        if len(self._entries) > _MAX_ENTRIES:
            self._entries.popitem(last=False)


def _given(outcome: T | OidcError) -> T:
    """Return a value; raise a failure as a new object, because each raise writes its own traceback into it."""
    if isinstance(outcome, OidcError):
        raise copy.copy(outcome)
    return outcome


@final
class Providers:
    """What providers publish, kept ten minutes. One failing or slow provider delays nobody else's sign-in.

    `clock` gives seconds that only grow; keys are fetched out of turn at most once a minute per issuer.
    """

    def __init__(self, outbound: OutboundClient, clock: Clock = time.monotonic) -> None:
        self._outbound: Final = outbound
        self._clock: Final = clock
        self._metadata: Final = _Cache[ProviderMetadata](clock, METADATA_SECONDS)
        self._keys: Final = _Cache[SigningKeys](clock, KEYS_SECONDS)
        self._refetched: Final[OrderedDict[str, float]] = OrderedDict()

    async def metadata(self, issuer: str) -> ProviderMetadata:
        """Give an issuer's metadata; raises `DiscoveryError`."""
        return await self._metadata.get(issuer, lambda: fetch_provider(self._outbound, issuer))

    async def keys(self, provider: ProviderMetadata) -> SigningKeys:
        """Give a provider's signing keys; raises `DiscoveryError`."""
        return await self._keys.get(_keys_of(provider), lambda: fetch_keys(self._outbound, provider))

    async def newer_keys(self, provider: ProviderMetadata, than: SigningKeys) -> SigningKeys | None:
        """Give other keys than these, which did not verify a token: fetched, at most once a minute, or None."""
        key = _keys_of(provider)
        if (newer := await self._keys.other_than(key, than)) is not None:
            return newer
        if not self._may_refetch(provider.issuer):
            return None
        return await self._keys.refetch(key, lambda: fetch_keys(self._outbound, provider))

    def _may_refetch(self, issuer: str) -> bool:
        now = self._clock()
        if now < self._refetched.get(issuer, now - REFETCH_SECONDS) + REFETCH_SECONDS:
            return False
        self._refetched[issuer] = now
        self._refetched.move_to_end(issuer)
        if len(self._refetched) > _MAX_ENTRIES:
            self._refetched.popitem(last=False)
        return True

    def forget(self, issuer: str) -> None:
        """Drop an issuer's metadata, so that an admin who tests a connector sees it as it is now."""
        self._metadata.forget(issuer)


def _keys_of(provider: ProviderMetadata) -> str:
    return f"{provider.issuer} {provider.jwks_uri}"
