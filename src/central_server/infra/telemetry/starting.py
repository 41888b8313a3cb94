"""Whether a process is to trace, by Central's setting and OpenTelemetry's own variables."""

from collections.abc import Mapping
from importlib.util import find_spec

from central_server.infra.config import Settings, SettingsError
from central_server.infra.telemetry.traces import NO_TRACES, Traces

_ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
_PACKAGES = ("opentelemetry.sdk", "opentelemetry.exporter.otlp.proto.http")
EXPORTERS = ("otlp", "console")


def start_traces(settings: Settings, environment: Mapping[str, str]) -> Traces:
    """Give where the spans of this process go; `SettingsError` where they are asked for and cannot be made."""
    exporter = environment.get("OTEL_TRACES_EXPORTER", "").strip().lower()
    if not _is_wanted(settings, exporter, environment):
        return NO_TRACES
    exporter = exporter or "otlp"
    if exporter not in EXPORTERS:
        raise SettingsError(f"OTEL_TRACES_EXPORTER: Central knows {', '.join(EXPORTERS)} and none, not {exporter!r}")
    _check_installed()
    from central_server.infra.telemetry.otel import OpenTelemetryTraces, make_exporter  # noqa: PLC0415 (only if asked)

    return OpenTelemetryTraces(make_exporter(exporter))


def _is_wanted(settings: Settings, exporter: str, environment: Mapping[str, str]) -> bool:
    if settings.traces == "off" or environment.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return False
    if settings.traces == "on":
        return True
    return exporter != "none" and bool(exporter or any(environment.get(name) for name in _ENDPOINTS))


def _check_installed() -> None:
    try:
        missing = [package for package in _PACKAGES if find_spec(package) is None]
    except ModuleNotFoundError:
        missing = ["opentelemetry"]
    if missing:
        raise SettingsError(
            "Traces are asked for (CENTRAL_TRACES, or OpenTelemetry's own OTEL_… variables), but OpenTelemetry is not "
            "installed: pip install 'central[telemetry]', or set CENTRAL_TRACES=off."
        )
