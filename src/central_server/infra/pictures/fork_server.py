"""The process that has loaded what opening a picture takes, and forks a child for each; it opens none itself.

So a child has nothing to load, and still meets no other picture: it is a copy of a process that has seen none but its
own. This one has a single thread, no connections and no keys, so that a fork of it is sound. It answers each line on
its standard input with one on its standard output, and ends with its input: whoever goes away takes the child along.
"""

import gc
import json
import os
import select
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, Final, NoReturn

from central_server.infra.pictures import child
from central_server.infra.pictures.rendering import warm_up

_MOST_ANSWER: Final = 64 * 1024
_REQUESTS: Final = 0
_ANSWERS: Final = 1
_LAST_STEPS: Final = 2.0
"""Seconds that a child has to end after it has closed its answer."""


def main() -> None:
    """Serve until the input ends."""
    warm_up()
    # What is there already is never collected in a child, where that would copy all of its pages.
    gc.freeze()
    for line in _lines():
        _write(_serve(json.loads(line)))


def _lines() -> Iterator[bytes]:
    """Read lines by hand: what a buffer had read ahead, `select` would not tell of."""
    read = b""
    while piece := os.read(_REQUESTS, _MOST_ANSWER):
        read += piece
        if read.endswith(b"\n"):
            yield read
            read = b""


def _write(answer: dict[str, Any]) -> None:
    rest = json.dumps(answer).encode() + b"\n"
    while rest:
        rest = rest[os.write(_ANSWERS, rest) :]


def _serve(asked: dict[str, Any]) -> dict[str, Any]:
    """Have a child do it; gives what it said, how it ended, and what it took."""
    deadline = time.monotonic() + float(asked["seconds"])
    reader, writer = os.pipe()
    pid = os.fork()
    if not pid:
        _become_child(asked, reader, writer)
    os.close(writer)
    said = _hear(reader, pid, deadline)
    status, usage = _reap(pid, time.monotonic() + _LAST_STEPS)
    return {
        "said": None if said is None else said.decode(errors="replace"),
        "code": os.waitstatus_to_exitcode(status),
        "cpu": usage.ru_utime + usage.ru_stime,
        "memory": usage.ru_maxrss,
    }


def _become_child(asked: dict[str, Any], reader: int, writer: int) -> NoReturn:
    """Leave everything of this process but the way to answer, and do the work."""
    code = 1
    try:
        os.setsid()
        nothing = os.open(os.devnull, os.O_RDWR)
        for fd in (_REQUESTS, _ANSWERS):
            os.dup2(nothing, fd)
        for fd in (nothing, reader):
            os.close(fd)
        with os.fdopen(writer, "w") as answer:
            child.work(asked, answer)
        code = 0
    finally:
        os._exit(code)


def _hear(reader: int, pid: int, deadline: float) -> bytes | None:
    """Give what the child says, up to a bound; None when its time is over. It is killed in both cases."""
    said = b""
    with os.fdopen(reader, "rb", buffering=0) as answer:
        while len(said) <= _MOST_ANSWER:
            ready, _, _ = select.select([answer.fileno(), _REQUESTS], [], [], max(0.0, deadline - time.monotonic()))
            if _REQUESTS in ready:
                _kill(pid)
                sys.exit()
            if not ready:
                _kill(pid)
                return None
            piece = answer.read(_MOST_ANSWER)
            if not piece:
                return said
            said += piece
    _kill(pid)
    return said


def _reap(pid: int, deadline: float) -> tuple[int, Any]:
    """Wait for the end of the child, not for ever, and end what it may have started."""
    while (ended := os.wait4(pid, os.WNOHANG))[0] == 0:
        if time.monotonic() > deadline:
            _kill(pid)
        time.sleep(0.0005)
    with suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)
    return ended[1], ended[2]


def _kill(pid: int) -> None:
    """Kill a child that was not waited for, with its group; it has none before it has come so far."""
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
        os.killpg(pid, signal.SIGKILL)


if __name__ == "__main__":
    main()
