"""From `central-server dev` to the first answer that needs the database, cold and warm."""

import http.client
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from statistics import median

from bench.central import command
from bench.figures.figure import Figure
from bench.targets import TargetError, free_port, own_environment

_WARM_TIMES = 3
_SECONDS = 120.0
_PATH = "/v1/tenants/acme/public"


def measure() -> list[Figure]:
    with tempfile.TemporaryDirectory(prefix="central-bench-", ignore_cleanup_errors=True) as folder:
        data = Path(folder) / "dev"
        cold = _start(data)
        warm = median(_start(data) for _ in range(_WARM_TIMES))
    how = f"`central-server dev` to the answer of GET {_PATH}"
    return [
        Figure("start, cold", cold, "s", note=f"{how}; nothing there yet"),
        Figure("start, warm", warm, "s", 8, f"{how}; median of {_WARM_TIMES}"),
    ]


def _start(data: Path) -> float:
    port = free_port()
    log = data.with_suffix(".log")
    start = time.monotonic()
    with log.open("wb") as output:
        process = subprocess.Popen(
            command("dev", "--port", str(port), "--data", str(data)), stdin=subprocess.DEVNULL,
            stdout=output, stderr=subprocess.STDOUT, env=own_environment(), start_new_session=True,
        )  # fmt: skip
    try:
        while _status(port) != 200:
            if process.poll() is not None or time.monotonic() - start > _SECONDS:
                raise TargetError(f"central-server dev does not answer:\n{log.read_text(errors='replace')[-2000:]}")
            time.sleep(0.01)
        return time.monotonic() - start
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(60)


def _status(port: int) -> int | None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", _PATH)
        return connection.getresponse().status
    except OSError:
        return None
    finally:
        connection.close()
