"""Both type checkers, strict, over the files beside this one."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
CALLS = HERE / "client_calls.py"
REFUSALS = HERE / "client_refusals.py"


def test_mypy_agrees() -> None:
    """By mypy: it infers every type that is asserted, and refuses every line that is marked."""
    command = [sys.executable, "-m", "mypy", "--strict", "--warn-unused-ignores", str(CALLS), str(REFUSALS)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_pyright_agrees(tmp_path: Path) -> None:
    """By pyright: it infers every type that is asserted, and refuses exactly the lines that are marked for mypy."""
    pyright = shutil.which("pyright", path=str(Path(sys.executable).parent)) or shutil.which("pyright")
    if pyright is None:
        pytest.skip("pyright is not installed")
    settings = {
        "extraPaths": [str(ROOT / "src")],
        "typeCheckingMode": "strict",
        "enableTypeIgnoreComments": False,
        "pythonVersion": "3.11",
    }
    for file in (CALLS, REFUSALS):
        shutil.copy(file, tmp_path)
    (tmp_path / "pyrightconfig.json").write_text(json.dumps(settings))
    command = [pyright, "--outputjson", "--pythonpath", sys.executable, "--project", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    report: dict[str, Any] = json.loads(done.stdout)
    assert report["summary"]["filesAnalyzed"] == 2, done.stdout
    found = {(Path(each["file"]).name, each["range"]["start"]["line"] + 1) for each in report["generalDiagnostics"]}
    marked = {
        (REFUSALS.name, number)
        for number, line in enumerate(REFUSALS.read_text().splitlines(), start=1)
        if "# type: ignore" in line
    }
    assert marked == found, done.stdout
