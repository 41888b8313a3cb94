"""What `dev` tells the person in front of it."""

# ruff: noqa: PLC0415  (rich's parts are imported when they are shown)

import json
from collections.abc import Sequence
from pathlib import Path
from time import monotonic
from typing import Any, cast

from central_server.cli.dev.environment import OWNER, TENANT
from central_server.cli.dev.folders import DevFolders
from central_server.cli.dev.ports import DevPorts
from central_server.cli.screen import console

_COLOURS = {"api": "cyan", "worker-core": "magenta", "worker-media": "blue"}
_LEVELS = {"warning": "yellow", "error": "red", "critical": "red"}
_HIDDEN = {"event", "level", "timestamp", "exception", "component"}
_QUICKSTART = Path("examples/quickstart.py")


def python_lines(url: str) -> tuple[str, ...]:
    """Give three lines of Python that sign the owner in; the last one asks for the code."""
    return (
        "from central_client import Central",
        f'client = Central("{url}", tenant="{TENANT}")',
        f'client.auth.sign_in_with_email_code(email="{OWNER}", code=lambda _: input("Code: "))',
    )


class Report:
    """Writes to the terminal: to standard output, or beside it when that belongs to a command."""

    def __init__(self, *, to_stderr: bool) -> None:
        self._screen = console(stderr=to_stderr)
        self._brief = to_stderr
        self._begun = monotonic()

    @property
    def seconds(self) -> float:
        """The time since the start."""
        return monotonic() - self._begun

    def step(self, text: str) -> None:
        """Say that a part is there; not beside a command's own output."""
        if not self._brief:
            self._screen.print(f"  ✓ {text}  ({self.seconds:.1f} s)", style="green")

    def note(self, text: str) -> None:
        """Say something that the person may want to know."""
        self._screen.print(f"  ! {text}", style="yellow", soft_wrap=True)

    def line(self, process: str, line: str) -> None:
        """Show a line of a process's log if it is a warning or worse."""
        fields = _parse(line)
        level = str(fields.get("level", "error"))
        if not line.strip() or level not in _LEVELS:
            return
        from rich.text import Text

        shown = Text(f"{process:<12} │ ", style=_COLOURS.get(process, "white"))
        shown.append(f"{level} ", style=_LEVELS[level])
        shown.append(_told(fields) if fields else line)
        self._screen.print(shown, soft_wrap=True)

    def ready(self, folders: DevFolders, ports: DevPorts) -> None:
        """Show what runs where, and how to go on."""
        url = f"http://127.0.0.1:{ports.api}"
        rows = {
            "Sign-in page": f"{url}/t/{TENANT}",
            "API": url,
            "API docs": f"{url}/docs",
            "Mailbox": f"{url}/dev/mailbox",
            "Temporal": f"http://127.0.0.1:{ports.temporal_page}",
            "Metrics": ", ".join(
                f"http://127.0.0.1:{port}/metrics"
                for port in (ports.api_metrics, ports.core_metrics, ports.media_metrics)
            ),
            "Data": f"{folders.root}",
            "Logs": f"{folders.logs}",
            "Settings": f"{folders.settings} (for other commands: central-server --env-file …)",
        }
        self._table(rows)
        self._screen.print(
            f"\nSign in to the tenant {TENANT} as {OWNER}; the code arrives in the mailbox. In Python:\n"
        )
        for line in python_lines(url):
            self._screen.print(line, style="bold", soft_wrap=True)
        self._screen.print(f"\nIn a terminal:  central login --url {url} --tenant {TENANT}", soft_wrap=True)
        if _QUICKSTART.exists():
            self._screen.print(f"\nA tour: stop this, and run  central-server dev -- python {_QUICKSTART}")
        self._screen.print("\nCtrl-C stops everything; the data stays.\n")

    def runs(self, command: Sequence[str]) -> None:
        """Say that a command is about to run."""
        import shlex

        self._screen.print(
            f"central-server dev: ready in {self.seconds:.1f} s, running {shlex.join(command)}", style="dim"
        )

    def stopping(self) -> None:
        """Say that the end has begun."""
        if not self._brief:
            self._screen.print("\nStopping …", style="dim")

    def stopped(self) -> None:
        """Say that nothing is left."""
        if not self._brief:
            self._screen.print("Everything has stopped.", style="dim")

    def _table(self, rows: dict[str, str]) -> None:
        from rich.table import Table
        from rich.text import Text

        table = Table(show_header=False, title=f"Central runs (ready in {self.seconds:.1f} s)", title_justify="left")
        table.add_column(style="bold")
        table.add_column(overflow="fold")
        for name, place in rows.items():
            table.add_row(name, Text(place))
        self._screen.print()
        self._screen.print(table)


def _parse(line: str) -> dict[str, Any]:
    try:
        fields: Any = json.loads(line)
    except ValueError:
        return {}
    return cast("dict[str, Any]", fields) if isinstance(fields, dict) else {}


def _told(fields: dict[str, Any]) -> str:
    details = " ".join(f"{name}={value}" for name, value in fields.items() if name not in _HIDDEN)
    trace = str(fields.get("exception", "")).strip().splitlines()
    last = f"\n{'':12} │   {trace[-1]}" if trace else ""
    return f"{fields.get('event', '')}  {details}{last}"
