"""The caller's trace, where their program traces by OpenTelemetry: whether it does is seen, nothing is imported."""

import sys
from typing import Any, Final

HEADER: Final = b"traceparent"


def traceparent() -> bytes | None:
    """Give the caller's current span as W3C Trace Context writes it; None outside of any."""
    api: Any = sys.modules.get("opentelemetry.trace")
    if api is None:
        return None
    span = api.get_current_span().get_span_context()
    if not span.is_valid:
        return None
    return f"00-{span.trace_id:032x}-{span.span_id:016x}-{span.trace_flags:02x}".encode()
