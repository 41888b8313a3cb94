import sys
from pathlib import Path

import pytest

from central_server.infra.config import SettingsError
from central_server.infra.telemetry import NO_TRACES
from central_server.infra.telemetry.starting import start_traces
from support.place import make_settings

ENDPOINT = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318"}


@pytest.mark.parametrize(
    ("setting", "variables", "is_on"),
    [
        ("auto", {}, False),
        ("auto", ENDPOINT, True),
        ("auto", {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://127.0.0.1:4318/v1/traces"}, True),
        ("auto", {"OTEL_TRACES_EXPORTER": "console"}, True),
        ("auto", ENDPOINT | {"OTEL_TRACES_EXPORTER": "none"}, False),
        ("auto", ENDPOINT | {"OTEL_SDK_DISABLED": "true"}, False),
        ("on", {}, True),
        ("on", {"OTEL_SDK_DISABLED": "true"}, False),
        ("off", ENDPOINT, False),
    ],
)
def test_when_traces_are_on(setting: str, variables: dict[str, str], tmp_path: Path, *, is_on: bool):
    """Traces are on where Central's setting or OpenTelemetry's variables ask for them, and off where any forbids it."""
    settings = make_settings("postgresql://central_app@localhost/central", tmp_path, traces=setting)
    traces = start_traces(settings, variables)
    traces.close()
    assert traces.is_on is is_on
    assert (traces is NO_TRACES) is not is_on


def test_missing_package_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Where traces are asked for and the extra is missing, the start fails with what to install."""
    settings = make_settings("postgresql://central_app@localhost/central", tmp_path)
    for name in [name for name in sys.modules if name.partition(".")[0] == "opentelemetry"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "opentelemetry", None)
    with pytest.raises(SettingsError, match=r"pip install 'central\[telemetry\]'"):
        start_traces(settings, ENDPOINT)


def test_unknown_exporter_is_told(tmp_path: Path):
    """An exporter that Central does not know is refused by name, before anything starts."""
    settings = make_settings("postgresql://central_app@localhost/central", tmp_path)
    with pytest.raises(SettingsError, match="OTEL_TRACES_EXPORTER: Central knows otlp, console and none, not 'zipkin'"):
        start_traces(settings, {"OTEL_TRACES_EXPORTER": "zipkin"})
