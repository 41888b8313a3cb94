"""What somebody is shown who is to approve a sign-in: in a terminal, or in a notebook."""

import os
import re
import sys
from dataclasses import dataclass
from html import escape
from importlib import import_module
from typing import Any, Protocol, TextIO

from central_client.surroundings import Way, in_notebook

_NOT_SHOWN = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069]")


@dataclass(frozen=True, slots=True)
class SignInPrompt:
    """What to show: the address to open, and the code that is typed or compared there.

    `way` is `device` when any browser will do, on any machine, and `loopback` when it must be one on this machine,
    which is being opened. `address_with_code` is the address with the code filled in. `place` is the tenant and the
    server.
    """

    way: Way
    place: str
    address: str
    address_with_code: str
    code: str


class Screen(Protocol):
    """Shows a prompt, that it is waited for, and how that ended."""

    def show(self, prompt: SignInPrompt) -> None:
        """Show what to do."""
        ...

    def tell(self, text: str) -> None:
        """Show a line."""
        ...

    def wait(self, seconds_left: float) -> None:
        """Show that it is still waited, for so many seconds at most."""
        ...

    def close(self, outcome: str) -> None:
        """Stop showing that it is waited; `outcome` is what came of it, empty when that is said elsewhere."""
        ...


class TerminalScreen:
    """Writes to standard error: plain lines, and on a terminal one that counts down."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._is_terminal = self._stream.isatty()
        self._bold = self._is_terminal and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"
        self._width = 0

    def show(self, prompt: SignInPrompt) -> None:
        """Show the address and the code on lines of their own, to be copied."""
        code = self._strong(plain(prompt.code))
        if prompt.way == "device":
            self.tell(f"To sign in to {plain(prompt.place)}, open this address in any browser:\n")
            self.tell(f"    {plain(prompt.address)}\n\nand enter the code  {code}\n")
        else:
            self.tell(
                f"Your browser opens, to sign in to {plain(prompt.place)}. If it does not, open on this machine:\n"
            )
            self.tell(f"    {plain(prompt.address_with_code)}\n\nThe page shows the code  {code}\n")

    def tell(self, text: str) -> None:
        """Write a line."""
        self._clear()
        self._write(f"{text}\n")

    def wait(self, seconds_left: float) -> None:
        """Count down on a terminal."""
        if self._is_terminal:
            minutes, seconds = divmod(max(0, round(seconds_left)), 60)
            line = f"Waiting for you to approve it ({minutes}:{seconds:02}; Ctrl-C ends) "
            self._width = len(line)
            self._write(f"\r{line}")

    def close(self, outcome: str) -> None:
        """Take the countdown away, and write how it ended."""
        self._clear()
        if outcome:
            self._write(f"{plain(outcome)}\n")

    def _clear(self) -> None:
        if self._width:
            self._write(f"\r{' ' * self._width}\r")
            self._width = 0

    def _strong(self, text: str) -> str:
        return f"\x1b[1m{text}\x1b[0m" if self._bold else text

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()


class NotebookScreen:
    """Shows a link and the code below the cell, and in their place how it ended."""

    def __init__(self) -> None:
        self._ipython: Any = import_module("IPython.display")
        self._shown: Any = None

    def show(self, prompt: SignInPrompt) -> None:
        """Show the link, which has the code filled in, and the code to compare."""
        link = (
            f'<a href="{escape(prompt.address_with_code)}" target="_blank" rel="noopener noreferrer">'
            f"{escape(plain(prompt.address))}</a>"
        )
        if not prompt.address_with_code.startswith(("https://", "http://")):
            link = escape(plain(prompt.address))
        self._put(
            f"<p>To sign in to {escape(plain(prompt.place))}, open {link} and check that it shows the code "
            f"<strong><code>{escape(plain(prompt.code))}</code></strong>.</p>"
        )

    def tell(self, text: str) -> None:
        """Show a line."""
        self._put(f"<p>{escape(plain(text))}</p>")

    def wait(self, seconds_left: float) -> None:
        """Show nothing more: a notebook shows that the cell runs."""

    def close(self, outcome: str) -> None:
        """Say how it ended."""
        if outcome:
            self._put(f"<p>{escape(plain(outcome))}</p>")

    def _put(self, html: str) -> None:
        shown = self._ipython.HTML(html)
        if self._shown is None:
            self._shown = self._ipython.display(shown, display_id=True)
        else:
            self._shown.update(shown)


def screen_here() -> Screen:
    """Give the screen for where this process runs."""
    return NotebookScreen() if in_notebook() else TerminalScreen()


def plain(text: str) -> str:
    """Give text of somebody else's without what would move a terminal's cursor or turn the text around."""
    return _NOT_SHOWN.sub("", text)
