"""What a typed call costs over a call of httpx whose JSON is read, both against the limit, which answers at once."""

import time
from collections.abc import Callable
from statistics import median

import httpx

from bench.figures.figure import Figure
from bench.seed import OWNER, session_of
from bench.targets import RunningTarget
from central_client import Central

_BATCHES = 40
_CALLS = 25


def measure(running: RunningTarget) -> list[Figure]:
    url = f"http://127.0.0.1:{running.target.port}"
    owner = session_of(1, OWNER)
    headers = {"cookie": f"{running.target.cookie}={owner.token}"}
    path = f"/v1/tenants/{owner.slug}"
    running.thaw()
    with Central(url, tenant=owner.slug, session=owner.token) as central, httpx.Client(headers=headers) as raw:

        def read(path: str) -> None:
            raw.get(url + path).raise_for_status().json()

        me = _compare("typed `users.me()`", central.users.me, lambda: read(f"{path}/me"))
        page = _compare(
            "typed `users.list()`, a page", lambda: next(central.users.list().pages()), lambda: read(f"{path}/users")
        )
    running.freeze()
    return [me, page]


def _compare(name: str, typed: Callable[[], object], raw: Callable[[], object]) -> Figure:
    pairs = [(_cpu(typed), _cpu(raw)) for _ in range(_BATCHES)][1:]
    ours, theirs = (median(pair[side] for pair in pairs) for side in (0, 1))
    note = f"{ours:.0f} µs of CPU, raw {theirs:.0f} µs; medians of {_BATCHES - 1} times {_CALLS} calls, interleaved"
    return Figure(f"{name} ÷ raw httpx", median(ours / theirs for ours, theirs in pairs), "times", 1.25, note)


def _cpu(call: Callable[[], object]) -> float:
    start = time.process_time()
    for _ in range(_CALLS):
        call()
    return (time.process_time() - start) / _CALLS * 1e6
