"""Central itself, as one runs it: in production's settings, as the role that row-level security binds."""

import sysconfig
import tempfile
from pathlib import Path

from bench.database import BenchDatabase
from bench.goals import CENTRAL
from bench.targets import Target, free_port
from central.kernel.wire import SESSION_COOKIE, cookie_name
from central_server.cli.keys import new_key


def command(*words: str) -> list[str]:
    """Give a command line of `central-server`, of the environment that this Python is of."""
    return [str(Path(sysconfig.get_path("scripts")) / "central-server"), *words]


def central(database: BenchDatabase) -> Target:
    port = free_port()
    env = {
        "CENTRAL_PUBLIC_URL": "https://central.example.com",
        "CENTRAL_PORT": str(port),
        "CENTRAL_DATABASE_URL": database.app_url,
        "CENTRAL_VAULT_KEYS": new_key(),
        "CENTRAL_SIGNING_KEYS": new_key(),
        "CENTRAL_MAIL_URL": "smtp://127.0.0.1:1",
        "CENTRAL_MAIL_FROM": "Central <no-reply@example.com>",
        "CENTRAL_OBJECT_STORE_URL": (Path(tempfile.gettempdir()) / "central-bench-objects").as_uri(),
        # Counted as in production, but never refused: one person turns 2,000 pages here.
        "CENTRAL_RATE_LIMIT_PER_USER": "1000000/1s",
        "CENTRAL_RATE_LIMIT_PER_TENANT": "1000000/1s",
    }
    return Target(CENTRAL, "Central", command("api"), env, port, cookie_name(SESSION_COOKIE, secure=True))
