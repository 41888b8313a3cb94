"""Every process of a running stack is killed with -9 while people work: nothing that was acknowledged is lost."""

import asyncio
import random
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psutil
import pytest
from test_dev import Dev

from central_client import AsyncCentral, CentralError, ConflictError
from central_client.testing import DevMailbox
from support.processes import eventually

VICTIMS = {
    "the API": r"central_server\.cli api$",
    "the core worker": r"central_server\.cli worker core$",
    "the media worker": r"central_server\.cli worker media$",
    "PostgreSQL": r"pginstall/bin/postgres .*-D",
    "Temporal": r"temporal server start-dev",
}
SEED = 20261123
SECONDS_TO_HEAL = 90
FEWEST_USERS = 50


@dataclass
class Ledger:
    """What the clients were told."""

    users: set[str] = field(default_factory=set)
    mails: set[str] = field(default_factory=set)
    unknown: int = 0


async def create_users(client: AsyncCentral, ledger: Ledger, stop: asyncio.Event, worker: int) -> None:
    """Create users until told to stop; what ends without an answer is unknown."""
    number = 0
    while not stop.is_set():
        number += 1
        email = f"w{worker}-{number}@faults.example"
        try:
            await client.users.create(email=email)
            ledger.users.add(email)
        except ConflictError:
            raise
        except CentralError:
            ledger.unknown += 1
        await asyncio.sleep(0.02)


async def ask_for_codes(client: AsyncCentral, ledger: Ledger, stop: asyncio.Event) -> None:
    """Ask for a code for a new user every moment; each that is acknowledged must be mailed."""
    asked: set[str] = set()
    while not stop.is_set():
        for email in sorted(ledger.users - asked)[:1]:
            asked.add(email)
            try:
                await client.auth.start_email_code(email=email)
                ledger.mails.add(email)
            except CentralError:
                ledger.unknown += 1
        await asyncio.sleep(0.5)


def victim(folder: Path, pattern: str) -> psutil.Process | None:
    """Find the process of this stack, and of no other, whose command line matches."""
    for process in psutil.process_iter():
        try:
            command = " ".join(process.cmdline())
            ours = str(folder) in command or str(folder) in process.environ().get("CENTRAL_MAIL_URL", "")
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
        if ours and re.search(pattern, command) and "leash" not in command:
            return process
    return None


async def kill_each(folder: Path, rounds: int) -> list[str]:
    """Kill every kind of process once a round, in an order that the seed decides."""
    chance, killed = random.Random(SEED), []
    for _ in range(rounds):
        for name in chance.sample(sorted(VICTIMS), len(VICTIMS)):
            for _attempt in range(100):
                if (process := victim(folder, VICTIMS[name])) is not None:
                    process.kill()
                    killed.append(name)
                    break
                await asyncio.sleep(0.1)
            await asyncio.sleep(chance.uniform(0.5, 2.0))
    return killed


async def healed(url: str) -> None:
    """Wait until every part answers again."""
    until, said = time.monotonic() + SECONDS_TO_HEAL, ""
    async with httpx.AsyncClient() as http:
        while time.monotonic() < until:
            try:
                answer = await http.get(f"{url}/meta/readiness-probe")
                said = answer.text
                if answer.status_code == 200:
                    return
            except httpx.HTTPError as error:
                said = repr(error)
            await asyncio.sleep(0.2)
    raise AssertionError(f"the stack does not heal: {said}")


async def mailed(url: str, ledger: Ledger) -> set[str]:
    """Wait for the mails that are due; gives the addresses that got none."""
    mailbox = DevMailbox(url)
    until = time.monotonic() + SECONDS_TO_HEAL
    while True:
        missing = ledger.mails - {mail.to for mail in await mailbox.mails_async()}
        if not missing or time.monotonic() > until:
            return missing
        await asyncio.sleep(0.5)


@pytest.mark.endurance
async def test_kill_9_loses_nothing(tmp_path: Path, record_property: Callable[[str, object], None]) -> None:
    """Users and mails that were acknowledged while processes were killed are there when the stack has healed."""
    folder, ledger, stop = tmp_path / "data", Ledger(), asyncio.Event()
    with Dev(folder) as dev:
        url = (await asyncio.to_thread(dev.read_until, "The API answers at ")).split()[5]
        await asyncio.to_thread(dev.read_until, "Ctrl-C stops everything")
        reading = asyncio.create_task(asyncio.to_thread(lambda: dev.lines.extend(dev.process.stdout or ())))
        async with AsyncCentral(url, tenant="acme", max_retries=12) as owner:
            mailbox = DevMailbox(url)
            await owner.auth.sign_in_with_email_code(
                email="owner@acme.example", code=lambda _: mailbox.wait_for_code_async("owner@acme.example", timeout=30)
            )
            async with AsyncCentral(url, tenant="acme", max_retries=12) as anonymous, asyncio.TaskGroup() as group:
                for worker in range(4):
                    group.create_task(create_users(owner, ledger, stop, worker))
                group.create_task(ask_for_codes(anonymous, ledger, stop))
                killed = await kill_each(folder, rounds=2)
                await eventually(lambda: len(ledger.users) > FEWEST_USERS, SECONDS_TO_HEAL)
                stop.set()
            await healed(url)
            stored = [
                user.email async for user in owner.users.list(limit=200) if user.email.endswith("@faults.example")
            ]
            missing = await mailed(url, ledger)
        dev.process.terminate()
        await reading
        dev.process.wait(30)
    record_property("killed", len(killed))
    record_property("acknowledged", f"{len(ledger.users)} users, {len(ledger.mails)} mails")
    assert sorted(killed) == sorted([*VICTIMS] * 2)
    assert ledger.users - set(stored) == set()
    assert len(stored) == len(set(stored))
    assert missing == set()
