from pathlib import Path
from typing import BinaryIO

_MOST_BYTES = 10_000_000


def open_log(path: Path) -> BinaryIO:
    """Open a log file for appending, only for its owner; a big one is set aside as `.1` first."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.touch(mode=0o600)
    if path.stat().st_size > _MOST_BYTES:
        path.replace(path.with_name(f"{path.name}.1"))
        path.touch(mode=0o600)
    return path.open("ab")


def tail(path: Path, lines: int = 8, start: int = 0) -> str:
    """Give the last lines of a log, from a byte on, for an error message."""
    try:
        with path.open("rb") as log:
            log.seek(start)
            text = log.read(_MOST_BYTES).decode(errors="replace")
    except FileNotFoundError:
        return ""
    return "\n".join(text.strip().splitlines()[-lines:])
