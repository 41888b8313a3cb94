"""What a client and its views are made of, and the one text of a call for both clients."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from threading import RLock
from typing import Any, Generic, TypeVar
from uuid import uuid4

from central.kernel.model import Input
from central.kernel.wire import IDEMPOTENCY_KEY_HEADER
from central_client.answers import error_from_answer, error_from_failure, origin_of
from central_client.credentials import Credentials, CredentialStore
from central_client.errors import UnreadableAnswerError
from central_client.messages import Answer, Body, Failure, Fetch, Flow, Outcome, Outgoing, Sink, Wait
from central_client.options import Options
from central_client.plan import Plan
from central_client.retries import REPEATABLE_METHODS, parse_retry_after
from central_client.settings import Settings, resolve_settings
from central_client.tracing import HEADER as TRACE_HEADER
from central_client.tracing import traceparent

T = TypeVar("T")
TransportT = TypeVar("TransportT")
_IDEMPOTENCY_KEY = IDEMPOTENCY_KEY_HEADER.encode()
_JSON = (b"content-type", b"application/json")


class Shared(Generic[TransportT]):
    """What a client has in common with its views: settings and connections, each made at the first call."""

    def __init__(self, given: Settings, profile: str | None, connect: Callable[[], TransportT]) -> None:
        self.given = given
        self.profile = profile
        self.credentials = CredentialStore()
        self.closed = False
        self._connect = connect
        self._lock = RLock()
        self._settings: Settings | None = None
        self._transport: TransportT | None = None

    def settings(self) -> Settings:
        """Put the settings together, once; raises `SettingsError`."""
        if self._settings is None:
            with self._lock:
                if self._settings is None:
                    self._settings = self._resolve()
        return self._settings

    def _resolve(self) -> Settings:
        settings = resolve_settings(self.given, self.profile)
        own = self.credentials.own
        if settings.session is not None and own.session is None:
            own.give_session(settings.session)
        if settings.tenant is not None:
            self.credentials.adopt(settings.tenant, own)
        return settings

    def transport(self) -> TransportT:
        """Give the connections; raises `RuntimeError` after closing."""
        if self.closed:
            raise RuntimeError("This client is closed: make a new one, or call before its `with` block ends.")
        if self._transport is None:
            with self._lock:
                if self._transport is None:
                    self._transport = self._connect()
        return self._transport

    def close(self) -> TransportT | None:
        """Refuse calls from now on, and give the connections, if there were any, to be closed."""
        with self._lock:
            self.closed = True
            transport, self._transport = self._transport, None
        return transport


@dataclass(frozen=True, slots=True)
class Scope:
    """Where a view's calls go, and as whom."""

    base_url: str
    secure: bool
    tenant: str | None
    credentials: Credentials


class Core(Generic[TransportT]):
    """One view: the shared connections with options, a tenant and credentials of its own."""

    def __init__(
        self,
        shared: Shared[TransportT],
        options: Options,
        credentials: CredentialStore,
        tenant: str | None = None,
    ) -> None:
        self.shared = shared
        self.options = options
        self.store = credentials
        self.tenant = tenant
        self._scope: Scope | None = None

    def scope(self) -> Scope:
        """Find out where calls go; raises `SettingsError`."""
        if self._scope is None:
            settings = self.shared.settings()
            credentials = self.store.of(self.tenant) if self.tenant else self.store.own
            self._scope = Scope(
                base_url=settings.base_url or "",
                secure=(settings.base_url or "").startswith("https:"),
                tenant=self.tenant or settings.tenant,
                credentials=credentials,
            )
        return self._scope

    def call(self, plan: Plan[T], given: Input, *, into: Credentials | None = None) -> Flow[T]:
        """Send one checked input, again if need be, and read the answer; its cookies go `into` other credentials."""
        scope = self.scope()
        named = plan.tenant_in(given)
        credentials = self._credentials(scope, named, plan)
        path = plan.path(given, named or scope.tenant)
        request = Outgoing(
            plan.method,
            f"{scope.base_url}{path}{plan.query(given)}",
            self._headers(plan, credentials.header(secure=scope.secure)),
            plan.body(given),
            self.options.timeout,
        )
        repeatable = plan.keyed or plan.method in REPEATABLE_METHODS
        for attempt in count():
            outcome: Outcome = yield request
            if not isinstance(outcome, Failure):
                if "set-cookie" in outcome.headers:
                    self._learn(outcome.headers.get_list("set-cookie"), scope, named, credentials, plan, into)
                if 200 <= outcome.status_code < 300:
                    return plan.read(outcome.content)
            yield self._wait_or_raise(outcome, attempt, scope.base_url, repeatable=repeatable)
        raise AssertionError("unreachable")

    def fetch(self, plan: Plan[Any], given: Input, below: str, sink: Sink) -> Flow[None]:
        """Get what lies `below` the path of a checked input, again if need be; the body goes into the sink."""
        scope = self.scope()
        named = plan.tenant_in(given)
        credentials = self._credentials(scope, named, plan)
        request = Outgoing(
            "GET",
            f"{scope.base_url}{plan.path(given, named or scope.tenant)}{below}",
            self._headers(plan, credentials.header(secure=scope.secure)),
            None,
            self.options.timeout,
        )
        for attempt in count():
            outcome: Outcome = yield Fetch(request, sink)
            if not isinstance(outcome, Failure) and 200 <= outcome.status_code < 300:
                return
            yield self._wait_or_raise(outcome, attempt, scope.base_url, repeatable=sink.repeatable)

    def send_to(self, method: str, url: str, headers: Mapping[str, str], body: Body) -> Flow[None]:
        """Send a body where the server said, again if need be: without a session, which is nobody's business there."""
        pairs = tuple((name.encode(), value.encode()) for name, value in headers.items())
        request, place = Outgoing(method, url, pairs, body, self.options.timeout), origin_of(url)
        for attempt in count():
            outcome: Outcome = yield request
            if not isinstance(outcome, Failure) and 200 <= outcome.status_code < 300:
                return
            yield self._wait_or_raise(outcome, attempt, place, repeatable=True)

    def _learn(
        self,
        cookies: list[str],
        scope: Scope,
        named: str | None,
        credentials: Credentials,
        plan: Plan[Any],
        into: Credentials | None,
    ) -> None:
        if into is not None:
            into.learn(cookies)
        elif not plan.keeps_session:
            credentials.learn(cookies)
            self._adopt(scope, named, credentials)

    def _wait_or_raise(self, outcome: Outcome, attempt: int, place: str, *, repeatable: bool) -> Wait:
        retries = self.options.retries
        if isinstance(outcome, Failure):
            delay = None if outcome.final else retries.after_failure(attempt, sent=outcome.sent, repeatable=repeatable)
            if delay is None:
                raise error_from_failure(outcome, place, attempt + 1) from outcome.error
            return Wait(delay)
        retry_after = _retry_after(outcome)
        delay = retries.after_status(attempt, outcome.status_code, retry_after=retry_after, repeatable=repeatable)
        if delay is None:
            raise error_from_answer(outcome, retry_after, place)
        return Wait(delay)

    def _headers(self, plan: Plan[Any], cookie: bytes | None) -> tuple[tuple[bytes, bytes], ...]:
        headers = self.options.headers
        if (trace := traceparent()) is not None and all(name != TRACE_HEADER for name, _ in headers):
            headers = (*headers, (TRACE_HEADER, trace))
        if cookie is not None:
            headers = (*headers, (b"cookie", cookie))
        if plan.sends_body:
            headers = (*headers, _JSON)
        if plan.keyed:
            key = self.options.idempotency_key or str(uuid4())
            headers = (*headers, (_IDEMPOTENCY_KEY, key.encode()))
        return headers

    def _credentials(self, scope: Scope, named: str | None, plan: Plan[Any]) -> Credentials:
        """Choose as whom to call: in another tenant as who signed in there by this client, else as its own user."""
        if named is None or named == scope.tenant:
            return scope.credentials
        if found := self.store.find(named):
            return found
        if plan.signs_in and (scope.tenant is not None or scope.credentials.session is not None):
            return self.store.of(named)
        return scope.credentials

    def remember(self, plan: Plan[Any], given: Input, tenant_id: str) -> None:
        """Let a tenant's id lead to who just signed in there; raises `UnreadableAnswerError` when no session came."""
        credentials = self._credentials(self.scope(), plan.tenant_in(given), plan)
        if credentials.session is None:
            raise UnreadableAnswerError(f"{plan.operation.name}: the server's answer set no session cookie.")
        self.store.adopt(tenant_id, credentials)

    def _adopt(self, scope: Scope, named: str | None, credentials: Credentials) -> None:
        if tenant := named or scope.tenant:
            self.store.adopt(tenant, credentials)


def _retry_after(answer: Answer) -> float | None:
    value = answer.headers.get("retry-after")
    return None if value is None else parse_retry_after(value, datetime.now(UTC))
