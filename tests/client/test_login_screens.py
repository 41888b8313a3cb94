"""What somebody sees who is to sign in."""

import io
import sys
from types import ModuleType, SimpleNamespace

import pytest

from central_client import SignInPrompt
from central_client.screens import NotebookScreen, TerminalScreen, plain, screen_here

PAGE = "https://central.test/t/acme/device"
DEVICE = SignInPrompt("device", "acme at https://central.test", PAGE, f"{PAGE}?code=WDJB-MJHT", "WDJB-MJHT")
LOOPBACK = SignInPrompt("loopback", "acme at https://central.test", PAGE, f"{PAGE}?code=WDJB-MJHT", "WDJB-MJHT")
HOSTILE = SignInPrompt("device", "a\x1b[2Jb", "https://x.test/\u202egnp", 'javascript:alert(1)"><script>', "<b>\x07")


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def terminal(monkeypatch):
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    return Terminal()


def test_address_and_code_stand_on_lines_to_be_copied(terminal):
    """For a code, the address without it, as it is typed; for a browser, the one to open."""
    TerminalScreen(terminal).show(DEVICE)
    assert f"    {PAGE}\n" in terminal.getvalue()
    assert "the code  \x1b[1mWDJB-MJHT\x1b[0m" in terminal.getvalue()
    TerminalScreen(terminal).show(LOOPBACK)
    assert f"    {PAGE}?code=WDJB-MJHT\n" in terminal.getvalue()


def test_the_countdown_is_taken_away(terminal):
    """One line that is written over, and nothing left of it."""
    screen = TerminalScreen(terminal)
    screen.wait(599.6)
    screen.wait(61)
    screen.close("Signed in as ada@example.com.")
    shown = terminal.getvalue()
    assert "(10:00;" in shown
    assert "(1:01;" in shown
    last = shown.rpartition("\r")[2]
    assert last == "Signed in as ada@example.com.\n"


@pytest.mark.parametrize(("name", "value"), [("NO_COLOR", "1"), ("NO_COLOR", ""), ("TERM", "dumb")])
def test_without_colours(terminal, monkeypatch, name, value):
    """No escape sequences where they are not wanted (no-color.org)."""
    monkeypatch.setenv(name, value)
    TerminalScreen(terminal).show(DEVICE)
    assert "\x1b" not in terminal.getvalue()


def test_into_a_pipe_goes_plain_text():
    """Neither colours nor a countdown."""
    stream = io.StringIO()
    screen = TerminalScreen(stream)
    screen.show(DEVICE)
    screen.wait(10)
    screen.close("")
    assert "\r" not in stream.getvalue()
    assert "\x1b" not in stream.getvalue()
    assert "WDJB-MJHT" in stream.getvalue()


def test_what_a_server_sends_moves_no_cursor(terminal, monkeypatch):
    """Control characters and turned text are left out."""
    monkeypatch.setenv("NO_COLOR", "1")
    screen = TerminalScreen(terminal)
    screen.show(HOSTILE)
    screen.close("done\x1b]0;title\x07\u2066")
    assert not {"\x1b", "\x07", "\u202e", "\u2066"} & set(terminal.getvalue())
    assert plain("a\r\nb\x9b") == "ab"


@pytest.fixture
def notebook(monkeypatch):
    """A kernel, as far as showing goes; gives what is below the cell after each change."""
    shown = []

    def display(html, *, display_id):
        shown.append(html.data)
        return SimpleNamespace(update=lambda newer: shown.append(newer.data))

    ipython, module = ModuleType("IPython"), ModuleType("IPython.display")
    ipython.get_ipython = lambda: SimpleNamespace(kernel=object())
    module.HTML, module.display = lambda data: SimpleNamespace(data=data), display
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    monkeypatch.setitem(sys.modules, "IPython.display", module)
    return shown


def test_a_notebook_shows_a_link_and_then_how_it_ended(notebook):
    """The link has the code filled in, and opens beside the notebook; the outcome takes its place."""
    screen = screen_here()
    assert isinstance(screen, NotebookScreen)
    screen.show(DEVICE)
    screen.wait(5)
    screen.close("Signed in as ada@example.com.")
    assert len(notebook) == 2
    assert f'<a href="{PAGE}?code=WDJB-MJHT" target="_blank" rel="noopener noreferrer">{PAGE}</a>' in notebook[0]
    assert "WDJB-MJHT" in notebook[0].partition("</a>")[2]
    assert notebook[1] == "<p>Signed in as ada@example.com.</p>"


def test_a_notebook_runs_nothing_of_a_server(notebook):
    """No tag, no script and no address but of the web."""
    screen = screen_here()
    screen.show(HOSTILE)
    screen.tell("<img src=x>")
    screen.close("")
    assert len(notebook) == 2
    for html in notebook:
        assert "<script" not in html
        assert "<b>" not in html
        assert "<img" not in html
        assert "href" not in html
