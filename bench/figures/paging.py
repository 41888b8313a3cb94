"""A list's page 2,000 beside its first, in the tenant of 110,000 users."""

import http.client
import json
import time
from statistics import median
from typing import Any

from bench.figures.figure import Figure
from bench.seed import OWNER, session_of
from bench.targets import RunningTarget

_PAGE = 2_000
_TIMES = 300


def measure(running: RunningTarget) -> list[Figure]:
    reader = _Reader(running)
    running.thaw()
    last = reader.walk(_PAGE)
    first_times, last_times = [], []
    for _ in range(_TIMES):
        first_times.append(reader.time(None))
        last_times.append(reader.time(last))
    running.freeze()
    first, deep = median(first_times), median(last_times)
    note = f"page 1: {first:.2f} ms, page 2,000: {deep:.2f} ms; medians of {_TIMES}, one request at a time"
    return [Figure("page 2,000 of a list ÷ page 1", deep / first, "times", 1.2, note)]


class _Reader:
    def __init__(self, running: RunningTarget) -> None:
        owner = session_of(0, OWNER)
        self._connection = http.client.HTTPConnection("127.0.0.1", running.target.port, timeout=10)
        self._path = f"/v1/tenants/{owner.slug}/users?limit=50"
        self._headers = {"cookie": f"{running.target.cookie}={owner.token}"}

    def walk(self, page: int) -> str:
        """Give the cursor of a page by reading all before it."""
        cursor = None
        for _ in range(page - 1):
            cursor = json.loads(self._read(cursor))["nextCursor"]
        assert cursor is not None
        return cursor

    def time(self, cursor: str | None) -> float:
        start = time.perf_counter()
        self._read(cursor)
        return (time.perf_counter() - start) * 1e3

    def _read(self, cursor: str | None) -> Any:
        self._connection.request("GET", self._path + (f"&cursor={cursor}" if cursor else ""), headers=self._headers)
        return self._connection.getresponse().read()
