"""What the commands say of themselves, and what is written about them."""

import re
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import typer
from pydantic import TypeAdapter
from pydantic_core import PydanticUndefined

from central_server.cli.program import program
from central_server.infra.config import Settings

DOCS = Path(__file__).parents[2] / "docs"


def _commands(group: typer.core.TyperGroup, prefix: str) -> Iterator[tuple[str, typer.core.TyperCommand]]:
    for name, command in group.commands.items():
        if isinstance(command, typer.core.TyperGroup):
            yield from _commands(command, f"{prefix} {name}")
        else:
            yield f"{prefix} {name}", command


COMMANDS = dict(_commands(typer.main.get_command(program), "central-server"))


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(name: str) -> None:
    """The help promises something, explains each option, and ends with an example of the command itself."""
    command = COMMANDS[name]
    assert command.help
    assert f"$ {name}" in command.epilog or f"dev.env {name.rsplit(maxsplit=1)[-1]}" in command.epilog
    for parameter in command.params:
        assert parameter.help, parameter.name


@pytest.mark.parametrize("name", COMMANDS)
async def test_help_is_printed(cli, name: str) -> None:
    """`--help` needs no settings and exits with 0."""
    ran = await cli(*name.split()[1:], "--help")
    assert ran.status == 0
    assert "Example" in ran.out


def test_help_is_quick() -> None:
    """Help imports no part of the server: neither web framework, database, Temporal nor cryptography."""
    code = "import sys; from central_server.cli import program; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    heavy = {"blacksheep", "sqlalchemy", "asyncpg", "temporalio", "cryptography", "uvicorn", "pydantic", "httpx"}
    assert not heavy & set(loaded)


async def test_version(cli) -> None:
    """`--version` says which version this is."""
    ran = await cli("--version")
    assert re.fullmatch(r"central-server \d+\.\d+\.\d+\n", ran.out)


async def test_unknown_commands_are_refused(cli) -> None:
    """A wrong command or option is a usage error, status 2."""
    assert (await cli("nonsense")).status == 2
    assert (await cli("migrate", "--nonsense")).status == 2


def test_every_command_is_documented() -> None:
    """docs/cli.md names each command."""
    names = re.findall(r"^\| `(central-server [^`]+)` \|", (DOCS / "cli.md").read_text(), re.MULTILINE)
    workers = {"central-server worker core", "central-server worker media"}
    assert set(names) == COMMANDS.keys() - {"central-server worker"} | workers


def _default(value: object) -> str:
    if value is PydanticUndefined:
        return "**required**"
    if value is None or value == ():
        return "none"
    if isinstance(value, timedelta):
        value = TypeAdapter(timedelta).dump_python(value, mode="json")
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def test_every_setting_is_documented() -> None:
    """docs/configuration.md holds each setting with its default and its meaning, as in the code, in its order."""
    lines = [line for line in (DOCS / "configuration.md").read_text().splitlines() if line.startswith("| `CENTRAL_")]
    assert lines == [
        f"| `CENTRAL_{name.upper()}` | {_default(field.default)} | {field.description} |"
        for name, field in Settings.model_fields.items()
    ]


def test_the_entry_point_runs() -> None:
    """The installed program shows its version, in a second or two at most."""
    begun = time.monotonic()
    command = [str(Path(sys.executable).parent / "central-server"), "--version"]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout.startswith("central-server ")
    assert time.monotonic() - begun < 10
