"""How commands explain themselves: what they promise, then how one types them."""

import inspect
from collections.abc import Callable
from typing import Any

import typer


def examples(*lines: str) -> str:
    """Give the end of a help text: commands as one would type them."""
    title = "Example:" if len(lines) == 1 else "Examples:"
    return "\n\n".join([title, *(f"  $ {line}".replace("[", r"\[") for line in lines)])


def add_command(
    program: typer.Typer, command: Callable[..., None], *lines: str, name: str | None = None, **context: Any
) -> None:
    """Add a command: its docstring is its help, and every one has examples."""
    paragraphs = inspect.cleandoc(command.__doc__ or "").split("\n\n")
    text = "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)
    program.command(name, help=text, epilog=examples(*lines), context_settings=context)(command)


def family(title: str, *lines: str) -> typer.Typer:
    """Make a group of commands."""
    return typer.Typer(no_args_is_help=True, help=title, epilog=examples(*lines))
