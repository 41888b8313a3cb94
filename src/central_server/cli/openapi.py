# ruff: noqa: PLC0415  (the contract is imported when it is needed)

from pathlib import Path
from typing import Annotated

import typer

from central_server.cli.texts import add_command


def openapi(
    *,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write to this file.", show_default=False)
    ] = None,
) -> None:
    """Print the API as an OpenAPI 3.1 document; needs no settings."""
    import json

    from central.openapi import openapi_document

    text = json.dumps(openapi_document(), indent=2, ensure_ascii=False)
    if output is None:
        typer.echo(text)
    else:
        output.write_text(f"{text}\n", encoding="utf-8")


def add_to(program: typer.Typer) -> None:
    """Add the command."""
    add_command(program, openapi, "central-server openapi --output openapi.json")
