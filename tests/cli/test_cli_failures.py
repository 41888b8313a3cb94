"""How commands fail: one clear line, the right status, never a traceback."""

import os
import socket
import subprocess
import sys

import pytest

from central_server.infra.embedded.ports import free_port

RUNNING = (["api"], ["worker", "core"], ["migrate"], ["tenants", "list"], ["keys", "rotate"])


@pytest.mark.parametrize("arguments", RUNNING, ids=" ".join)
async def test_missing_settings(cli, arguments: list[str]) -> None:
    """The line names what is missing and what it is; status 2."""
    ran = await cli(*arguments)
    assert ran.status == 2
    assert ran.error_line.startswith("central-server: CENTRAL_PUBLIC_URL is not set. Where people reach the server")
    assert "Traceback" not in ran.err


async def test_a_wrong_setting(cli, empty: dict[str, str]) -> None:
    """The line names the setting."""
    ran = await cli("tenants", "list", **empty | {"database_pool_size": "many"})
    assert (ran.status, "CENTRAL_DATABASE_POOL_SIZE" in ran.error_line) == (2, True)


async def test_wrong_keys_show_no_key(cli, migrated: dict[str, str]) -> None:
    """A key that is none is status 2, and its text is not repeated."""
    ran = await cli("tenants", "list", **migrated | {"vault_keys": "k1:hunter2hunter2"})
    assert ran.status == 2
    assert "CENTRAL_VAULT_KEYS" in ran.error_line
    assert "hunter2" not in ran.err + ran.out


async def test_a_missing_file(cli) -> None:
    """`--env-file` of a file that is not there."""
    ran = await cli("--env-file", "/nowhere/central.env", "tenants", "list")
    assert (ran.status, ran.error_line) == (
        2,
        "central-server: CENTRAL_ENV_FILE: there is no file /nowhere/central.env",
    )


@pytest.mark.parametrize("arguments", [["migrate"], ["migrate", "--check"], ["tenants", "list"]], ids=" ".join)
async def test_no_database(cli, empty: dict[str, str], arguments: list[str]) -> None:
    """A database that cannot be reached is one line and status 1."""
    away = f"postgresql://central_app:secret-word@127.0.0.1:{free_port()}/central"
    ran = await cli(*arguments, **empty | {"database_url": away, "database_owner_url": away})
    assert ran.status == 1
    assert "Connect call failed" in ran.error_line
    assert "secret-word" not in ran.err


async def test_wrong_password(cli, empty: dict[str, str]) -> None:
    """What the database refuses is one line and status 1."""
    wrong = empty["database_owner_url"].replace("://central:", "://central:wrong")
    ran = await cli("migrate", "--check", **empty | {"database_owner_url": wrong})
    assert (ran.status, "password authentication failed" in ran.error_line) == (1, True)


async def test_a_taken_port(cli, empty: dict[str, str]) -> None:
    """The API says which port it cannot listen on."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ran = await cli("api", "--port", str(port), **empty)
    assert (ran.status, ran.error_line) == (
        1,
        f"central-server: cannot listen on 127.0.0.1:{port}: Address already in use",
    )


async def test_an_unknown_command_of_dev(cli) -> None:
    """`dev -- COMMAND` looks for the command before it starts anything."""
    ran = await cli("dev", "--", "no-such-program")
    assert (ran.status, ran.error_line) == (127, "central-server: there is no command 'no-such-program'")


def test_failures_of_the_program_itself() -> None:
    """The same from outside."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CENTRAL_")}
    command = [sys.executable, "-m", "central_server.cli", "doctor"]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert ran.returncode == 1
    assert "settings" in ran.stdout
    assert "wrong" in ran.stdout
    assert ran.stderr == ""
