# ruff: noqa: PLC0415  (the checks import what they check)
import typer

def doctor() -> None:
    """Check."""

def add_to(program: typer.Typer) -> None:
    """Add the command."""
    program.command()(doctor)
