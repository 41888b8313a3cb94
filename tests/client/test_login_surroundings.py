"""How a program finds out by which way somebody can sign in."""

import sys
from types import ModuleType, SimpleNamespace

import pytest

from central_client import SettingsError
from central_client.surroundings import Surroundings

LINUX = "linux"


class Stream:
    def __init__(self, terminal):
        self.isatty = lambda: terminal


@pytest.fixture
def around(monkeypatch):
    """Look around on a system, with or without a terminal, a notebook and variables."""

    def look(system=LINUX, *, terminal=True, notebook=False, **variables):
        monkeypatch.setattr(sys, "platform", system)
        monkeypatch.setattr(sys, "stdin", Stream(terminal))
        monkeypatch.setattr(sys, "stderr", Stream(terminal))
        ipython = ModuleType("IPython")
        ipython.get_ipython = lambda: SimpleNamespace(kernel=object()) if notebook else SimpleNamespace()
        monkeypatch.setitem(sys.modules, "IPython", ipython)
        return Surroundings.look(variables)

    return look


@pytest.mark.parametrize(
    ("system", "options", "way"),
    [
        (LINUX, {"DISPLAY": ":0"}, "loopback"),
        (LINUX, {"WAYLAND_DISPLAY": "wayland-0"}, "loopback"),
        (LINUX, {"BROWSER": "firefox"}, "loopback"),
        (LINUX, {"DISPLAY": ":0", "terminal": False}, "loopback"),
        ("darwin", {}, "loopback"),
        ("win32", {}, "loopback"),
        (LINUX, {}, "device"),
        (LINUX, {"SSH_CONNECTION": "1.2.3.4 5 6.7.8.9 22"}, "device"),
        (LINUX, {"SSH_TTY": "/dev/pts/0", "DISPLAY": "localhost:10.0"}, "device"),
        ("darwin", {"SSH_CLIENT": "1.2.3.4 5 22"}, "device"),
        (LINUX, {"SSH_CONNECTION": "1.2.3.4 5 6.7.8.9 22", "terminal": False}, "device"),
        (LINUX, {"notebook": True, "terminal": False}, "device"),
        ("darwin", {"notebook": True, "terminal": False}, "device"),
        (LINUX, {"CI": "false"}, "device"),
        (LINUX, {"CI": "0", "DISPLAY": ":0"}, "loopback"),
        (LINUX, {"CI": "true"}, "device"),
    ],
)
def test_the_way_follows_from_where_it_runs(around, system, options, way):
    """A browser of this machine where there is one, a code where the person is elsewhere or has none."""
    assert around(system, **options).choose() == way


@pytest.mark.parametrize(
    ("system", "options", "reason"),
    [
        (LINUX, {"CI": "true", "terminal": False}, "in CI .CI is set."),
        (LINUX, {"GITHUB_ACTIONS": "true", "terminal": False, "DISPLAY": ":99"}, "GITHUB_ACTIONS"),
        ("darwin", {"BUILDKITE": "1", "terminal": False}, "BUILDKITE"),
        (LINUX, {"JENKINS_URL": "http://ci.test/", "terminal": False, "notebook": True}, "JENKINS_URL"),
        (LINUX, {"terminal": False}, "no terminal, notebook or display"),
    ],
)
def test_nobody_is_asked_where_nobody_would_see_it(around, system, options, reason):
    """A job that runs by itself ends at once, with what it is to be given."""
    with pytest.raises(SettingsError, match=reason) as caught:
        around(system, **options).choose()
    assert caught.value.code == "sign_in_unattended"
    for word in ("CENTRAL_SESSION", "CENTRAL_URL", "CENTRAL_TENANT", "central login"):
        assert word in str(caught.value)


def test_plain_ipython_is_no_notebook(around):
    """IPython in a terminal has a person in front of it, and no cells to show HTML in."""
    assert not around().in_notebook


@pytest.mark.parametrize("stream", [None, object()])
def test_a_process_without_streams_has_no_terminal(around, monkeypatch, stream):
    """As windowed programs and daemons are."""
    around()
    monkeypatch.setattr(sys, "stdin", stream)
    assert not Surroundings.look({}).has_terminal
