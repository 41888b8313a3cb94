"""Traces: what a process tells an OpenTelemetry collector of its work. Off unless it is asked for."""

from central_server.infra.telemetry.traces import NO_TRACES, Traces, Work

__all__ = ["NO_TRACES", "Traces", "Work"]
