import os
import secrets
import signal
from collections.abc import AsyncIterator
from typing import Any

import pytest

from central_client import AsyncCentral
from central_server.infra.logs import configure_logging
from support.counts import bound, counted
from support.place import Place, Stack, make_place, make_stack
from support.races import Arena, make_arena
from support.servers import shared_postgres


@pytest.fixture(scope="session", autouse=True)
def _heeds_interrupts() -> None:
    """A run that a shell put in the background ignores SIGINT, and so would each program that a test interrupts."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session", autouse=True)
def _quiet_logs() -> None:
    configure_logging("error")


@pytest.fixture(scope="session")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    """The run's PostgreSQL, with a migrated database of this worker's own, and the API on it."""
    async with shared_postgres() as postgres:
        worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
        database = f"central_{worker}_{secrets.token_hex(4)}"
        async with make_stack(postgres, database, tmp_path_factory.mktemp("mailbox")) as made:
            yield made


@pytest.fixture
async def place(stack: Stack) -> Place:
    """A tenant of the test's own, with an owner who is signed in."""
    return await make_place(stack)


@pytest.fixture
async def other_place(stack: Stack) -> Place:
    """Another tenant, with an owner who is signed in."""
    return await make_place(stack)


@pytest.fixture
async def arena(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Arena]:
    """Two processes' worth of the API on one database of their own."""
    async with make_arena(tmp_path_factory.mktemp("mailbox")) as made:
        yield made


@pytest.fixture
def owner(place: Place) -> AsyncCentral:
    """The owner of the test's tenant, signed in."""
    return place.owner


@pytest.fixture
def other_tenant(other_place: Place) -> AsyncCentral:
    """The owner of another tenant, signed in."""
    return other_place.owner


@pytest.fixture
async def admin(place: Place) -> AsyncCentral:
    """An administrator of the test's tenant, signed in."""
    return await place.signed_in("admin")


@pytest.fixture
async def member(place: Place) -> AsyncCentral:
    """A member of the test's tenant, signed in."""
    return await place.signed_in("member")


@pytest.fixture
def anonymous(place: Place) -> AsyncCentral:
    """Nobody in particular, at the test's tenant."""
    return place.anonymous()


@pytest.fixture
async def operator(stack: Stack) -> AsyncCentral:
    """An operator of the system: owner of a tenant of its own, with every system permission, freshly signed in."""
    return await stack.sign_in_operator()


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print what the tests of security have counted, if any of them ran."""
    sums = counted(terminalreporter.stats.get("passed", ()))
    if not sums:
        return
    failed = sum(len(terminalreporter.stats.get(outcome, ())) for outcome in ("failed", "error"))
    terminalreporter.section("proof")
    terminalreporter.write_line(f"{'counted':>9}  by tests that passed; tests that failed: {failed}")
    for what, number in sums.items():
        terminalreporter.write_line(f"{number:>9,}  {what}{bound(what, number)}")
