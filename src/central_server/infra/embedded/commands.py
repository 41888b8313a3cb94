import json
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

from central_server.infra.embedded import leash
from central_server.infra.embedded.leash import LeashOrder


def leash_command(order: LeashOrder) -> list[str]:
    """Give the command line of a leash that obeys the order."""
    return [sys.executable, "-I", "-S", leash.__file__, json.dumps(order)]


def run(
    command: Sequence[str],
    *,
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
    log: BinaryIO | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end, apart from this process's terminal; its output is returned, or goes to a log."""
    return subprocess.run(  # noqa: S603 (every command is put together in this package)
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE if log is None else log,
        stderr=subprocess.PIPE if log is None else log,
        text=True,
        errors="replace",
        env=environment,
        cwd=folder,
        start_new_session=True,
        check=False,
    )


def command_line(process: int) -> str:
    """Give the command line of a running process, or nothing when there is no such process."""
    if sys.platform == "linux":
        try:
            return Path(f"/proc/{process}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            return ""
    ps = shutil.which("ps")
    return "" if ps is None else run([ps, "-p", str(process), "-o", "command="]).stdout
