from temporalio.service import RPCError, RPCStatusCode

from central.errors import UnavailableError

# What says something about the server, the way to it or our right to use it; the rest is about the request.
_AWAY = {
    RPCStatusCode.CANCELLED,
    RPCStatusCode.DEADLINE_EXCEEDED,
    RPCStatusCode.NOT_FOUND,
    RPCStatusCode.PERMISSION_DENIED,
    RPCStatusCode.RESOURCE_EXHAUSTED,
    RPCStatusCode.UNAUTHENTICATED,
    RPCStatusCode.UNAVAILABLE,
}


def temporal_unavailable() -> UnavailableError:
    """Make the error for a Temporal that does not answer."""
    return UnavailableError("Temporal cannot be reached.", code="temporal_unavailable", retry_after=5)


def is_away(error: Exception) -> bool:
    """Whether the error of a call means that Temporal is away, and not that the call was wrong."""
    return isinstance(error, TimeoutError) or (isinstance(error, RPCError) and error.status in _AWAY)
