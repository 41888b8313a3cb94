"""The ports of a development server; two that start at the same time never choose the same ones."""

import json
import os
import tempfile
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from central_server.infra.embedded.locks import FileLock
from central_server.infra.embedded.ports import free_port, is_free

_USUAL = {"temporal": 7233, "temporal_page": 8233, "api_metrics": 9464, "core_metrics": 9465, "media_metrics": 9466}


_claims: list[FileLock] = []


@dataclass(frozen=True, slots=True)
class DevPorts:
    """The ports of 127.0.0.1 in use, and which other ones were wanted but taken."""

    api: int
    temporal: int
    temporal_page: int
    api_metrics: int
    core_metrics: int
    media_metrics: int
    taken: tuple[str, ...] = ()

    def save(self, path: Path) -> None:
        """Keep them for the next run."""
        path.write_text(json.dumps(asdict(self)))


def choose_ports(path: Path, api: int, *, keep: Iterable[str] = ()) -> DevPorts:
    """Choose the ports: the wanted or usual ones, else those of the last run, else any that are free.

    Those named in `keep` stay as they were, whoever uses them: it is our own server.
    """
    saved = _read(path)
    chosen: dict[str, int] = {}
    taken: list[str] = []
    for name, wanted in {"api": api, **_USUAL}.items():
        last = saved.get(name)
        if name in keep and last is not None:
            chosen[name] = last
            continue
        offers = (port for port in (wanted, last) if port is not None and port not in chosen.values())
        chosen[name] = port = next((port for port in offers if is_free(port) and _claim(port)), None) or free_port()
        if port != wanted:
            taken.append(f"{wanted} (for {name.replace('_', ' ')}) is taken, using {port}")
    return DevPorts(**chosen, taken=tuple(taken))


def _claim(port: int) -> bool:
    """Take a port for the life of this process, as far as other development servers of this user go."""
    folder = Path(tempfile.gettempdir()) / f"central-dev-{os.getuid()}"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        lock = FileLock(folder / f"{port}.lock")
        if not lock.try_acquire():
            return False
    except OSError:  # the folder is somebody else's: then without
        return True
    _claims.append(lock)
    return True


def _read(path: Path) -> dict[str, int]:
    try:
        found: dict[str, Any] = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    return {name: port for name, port in found.items() if isinstance(port, int)}
