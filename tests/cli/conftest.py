import asyncio
import os
import secrets
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from central_server.cli.program import run
from central_server.infra import logs
from central_server.infra.vault.keyring import generate_key
from support.database import superuser
from support.place import APP_PASSWORD, Stack


class Ran(NamedTuple):
    """How a command ended."""

    status: int
    out: str
    err: str

    @property
    def error_line(self) -> str:
        """The one line on standard error."""
        (line,) = self.err.strip().splitlines()
        return line


Cli = Callable[..., Coroutine[Any, Any, Ran]]


@pytest.fixture
def cli(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Cli:
    """Run a command in a thread of this process, which has imported the server already."""
    # The logs of this process stay as they are: loggers keep the stream of their first line.
    monkeypatch.setattr(logs, "configure_logging", lambda *_: None)
    # What `--env-file` sets is for the program and its children: noted here, so that the next test does not have it.
    monkeypatch.setenv("CENTRAL_ENV_FILE", "")
    for name in [name for name in os.environ if name.startswith("CENTRAL_")]:
        monkeypatch.delenv(name)

    def invoke() -> int:
        try:
            run()
        except SystemExit as ended:
            return int(ended.code or 0)
        return 0

    async def execute(*arguments: str, **settings: str) -> Ran:
        monkeypatch.setattr(sys, "argv", ["central-server", *arguments])
        for name, value in settings.items():
            monkeypatch.setenv(f"CENTRAL_{name.upper()}", value)
        capsys.readouterr()
        status = await asyncio.to_thread(invoke)
        return Ran(status, *capsys.readouterr())

    return execute


def settings_of(database_url: str, owner_url: str, mailbox: Path) -> dict[str, str]:
    """Give the settings of a development server as variables."""
    return {
        "environment": "development",
        "public_url": "http://central.test",
        "database_url": database_url,
        "database_owner_url": owner_url,
        "vault_keys": f"k1:{generate_key()}",
        "signing_keys": f"k1:{generate_key()}",
        "mail_url": f"directory://{mailbox}",
        "mail_from": "Central <no-reply@central.test>",
        "object_store_url": mailbox.with_name("objects").as_uri(),
        "temporal_address": "127.0.0.1:1",
    }


@pytest.fixture
async def empty(stack: Stack, tmp_path: Path) -> AsyncIterator[dict[str, str]]:
    """The settings for a database of the test's own, in which nothing is yet."""
    name = f"cli_{secrets.token_hex(4)}"
    async with superuser(stack) as connection:
        await connection.execute(f'CREATE DATABASE "{name}"')
        base, _, _ = stack.superuser_url.rpartition("/")
        place = base.rpartition("@")[2]
        app_url = f"postgresql://central_app:{APP_PASSWORD}@{place}/{name}"
        yield settings_of(app_url, f"{base}/{name}", tmp_path / "mails") | {"dns_resolvers": stack.dns.address}
        await connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
async def migrated(cli: Cli, empty: dict[str, str]) -> dict[str, str]:
    """The same, migrated by the command."""
    ran = await cli("migrate", **empty)
    assert ran.status == 0, ran.err
    return empty
