"""What importing the client costs, in processes of their own."""

import subprocess
from statistics import median

from bench.figures.figure import Figure
from bench.targets import PYTHON

_TIMES = 15
_BASE = "import httpx, pydantic"
_FIRST_CALL = "from central_client import Central; import httpx; Central('http://127.0.0.1', tenant='acme').users.me"
_STATEMENTS = {
    "import central_client": 1.4,
    "from central_client import Central, AsyncCentral": 1.4,
    _FIRST_CALL: None,
}
_TIMER = "import time; start = time.perf_counter(); {}; print(time.perf_counter() - start)"


def measure() -> list[Figure]:
    times: dict[str, list[float]] = {statement: [] for statement in (_BASE, *_STATEMENTS)}
    for number in range(_TIMES + 1):
        for statement, found in times.items():
            seconds = _time(statement)
            if number:  # the first run fills the disk's cache and writes the byte code
                found.append(seconds)
    return [_figure(statement, at_most, times) for statement, at_most in _STATEMENTS.items()]


def _time(statement: str) -> float:
    done = subprocess.run([PYTHON, "-c", _TIMER.format(statement)], capture_output=True, text=True, check=True)
    return float(done.stdout)


def _figure(statement: str, at_most: float | None, times: dict[str, list[float]]) -> Figure:
    ratio = median(ours / base for ours, base in zip(times[statement], times[_BASE], strict=True))
    note = f"{median(times[statement]) * 1e3:.0f} ms beside {median(times[_BASE]) * 1e3:.0f} ms; {_TIMES} of each"
    name = "all that a first call needs" if statement == _FIRST_CALL else statement
    return Figure(f"{name} ÷ {_BASE}", ratio, "times", at_most, note)
