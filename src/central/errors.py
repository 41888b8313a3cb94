"""The errors of Central, raised by the server and re-raised by the client as the same class.

    CentralError
    ├── BadRequestError         400  the request cannot be read
    ├── UnauthenticatedError    401  nobody is signed in, or no longer
    ├── ForbiddenError          403  signed in, and not allowed
    ├── NotFoundError           404  absent, or another tenant's: the two look alike
    ├── ConflictError           409  the name is taken, or the state does not allow it
    ├── GoneError               410  it was there and is used up or expired
    ├── PayloadTooLargeError    413  the body is over the limit
    ├── ValidationFailedError   422  well-formed and wrong: see `field_errors`
    ├── RateLimitedError        429  too often: see `retry_after`
    ├── InternalServerError     500  a fault of ours, without details
    ├── UnavailableError        503  a part we need is away: see `retry_after`
    ├── UnexpectedStatusError        client only: a status this version does not know
    └── ConnectionFailedError        client only: no answer came

On the wire each is RFC 9457 problem details with `code`, `requestId` and `fieldErrors`.
"""

from collections.abc import Sequence
from typing import Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel
from pydantic_core import ErrorDetails


class FieldError(BaseModel):
    """One thing wrong with one field of an input."""

    model_config = ConfigDict(
        alias_generator=to_camel, validate_by_name=True, serialize_by_alias=True, defer_build=True
    )

    field: str = Field(description="Where: the JSON path with dots, `items.0.email`; empty for the whole input.")
    code: str = Field(description="A stable word for what is wrong, such as `missing` or `string_too_long`.")
    message: str = Field(description="The same for people.")


class ProblemDetails(BaseModel):
    """The body of every error (RFC 9457), `application/problem+json`."""

    model_config = ConfigDict(
        alias_generator=to_camel, validate_by_name=True, serialize_by_alias=True, defer_build=True
    )

    type: str = Field(description="A URI for the kind of problem; does not change.")
    title: str = Field(description="The kind of problem for people.")
    status: int = Field(description="The HTTP status.")
    detail: str = Field(description="What was wrong this time, and what to do.")
    code: str = Field(description="A stable word for programs, such as `slug_taken`.")
    request_id: str | None = Field(default=None, description="Find the request in the server's logs by it.")
    field_errors: list[FieldError] = Field(default=[], description="What is wrong with which field.")


class CentralError(Exception):
    """An error with a stable `code` for programs and a message for people.

    `status` is the HTTP status, `request_id` names the request in the server's logs, `retry_after` is in
    seconds, `field_errors` says what was wrong with which field.
    """

    status: ClassVar[int] = 500
    default_code: ClassVar[str] = "error"
    title: ClassVar[str] = "Error"

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        field_errors: Sequence[FieldError] = (),
        request_id: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or self.default_code
        self.field_errors = tuple(field_errors)
        self.request_id = request_id
        self.retry_after = retry_after

    def __str__(self) -> str:
        """Say what was wrong, with which fields, and in which request."""
        fields = "".join(f"\n  {error.field or 'input'}: {error.message}" for error in self.field_errors)
        request = f" [request {self.request_id}]" if self.request_id else ""
        return f"{self.message}{request}{fields}"

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.message!r}, code={self.code!r}, request_id={self.request_id!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        """Keep every attribute when the error crosses a process."""
        return type(self), (self.message,), self.__dict__

    def problem(self) -> ProblemDetails:
        """Give the body that stands for this error on the wire."""
        return ProblemDetails(
            type=f"urn:central:problem:{self.code}",
            title=self.title,
            status=self.status,
            detail=self.message,
            code=self.code,
            request_id=self.request_id,
            field_errors=list(self.field_errors),
        )


class BadRequestError(CentralError):
    """400: the request cannot be read: malformed JSON, a wrong content type, a cursor that is none."""

    status = 400
    default_code = "bad_request"
    title = "Bad request"


class UnauthenticatedError(CentralError):
    """401: nobody is signed in, or the session has ended."""

    status = 401
    default_code = "unauthenticated"
    title = "Not signed in"


class ForbiddenError(CentralError):
    """403: signed in, and not allowed to do this."""

    status = 403
    default_code = "forbidden"
    title = "Not allowed"


class NotFoundError(CentralError):
    """404: there is no such thing, or it belongs to another tenant: the two cannot be told apart."""

    status = 404
    default_code = "not_found"
    title = "Not found"

    @classmethod
    def of(cls, noun: str, value: str | None = None) -> Self:
        """Say which kind of thing was not found: `NotFoundError.of("user", user_id)`."""
        name = f" {value!r}" if value else ""
        return cls(f"There is no {noun}{name} here.", code=f"{noun.replace(' ', '_')}_not_found")


class ConflictError(CentralError):
    """409: the name is taken, somebody else changed it first, or its state does not allow this."""

    status = 409
    default_code = "conflict"
    title = "Conflict"


class GoneError(CentralError):
    """410: it was there, and is used up or expired."""

    status = 410
    default_code = "gone"
    title = "Gone"


class PayloadTooLargeError(CentralError):
    """413: the body is larger than the server takes."""

    status = 413
    default_code = "payload_too_large"
    title = "Too large"


class ValidationFailedError(CentralError):
    """422: well-formed and wrong; `field_errors` says what is wrong with which field."""

    status = 422
    default_code = "validation_failed"
    title = "Wrong input"

    @classmethod
    def from_details(cls, details: Sequence[ErrorDetails]) -> Self:
        """Turn pydantic's findings into field errors, without repeating the input."""
        errors = [
            FieldError(field=".".join(map(str, error["loc"])), code=error["type"], message=error["msg"])
            for error in details
        ]
        names = ", ".join(dict.fromkeys(error.field or "the input" for error in errors))
        return cls(f"Something is wrong with {names}.", field_errors=errors)

    @classmethod
    def of(cls, field: str, message: str, *, code: str = "value_error") -> Self:
        """Say what is wrong with one field."""
        return cls(
            f"Something is wrong with {field}.",
            field_errors=[FieldError(field=field, code=code, message=message)],
        )


class RateLimitedError(CentralError):
    """429: too often; try again after `retry_after` seconds."""

    status = 429
    default_code = "rate_limited"
    title = "Too many requests"


class InternalServerError(CentralError):
    """500: a fault of the server; the request id leads to it in the logs."""

    status = 500
    default_code = "internal_server_error"
    title = "Internal error"


class UnavailableError(CentralError):
    """503: a part that the request needs is away; try again after `retry_after` seconds."""

    status = 503
    default_code = "unavailable"
    title = "Unavailable"


class UnexpectedStatusError(CentralError):
    """The server answered with a status that this version of the client does not know; see `http_status`."""

    status = 0
    default_code = "unexpected_status"
    title = "Unexpected status"
    http_status: int = 0


class ConnectionFailedError(CentralError):
    """No answer came: the server is not reachable, or the time ran out, also after retries."""

    status = 0
    default_code = "connection_failed"
    title = "No answer"


WIRE_ERRORS: tuple[type[CentralError], ...] = (
    BadRequestError,
    UnauthenticatedError,
    ForbiddenError,
    NotFoundError,
    ConflictError,
    GoneError,
    PayloadTooLargeError,
    ValidationFailedError,
    RateLimitedError,
    InternalServerError,
    UnavailableError,
)
ERRORS_BY_STATUS: dict[int, type[CentralError]] = {error.status: error for error in WIRE_ERRORS}
