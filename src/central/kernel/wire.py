"""The names that client and server share in headers and cookies."""

SESSION_COOKIE = "central_session"
SIGN_IN_COOKIE = "central_signin"
DEVICE_COOKIE = "central_device"
INVITATION_COOKIE = "central_invitation"
SECURE_PREFIX = "__Host-"
"""Goes before the names of cookies over https: the browser then refuses them from sibling domains (RFC 6265bis)."""

REQUEST_ID_HEADER = "x-request-id"
IDEMPOTENCY_KEY_HEADER = "idempotency-key"
IDEMPOTENCY_REPLAYED_HEADER = "idempotency-replayed"
PROBLEM_CONTENT_TYPE = "application/problem+json"


def cookie_name(name: str, *, secure: bool) -> str:
    """Give a cookie's name on the wire: with the `__Host-` prefix, but for plain http in development."""
    return f"{SECURE_PREFIX}{name}" if secure else name
