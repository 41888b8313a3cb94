"""Why an outbound request failed: a stable `reason` for programs, a message that an admin may read."""

from typing import ClassVar, Literal, TypeAlias

OutboundReason: TypeAlias = Literal[
    "invalid_url",
    "not_https",
    "address_refused",
    "dns_failed",
    "connect_failed",
    "timeout",
    "too_large",
    "encoding_refused",
    "redirect_refused",
    "bad_status",
    "not_json",
]


class OutboundError(Exception):
    """A request that was refused or failed. `transient`: the same request may succeed later."""

    reason: ClassVar[OutboundReason]
    transient: ClassVar[bool] = False


class InvalidUrlError(OutboundError):
    """The URL or a header is malformed, or the URL carries a user or a password."""

    reason: ClassVar[OutboundReason] = "invalid_url"


class NotHttpsError(OutboundError):
    """The URL is not https."""

    reason: ClassVar[OutboundReason] = "not_https"


class AddressRefusedError(OutboundError):
    """The host is, or resolves to, an address that is not public."""

    reason: ClassVar[OutboundReason] = "address_refused"


class DnsFailedError(OutboundError):
    """The host's name does not resolve."""

    reason: ClassVar[OutboundReason] = "dns_failed"
    transient: ClassVar[bool] = True


class ConnectFailedError(OutboundError):
    """No connection, or it broke, or TLS or HTTP was not spoken right."""

    reason: ClassVar[OutboundReason] = "connect_failed"
    transient: ClassVar[bool] = True


class DeadlineError(OutboundError):
    """The answer did not end in time."""

    reason: ClassVar[OutboundReason] = "timeout"
    transient: ClassVar[bool] = True


class TooLargeError(OutboundError):
    """The answer is longer than the limit."""

    reason: ClassVar[OutboundReason] = "too_large"


class EncodingRefusedError(OutboundError):
    """The answer is compressed, though identity was asked for."""

    reason: ClassVar[OutboundReason] = "encoding_refused"


class RedirectRefusedError(OutboundError):
    """The answer points elsewhere. `status` tells how."""

    reason: ClassVar[OutboundReason] = "redirect_refused"

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message, status)
        self.status = status

    def __str__(self) -> str:
        return str(self.args[0])


class BadStatusError(OutboundError):
    """The answer is not 200. `status` tells which it was."""

    reason: ClassVar[OutboundReason] = "bad_status"

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message, status)
        self.status = status

    def __str__(self) -> str:
        return str(self.args[0])


class NotJsonError(OutboundError):
    """The answer is no JSON object."""

    reason: ClassVar[OutboundReason] = "not_json"
