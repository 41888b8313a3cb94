"""What commands show to people: on standard error, so that standard output is for results."""

# ruff: noqa: PLC0415  (rich is imported when something is shown)

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console


def console(*, stderr: bool = False) -> "Console":
    """Give a console that guesses nothing: no colours for numbers, no emoji, no markup in data."""
    from rich.console import Console

    return Console(stderr=stderr, highlight=False, emoji=False, markup=False)


@contextmanager
def progress(title: str) -> Generator[Callable[[str], None]]:
    """Show that something goes on, and what is reported of it; on a terminal only."""
    screen = console(stderr=True)
    with screen.status(f"{title} …") as status:
        yield lambda text: status.update(f"{title} … {text}")


def in_utc(at: datetime) -> str:
    """Write a time of UTC, to the second."""
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"


def print_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table to standard output: drawn on a terminal, tab-separated lines elsewhere."""
    screen = console()
    if not screen.is_terminal:
        for row in (columns, *rows):
            print("\t".join(row))  # noqa: T201 (results for programs)
        return
    from rich.table import Table
    from rich.text import Text

    table = Table(*columns, header_style="bold")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    screen.print(table)
