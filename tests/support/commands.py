"""Commands in processes of their own."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def process(settings: dict[str, str], *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """Run a command in a process of its own."""
    given = {f"CENTRAL_{name.upper()}": value for name, value in settings.items()}
    started = subprocess.Popen(
        [sys.executable, "-m", "central_server.cli", *arguments],
        env={name: value for name, value in os.environ.items() if not name.startswith("CENTRAL_")} | given,
        stderr=subprocess.PIPE,
        text=True,
    )
    with started:
        try:
            yield started
        finally:
            started.kill()
