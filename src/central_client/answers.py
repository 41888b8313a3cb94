"""From an answer that is no success, or from no answer, to the error that the caller sees."""

import json
from typing import Any, cast

from pydantic import ValidationError

from central.errors import (
    ERRORS_BY_STATUS,
    CentralError,
    ConnectionFailedError,
    FieldError,
    UnavailableError,
    UnexpectedStatusError,
)
from central.kernel.wire import REQUEST_ID_HEADER
from central_client.messages import Answer, Failure

_GATEWAY_CODES = {502: "bad_gateway", 503: "unavailable", 504: "gateway_timeout"}
_TEXT_LIMIT = 2000


def error_from_answer(answer: Answer, retry_after: float | None, place: str) -> CentralError:
    """Give the error that the server raised; a body that is no problem details still gives the right class."""
    problem = _problem_in(answer)
    status = answer.status_code
    error = _class_for(status)(
        _text(problem, "detail") or _text(problem, "title") or _describe(answer, place),
        code=_text(problem, "code") or _GATEWAY_CODES.get(status),
        field_errors=_field_errors(problem),
        request_id=_text(problem, "requestId") or answer.headers.get(REQUEST_ID_HEADER),
        retry_after=retry_after,
    )
    if isinstance(error, UnexpectedStatusError):
        error.http_status = status
    return error


def error_from_failure(failure: Failure, origin: str, attempts: int) -> ConnectionFailedError:
    """Say whom no answer came from, after how many attempts, and why."""
    tries = f"{attempts} attempts" if attempts > 1 else "1 attempt"
    reason = str(failure.error) or type(failure.error).__name__
    code = "timeout" if failure.timed_out else "connection_failed"
    return ConnectionFailedError(f"No answer from {origin} after {tries}: {reason}", code=code)


def _class_for(status: int) -> type[CentralError]:
    fallback = UnavailableError if status in _GATEWAY_CODES else UnexpectedStatusError
    return ERRORS_BY_STATUS.get(status, fallback)


def _problem_in(answer: Answer) -> dict[str, Any]:
    if "json" not in (answer.headers.get("content-type") or ""):
        return {}
    try:
        body: Any = json.loads(answer.content)
    except (ValueError, RecursionError):
        return {}
    return cast("dict[str, Any]", body) if isinstance(body, dict) else {}


def _text(problem: dict[str, Any], key: str) -> str | None:
    value = problem.get(key)
    return value[:_TEXT_LIMIT] if isinstance(value, str) and value else None


def _field_errors(problem: dict[str, Any]) -> list[FieldError]:
    errors: list[FieldError] = []
    items: list[Any] = problem["fieldErrors"] if isinstance(problem.get("fieldErrors"), list) else []
    for item in items:
        try:
            errors.append(FieldError.model_validate(item))
        except ValidationError:
            continue
    return errors


def origin_of(url: str) -> str:
    """Give whom a URL leads to, without what may be a secret in it."""
    return "/".join(url.split("/", 3)[:3])


def _describe(answer: Answer, place: str) -> str:
    status = answer.status_code
    if 300 <= status < 400:
        return f"HTTP {status} from {place}: a redirect, which is never followed; check the base URL."
    kind = answer.headers.get("content-type") or "no content type"
    return f"HTTP {status} from {place} without problem details ({kind}): something else than Central has answered."
