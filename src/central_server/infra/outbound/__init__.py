"""The one way out: HTTP requests to addresses that others name."""

from central_server.infra.outbound.addresses import Resolver, SystemResolver
from central_server.infra.outbound.client import OutboundClient
from central_server.infra.outbound.errors import (
    AddressRefusedError,
    BadStatusError,
    ConnectFailedError,
    DeadlineError,
    DnsFailedError,
    EncodingRefusedError,
    InvalidUrlError,
    NotHttpsError,
    NotJsonError,
    OutboundError,
    OutboundReason,
    RedirectRefusedError,
    TooLargeError,
)
from central_server.infra.outbound.response import OutboundResponse
from central_server.infra.outbound.urls import check_url

__all__ = [
    "AddressRefusedError",
    "BadStatusError",
    "ConnectFailedError",
    "DeadlineError",
    "DnsFailedError",
    "EncodingRefusedError",
    "InvalidUrlError",
    "NotHttpsError",
    "NotJsonError",
    "OutboundClient",
    "OutboundError",
    "OutboundReason",
    "OutboundResponse",
    "RedirectRefusedError",
    "Resolver",
    "SystemResolver",
    "TooLargeError",
    "check_url",
]
