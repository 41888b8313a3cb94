"""From bytes to a handler and back: the one module where requests of the web framework become inputs and callers."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from math import ceil
from random import getrandbits
from re import compile as pattern
from time import perf_counter
from typing import Any, Protocol, cast

from blacksheep import Content, Request, Response
from prometheus_client import CollectorRegistry
from pydantic import BaseModel

from central.access import Anyone, UnitPermission
from central.errors import CentralError, InternalServerError
from central.kernel.operation import AnyOperation
from central.kernel.wire import IDEMPOTENCY_REPLAYED_HEADER, PROBLEM_CONTENT_TYPE
from central_server.infra.actor import Actor, Caller, Cookies
from central_server.infra.config import Settings
from central_server.infra.db import Database
from central_server.infra.http.access import check_access
from central_server.infra.http.addresses import ClientAddresses
from central_server.infra.http.browser import SAFE_METHODS, Origins
from central_server.infra.http.cookies import CookieNames
from central_server.infra.http.forms import FormTokens
from central_server.infra.http.idempotency import Answer, AnsweredBeforeError, KeyedRequest
from central_server.infra.http.observing import RequestObserver
from central_server.infra.http.pages import ErrorPage
from central_server.infra.http.reading import InputReader, check_declared_size, read_body
from central_server.infra.rate_limits.limiter import RateLimiter
from central_server.infra.telemetry import NO_TRACES, Traces
from central_server.infra.vault import Vault

_JSON = b"application/json"
_PROBLEM = PROBLEM_CONTENT_TYPE.encode()
_REPLAYED = (IDEMPOTENCY_REPLAYED_HEADER.encode(), b"true")
_REQUEST_ID = pattern(rb"[A-Za-z0-9._-]{1,64}")
_KEYED_METHODS = frozenset({"POST", "PATCH", "PUT"})

Headers = Mapping[bytes, bytes]
AsgiHandler = Callable[[Request], Awaitable[Response]]


class Gate(Protocol):
    """Lets callers in."""

    async def admit(self, caller: Caller, tenant: str | None) -> Actor:
        """Give who is signed in; `UnauthenticatedError` for nobody, `NotFoundError` for another tenant's path."""
        ...


class UnitJudge(Protocol):
    """Says who may do something in units."""

    async def check(self, access: UnitPermission, input: Any, actor: Actor) -> None:
        """Refuse who holds the permission neither in the tenant nor in the units of the input; `ForbiddenError`."""
        ...


@dataclass(frozen=True, slots=True)
class HttpParts:
    """What every endpoint shares."""

    settings: Settings
    database: Database
    vault: Vault
    gate: Gate
    judge: UnitJudge
    origins: Origins
    cookies: CookieNames
    addresses: ClientAddresses
    observer: RequestObserver
    limiter: RateLimiter
    forms: FormTokens
    error_page: ErrorPage | None
    traces: Traces

    @classmethod
    def build(
        cls,
        settings: Settings,
        database: Database,
        gate: Gate,
        judge: UnitJudge,
        registry: CollectorRegistry,
        limiter: RateLimiter,
        vault: Vault,
        forms: FormTokens,
        error_page: ErrorPage | None = None,
        traces: Traces = NO_TRACES,
    ) -> "HttpParts":
        """Make the parts that derive from the settings."""
        return cls(
            settings=settings,
            database=database,
            vault=vault,
            gate=gate,
            judge=judge,
            origins=Origins(settings.public_url, settings.allowed_origins),
            cookies=CookieNames(secure=settings.secure_cookies),
            addresses=ClientAddresses(settings.trusted_proxies),
            observer=RequestObserver(registry, traces),
            limiter=limiter,
            forms=forms,
            error_page=error_page,
            traces=traces,
        )


def headers_of(request: Request) -> Headers:
    """Give a request's headers; a repeated `Cookie` is joined, as HTTP/2 allows it to be split (RFC 9113, 8.2.3)."""
    raw = request.scope["headers"]
    headers = dict(raw)
    if len(headers) != len(raw) and b"cookie" in headers:
        headers[b"cookie"] = b"; ".join(value for name, value in raw if name == b"cookie")
    return headers


def caller_of(request: Request, headers: Headers, parts: HttpParts) -> Caller:
    """Say who asks, as far as the connection and the headers tell. The cookies are read later."""
    given = headers.get(b"x-request-id")
    request_id = given.decode() if given is not None and _REQUEST_ID.fullmatch(given) else f"{getrandbits(96):024x}"
    peer = request.scope.get("client")
    agent = headers.get(b"user-agent")
    return Caller(
        request_id=request_id,
        address=parts.addresses.find(peer[0] if peer else None, headers.get(b"x-forwarded-for")),
        user_agent=agent[:300].decode("latin-1") if agent else None,
        cookies=Cookies(),
    )


def answer_headers(parts: HttpParts, caller: Caller, headers: Headers) -> list[tuple[bytes, bytes]]:
    """Give the headers that every answer carries.

    `RateLimit-…` are those of draft-ietf-httpapi-ratelimit-headers-06, the last with a field for each number.
    """
    out = parts.origins.fixed_headers.copy()
    out.append((b"x-request-id", caller.request_id.encode()))
    if (quota := caller.quota) is not None:
        out += (
            (b"ratelimit-limit", b"%d" % quota.limit),
            (b"ratelimit-remaining", b"%d" % quota.remaining),
            (b"ratelimit-reset", b"%d" % quota.reset),
        )
    if (origin := headers.get(b"origin")) is not None:
        out += parts.origins.cors_headers(origin)
    if caller.cookies.changes:
        out += parts.cookies.headers(caller.cookies)
    return out


def problem_response(error: CentralError, parts: HttpParts, caller: Caller, headers: Headers) -> Response:
    """Write an error as problem details (RFC 9457)."""
    problem = error.problem().model_copy(update={"request_id": caller.request_id})
    out = answer_headers(parts, caller, headers)
    if error.retry_after is not None:
        out.append((b"retry-after", str(max(1, ceil(error.retry_after))).encode()))
    return Response(error.status, out, Content(_PROBLEM, problem.model_dump_json().encode()))


def body_of(request: Request) -> AsyncIterator[bytes]:
    """Give a request's body as it comes; the framework's stub calls this generator a coroutine."""
    return cast("AsyncIterator[bytes]", request.stream())


class Endpoint:
    """Serves one operation: admits the caller, counts and reads the request, runs the handler, writes its output."""

    def __init__(self, operation: AnyOperation, handler: Callable[..., Awaitable[Any]], parts: HttpParts) -> None:
        self._operation = operation
        self._handler = handler
        self._parts = parts
        self._reader = InputReader(operation)
        self._output = operation.output
        self._meter = parts.limiter.meter(operation.rate_class)
        self._is_open = isinstance(operation.access, Anyone)
        self._is_unsafe = operation.method not in SAFE_METHODS
        self._takes_key = operation.method in _KEYED_METHODS and not self._is_open
        self._status = operation.status
        self._most_header_bytes = parts.settings.max_header_bytes
        self._most_body_bytes = parts.settings.max_body_bytes

    async def answer(self, request: Request) -> Response:
        """Answer, whatever happens: errors of the tree as themselves, any other as a 500 without details."""
        started = perf_counter()
        headers = headers_of(request)
        caller = caller_of(request, headers, self._parts)
        replayed = False
        try:
            caller.cookies = self._parts.cookies.read(headers.get(b"cookie"))
            check_header_size(request, self._most_header_bytes)
            caller = await self._admit(request, headers, caller)
            if (meter := self._meter) is not None:
                await meter.count(caller, self._check_access)
            answer = await self._serve(request, headers, caller)
            if meter is not None and meter.forgives:
                await meter.forgive(caller)
        except AnsweredBeforeError as before:
            answer, replayed = before.answer, True
        except CentralError as error:
            return self._refuse(error, headers, caller, started)
        except Exception as error:  # noqa: BLE001 (the last resort: any fault of ours is one 500 and one log line)
            return self._fail(error, headers, caller, started)
        self._parts.observer.finished(self._operation.name, answer.status, started, caller)
        out = answer_headers(self._parts, caller, headers)
        if replayed:
            out.append(_REPLAYED)
        return Response(answer.status, out, Content(_JSON, answer.body) if answer.body else None)

    async def _admit(self, request: Request, headers: Headers, caller: Caller) -> Caller:
        """Refuse what a foreign page sent, and find out who is signed in, if anybody must be."""
        if self._is_unsafe:
            self._parts.origins.check_unsafe(self._operation.method, headers)
        if self._is_open:
            return caller
        path = cast("Mapping[str, str]", request.route_values or {})
        return await self._parts.gate.admit(caller, path["tenant"] if self._operation.in_tenant else None)

    def _check_access(self, caller: Caller) -> None:
        if isinstance(caller, Actor):
            check_access(self._operation, caller)

    async def _serve(self, request: Request, headers: Headers, caller: Caller) -> Answer:
        self._check_access(caller)
        path = cast("Mapping[str, str]", request.route_values or {})
        if not self._reader.sends_body:
            input = self._reader.from_query(path, request.scope["query_string"])
            return self._answer(await self._handle(input, caller))
        check_declared_size(headers, self._most_body_bytes)
        body = await read_body(body_of(request), self._most_body_bytes)
        if self._takes_key and (key := headers.get(b"idempotency-key")) is not None:
            return await self._serve_once(cast("Actor", caller), path, body, key)
        return self._answer(await self._handle(self._reader.from_body(path, body), caller))

    async def _handle(self, input: Any, caller: Caller) -> Any:
        """Run the handler, if the caller may do it in the units of the input, where it is one of those."""
        access = self._operation.access
        if isinstance(access, UnitPermission) and isinstance(caller, Actor):
            await self._parts.judge.check(access, input, caller)
        return await self._handler(input, caller)

    async def _serve_once(self, actor: Actor, path: Mapping[str, str], body: bytes, key: bytes) -> Answer:
        where = "/".join(path.values())
        vault = self._parts.vault if self._operation.secret else None
        keyed = KeyedRequest(self._parts.database, actor, key, self._operation.name, where, body, vault)
        actor.unit = keyed.unit
        async with keyed.unit:
            answer = self._answer(await self._handle(self._reader.from_body(path, body), actor))
            await keyed.keep(answer)
        return answer

    def _answer(self, output: Any) -> Answer:
        """Write what the handler gave; anything but the declared output is a fault of ours, never sent."""
        if type(output) is not self._output:
            raise TypeError(f"{self._operation.name} gave {type(output).__name__}, not {self._output.__name__}")
        if output is None:
            return Answer(self._status, b"")
        return Answer(self._status, write_model(output))

    def _refuse(self, error: CentralError, headers: Headers, caller: Caller, started: float) -> Response:
        # What failed hands out no session, and takes none away.
        caller.cookies.changes.clear()
        self._parts.observer.finished(self._operation.name, error.status, started, caller)
        return problem_response(error, self._parts, caller, headers)

    def _fail(self, error: Exception, headers: Headers, caller: Caller, started: float) -> Response:
        caller.cookies.changes.clear()
        self._parts.observer.finished(self._operation.name, 500, started, caller, error)
        fault = InternalServerError("Something went wrong on our side; the request id leads to it in the logs.")
        return problem_response(fault, self._parts, caller, headers)


def write_model(model: BaseModel) -> bytes:
    """Write a DTO as JSON with its aliases."""
    return type(model).__pydantic_serializer__.to_json(model, by_alias=True)


def check_header_size(request: Request, limit: int) -> None:
    """Refuse headers that are larger in sum than `limit` bytes, those of the same name included."""
    if sum([len(name) + len(value) for name, value in request.scope["headers"]]) > limit:
        raise HeadersTooLargeError(f"The headers are larger than {limit:,} bytes.")


class HeadersTooLargeError(CentralError):
    """431: the headers are larger than the server takes."""

    status = 431
    default_code = "headers_too_large"
    title = "Headers too large"
