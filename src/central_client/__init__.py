"""The client of Central: `Central` blocks, `AsyncCentral` is awaited, everything else is the same.

    from central_client import Central

    with Central("https://central.example.com", tenant="acme") as client:
        client.auth.sign_in_with_email_code(email="ada@example.com", code=lambda challenge: input("Code: "))
        for user in client.users.list():
            print(user.email)

Importing this package loads nothing else: each name is loaded when it is first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from central.errors import (
        BadRequestError,
        CentralError,
        ConflictError,
        ConnectionFailedError,
        FieldError,
        ForbiddenError,
        GoneError,
        InternalServerError,
        NotFoundError,
        PayloadTooLargeError,
        RateLimitedError,
        UnauthenticatedError,
        UnavailableError,
        UnexpectedStatusError,
        ValidationFailedError,
    )
    from central.kernel.ids import (
        AuthConnectorId,
        DomainId,
        EventId,
        IdentityId,
        InvitationId,
        JobId,
        SessionId,
        SignInId,
        TenantId,
        UserId,
        WebhookDeliveryId,
        WebhookEndpointId,
    )
    from central.kernel.pages import Page
    from central_client.client import AsyncCentral, Central
    from central_client.errors import JobFailedError, SettingsError, UnreadableAnswerError, WebhookVerificationError
    from central_client.fan_out import gather
    from central_client.log_in import login, login_async
    from central_client.pages import AsyncPager, Pager
    from central_client.profiles import save_profile
    from central_client.screens import SignInPrompt

__all__ = [
    "AsyncCentral",
    "AsyncPager",
    "AuthConnectorId",
    "BadRequestError",
    "Central",
    "CentralError",
    "ConflictError",
    "ConnectionFailedError",
    "DomainId",
    "EventId",
    "FieldError",
    "ForbiddenError",
    "GoneError",
    "IdentityId",
    "InternalServerError",
    "InvitationId",
    "JobFailedError",
    "JobId",
    "NotFoundError",
    "Page",
    "Pager",
    "PayloadTooLargeError",
    "RateLimitedError",
    "SessionId",
    "SettingsError",
    "SignInId",
    "SignInPrompt",
    "TenantId",
    "UnauthenticatedError",
    "UnavailableError",
    "UnexpectedStatusError",
    "UnreadableAnswerError",
    "UserId",
    "ValidationFailedError",
    "WebhookDeliveryId",
    "WebhookEndpointId",
    "WebhookVerificationError",
    "gather",
    "login",
    "login_async",
    "save_profile",
]

_HOMES = {
    "central_client.client": {"AsyncCentral", "Central"},
    "central_client.pages": {"AsyncPager", "Pager"},
    "central_client.errors": {
        "JobFailedError",
        "SettingsError",
        "UnreadableAnswerError",
        "WebhookVerificationError",
    },
    "central_client.fan_out": {"gather"},
    "central_client.log_in": {"login", "login_async"},
    "central_client.profiles": {"save_profile"},
    "central_client.screens": {"SignInPrompt"},
    "central.kernel.pages": {"Page"},
    "central.kernel.ids": {
        "AuthConnectorId",
        "DomainId",
        "EventId",
        "IdentityId",
        "InvitationId",
        "JobId",
        "SessionId",
        "SignInId",
        "TenantId",
        "UserId",
        "WebhookDeliveryId",
        "WebhookEndpointId",
    },
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home = next((home for home, names in _HOMES.items() if name in names), "central.errors")
    value = getattr(import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
