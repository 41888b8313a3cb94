"""Node.js peers: their packages go into a folder that is not tracked, beside a copy of their sources."""

import shutil
import subprocess
from pathlib import Path

_SOURCES = Path(__file__).parent / "fastify"
FOLDER = Path(__file__).parent / "results" / "fastify"


def missing() -> str | None:
    """Say what keeps the Node.js peers from running; None when nothing does."""
    for program in ("node", "npm"):
        if shutil.which(program) is None:
            return f"{program} is not installed"
    return _install()


def _install() -> str | None:
    package = (_SOURCES / "package.json").read_bytes()
    copied = FOLDER / "package.json"
    installed = (FOLDER / "node_modules" / "fastify").exists() and copied.exists() and copied.read_bytes() == package
    FOLDER.mkdir(parents=True, exist_ok=True)
    for source in _SOURCES.iterdir():
        if source.is_file():
            shutil.copy(source, FOLDER)
    if installed:
        return None
    command = ["npm", "install", "--no-package-lock", "--no-audit", "--no-fund"]
    done = subprocess.run(command, cwd=FOLDER, capture_output=True, text=True, check=False)
    if not done.returncode:
        return None
    copied.unlink()
    return f"npm install failed: {(done.stderr.strip().splitlines() or ['no reason given'])[-1]}"
