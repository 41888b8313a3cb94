"""A photograph of 12 megapixels into all renditions: Central, pyvips and sharp, side by side.

`BENCH_PHOTOGRAPHS` names a folder with JPEGs; without it, one is made, whose grain is noise.
"""

import json
import os
import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path
from statistics import median

from PIL import Image

from bench.figures.figure import Figure
from bench.targets import PYTHON

_SOURCES = Path(__file__).parents[1] / "pictures"
_FOLDER = Path(__file__).parents[1] / "results" / "pictures"
_ROUNDS = 7
_OURS, _VIPS, _SHARP, _DEFAULTS = "Central", "pyvips", "sharp", "sharp with its default efforts"
_USAGES = ("avatar", "content")


def measure() -> list[Figure]:
    commands, missing = _commands()
    programs = {name: _start(command) for name, command in commands.items()}
    photographs, figures = _photographs(), list[Figure]()
    try:
        for usage in _USAGES:
            figures += _figures(usage, _rounds(programs, usage, photographs))
    finally:
        for program in programs.values():
            program.kill()
    return [*figures, *(Figure(f"12 megapixels: {name}", None, "ms", note=why) for name, why in missing.items())]


def _commands() -> tuple[dict[str, list[str]], dict[str, str]]:
    commands, missing = {_OURS: [PYTHON, str(_SOURCES / "ours.py")]}, dict[str, str]()
    if find_spec("pyvips") is not None:
        commands[_VIPS] = [PYTHON, str(_SOURCES / "vips.py")]
    else:
        missing[_VIPS] = "pyvips is not installed"
    if (why := _install()) is None:
        commands[_SHARP] = ["node", str(_FOLDER / "sharp.js"), "0", "1"]
        commands[_DEFAULTS] = ["node", str(_FOLDER / "sharp.js"), "4", "4"]
    else:
        missing[_SHARP] = why
    return commands, missing


def _install() -> str | None:
    if shutil.which("node") is None or shutil.which("npm") is None:
        return "Node.js and npm are not installed"
    _FOLDER.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "sharp.js"):
        shutil.copy(_SOURCES / name, _FOLDER)
    if all((_FOLDER / "node_modules" / name).exists() for name in ("blurhash", "sharp")):
        return None
    command = ["npm", "install", "--no-package-lock", "--no-audit", "--no-fund"]
    done = subprocess.run(command, cwd=_FOLDER, capture_output=True, text=True, check=False)
    return f"npm install failed: {done.stderr.strip()[-200:]}" if done.returncode else None


def _photographs() -> list[Path]:
    if folder := os.environ.get("BENCH_PHOTOGRAPHS"):
        return sorted(Path(folder).resolve().glob("*.jpg"))
    path = _FOLDER / "made.jpg"
    x, y = Image.linear_gradient("L"), Image.radial_gradient("L")
    smooth = Image.merge("RGB", (x, y, x.rotate(90))).resize((4000, 3000))
    Image.blend(smooth, Image.effect_noise((4000, 3000), 40).convert("RGB"), 0.1).save(path, quality=90)
    return [path]


def _start(command: list[str]) -> subprocess.Popen[str]:
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def _rounds(
    programs: dict[str, subprocess.Popen[str]], usage: str, photographs: list[Path]
) -> dict[str, list[dict[str, float]]]:
    """Ask each in turn; the first time with each photograph is not counted. What takes ten seconds is asked once."""
    found: dict[str, list[dict[str, float]]] = {name: [] for name in programs}
    for number in range(_ROUNDS + 1):
        for photograph in photographs:
            for name, program in programs.items():
                if name == _DEFAULTS and number != 1:
                    continue
                answer = _ask(program, usage, photograph)
                if number:
                    found[name].append(answer)
    return found


def _ask(program: subprocess.Popen[str], usage: str, photograph: Path) -> dict[str, float]:
    assert program.stdin is not None
    assert program.stdout is not None
    program.stdin.write(f"{usage}\t{photograph}\n")
    program.stdin.flush()
    answer: dict[str, float] = json.loads(program.stdout.readline())
    return answer


def _figures(usage: str, found: dict[str, list[dict[str, float]]]) -> list[Figure]:
    figures = []
    for name, answers in found.items():
        cpu, memory = median(one["cpu"] for one in answers), max(one["memory"] for one in answers)
        note = f"{cpu:.0f} ms of CPU, {memory:.0f} MB at the peak so far; {len(answers)} times"
        wall = median(one["wall"] for one in answers)
        figures.append(Figure(f"12 megapixels, {usage}: {name}", wall, "ms", note=note))
    ours = found[_OURS]
    memory = max(one["memory"] for one in ours)
    figures.append(Figure(f"12 megapixels, {usage}: memory of the process", memory, "MB", 200))
    for other in (_SHARP, _DEFAULTS):
        for what in ("wall", "cpu") if other in found else ():
            ratio = median(one[what] for one in ours) / median(one[what] for one in found[other])
            goal = 0.6 if what == "wall" else None
            figures.append(Figure(f"12 megapixels, {usage}: Central ÷ {other}, {what}", ratio, "times", goal))
    return figures


if __name__ == "__main__":
    for figure in measure():
        print(figure.name, None if figure.value is None else round(figure.value, 2), figure.unit, figure.note)
