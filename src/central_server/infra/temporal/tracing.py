"""How a trace goes on through Temporal. Nothing imports this module unless traces are asked for."""

from opentelemetry.trace import Tracer
from temporalio.contrib.opentelemetry import TracingInterceptor


def make_interceptor(tracer: Tracer) -> TracingInterceptor:
    """Make the interceptor of a client, which is that of its workers, too.

    A workflow that no trace has started, such as a schedule's, has no spans of its own; its activities begin theirs.
    """
    return TracingInterceptor(tracer)
