"""`central-server dev` from outside: its start, its end, its commands, and what it leaves behind."""

import asyncio
import os
import re
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import httpx
import pytest

from central_client.testing import DevMailbox
from support.processes import eventually, living

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
EXAMPLES_OF_DEV = [
    "quickstart.py",
    "import_users.py",
    "webhooks.py",
    "archive_tenant.py",
    "export_users.py",
    "org_chart.py",
    "avatars.py",
]
PROGRAM = [sys.executable, "-m", "central_server.cli", "dev"]
OWNER = "owner@acme.example"
# Tests run beside each other: the bench holds an idle machine to eight seconds.
WARM_SECONDS = 20.0


class Dev:
    """One run of `dev`, in a process group of its own as in a terminal."""

    def __init__(self, data: Path, *arguments: str) -> None:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("CENTRAL_")}
        self.begun = time.monotonic()
        self.lines: list[str] = []
        self.process = subprocess.Popen(
            [*PROGRAM, "--data", str(data), *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            env=environment | {"COLUMNS": "200", "PATH": os.defpath},  # no virtual environment is activated
            cwd=data.parent,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """End what a failed test has left."""
        assert self.process.stdout is not None
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def read_until(self, text: str) -> str:
        """Read what it shows, up to the line with a text."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line)
            if text in line:
                return line
        raise AssertionError("it ended:\n" + "".join(self.lines))

    def ends(self) -> int:
        """Read the rest and give the exit status."""
        assert self.process.stdout is not None
        self.lines += self.process.stdout
        return self.process.wait(30)

    @property
    def shown(self) -> str:
        """All that it has shown."""
        return "".join(self.lines)


@dataclass(frozen=True)
class FirstRun:
    """A first run of `dev` in a new folder, with a command that runs the examples: where, and what it showed."""

    data: Path
    shown: str

    def of(self, example: str) -> str:
        """Give what an example printed; it must have ended well."""
        path = str(EXAMPLES / example)
        begin, end = f"--- begin {path}\n", f"--- {path} ended with "
        assert f"{end}0\n" in self.shown, self.shown
        return self.shown.split(begin)[1].split(end)[0]


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> FirstRun:
    """The first run; that all the examples share it saves starting everything for each."""
    folder = tmp_path_factory.mktemp("dev") / "data"
    examples = [str(EXAMPLES / example) for example in EXAMPLES_OF_DEV]
    with Dev(folder, "--", "python", str(Path(__file__).with_name("run_examples.py")), *examples) as dev:
        assert dev.ends() == 7, dev.shown
    assert not living(folder)
    return FirstRun(folder, dev.shown)


@pytest.fixture
def data(first: FirstRun) -> Path:
    """A folder in which `dev` has run before."""
    return first.data


def test_a_command_has_its_place_and_gives_its_status(first: FirstRun) -> None:
    """What `dev` runs is told where Central is and who it is, and no secret of the server; its status is the end's."""
    assert "['CENTRAL_MAILBOX_URL', 'CENTRAL_SESSION', 'CENTRAL_TENANT', 'CENTRAL_URL']" in first.shown


def test_nothing_is_open_to_others(data: Path) -> None:
    """The folder and the keys are their owner's alone, and nothing of it is committed."""
    assert stat.S_IMODE(data.stat().st_mode) == 0o700
    assert stat.S_IMODE((data / "dev.env").stat().st_mode) == 0o600
    assert (data / ".gitignore").read_text() == "*\n"
    assert {path.name for path in (data / "logs").iterdir()} >= {"api.log", "worker-core.log", "worker-media.log"}


def test_the_tour(first: FirstRun) -> None:
    """`examples/quickstart.py` goes through everything and exits with 0; nothing is left running."""
    shown = first.of("quickstart.py")
    assert "100 users in" in shown
    assert "refused at once" in shown
    assert shown.rstrip().endswith("Done.")


def test_importing_users(first: FirstRun) -> None:
    """`examples/import_users.py` imports with a real worker, twice, and sees the limit hold."""
    shown = first.of("import_users.py")
    assert "500 created, 0 updated, 0 unchanged, 1 failed" in shown
    assert "row 501, email: Expected one email address" in shown
    assert "0 created, 0 updated, 500 unchanged, 1 failed" in shown
    assert "refused: 499 of 500 would be disabled, and the limit is 10" in shown
    assert shown.rstrip().endswith("Done.")


def test_receiving_webhooks(first: FirstRun) -> None:
    """`examples/webhooks.py` receives what a real worker sends, and what a broken receiver missed."""
    shown = first.of("webhooks.py")
    assert shown.count("received webhook.ping") == 3
    assert "attempt 1: status 503" in shown
    assert "0 have failed" in shown


def test_archiving_a_tenant(first: FirstRun) -> None:
    """`examples/archive_tenant.py` archives with a real worker, downloads, and changes nothing."""
    shown = first.of("archive_tenant.py")
    assert "rows in users.ndjson" in shown
    assert "refused: tenant_exists" in shown
    assert shown.rstrip().endswith("Done.")


def test_avatars(first: FirstRun) -> None:
    """`examples/avatars.py` has pictures made by a real worker, and one refused."""
    shown = first.of("avatars.py")
    assert "12 renditions, squares of [64, 128, 256, 480]" in shown
    assert "refused: broken: " in shown
    assert shown.rstrip().endswith("Done.")


def test_exporting_users(first: FirstRun) -> None:
    """`examples/export_users.py` exports with a real worker, and importing the file changes nothing."""
    shown = first.of("export_users.py")
    (users,) = re.findall(r"(\d+) users, [\d,]+ bytes", shown)
    assert f"0 created, 0 updated, {users} unchanged, 0 failed" in shown
    assert shown.rstrip().endswith("Done.")


def test_drawing_a_chart(first: FirstRun) -> None:
    """`examples/org_chart.py` imports with a real worker, moves a department, and draws what was and what is."""
    shown = first.of("org_chart.py")
    assert "create North below Sales" in shown
    assert "5 created, 0 failed" in shown
    before, today = shown.split("Before:\n")[1].split("Today:\n")
    assert before.split() == ["Works", "Sales", "North", "Head", "of", "sales", "Plant"]
    assert today.split("5.")[0].split() == ["Works", "Plant", "Sales", "North", "Head", "of", "sales"]
    assert "5 unchanged, 0 created, 0 moved" in shown
    assert "1 unchanged, 0 created, 0 changed" in shown
    change, assign = shown.split("would do\n")[2].splitlines()[1:3]
    assert "in Head of sales: until " in change
    assert "to Plant from " in assign
    assert shown.rstrip().endswith("Done.")


def test_start_work_and_stop(data: Path, record_property: Callable[[str, object], None]) -> None:
    """A warm start answers soon, finds yesterday's data, the lines of Python work, and Ctrl-C ends everything."""
    with socket.create_server(("127.0.0.1", 0)) as taken, Dev(data, "--port", str(taken.getsockname()[1])) as dev:
        url = dev.read_until("The API answers at ").split()[5]
        assert httpx.get(f"{url}/v1/tenants/acme/public").json()["slug"] == "acme"
        seconds = time.monotonic() - dev.begun
        dev.read_until("Ctrl-C stops everything")
        assert "is taken, using" in dev.shown
        assert f"email='{OWNER}'" in _paste(dev.shown, url)
        assert httpx.get(f"{url}/meta/readiness-probe").json()["ready"] is True
        second = subprocess.run([*PROGRAM, "--data", str(data)], capture_output=True, text=True, check=False)
        assert (second.returncode, "already" in second.stderr) == (1, True)
        dev.process.send_signal(signal.SIGINT)
        assert dev.ends() == 0, dev.shown
    assert not living(data)
    record_property("seconds to the first answer", round(seconds, 1))
    assert seconds < WARM_SECONDS


def _paste(shown: str, url: str) -> str:
    """Paste the three lines into Python and type the code that was mailed; gives what Python printed."""
    lines = [line.strip() for line in shown.splitlines() if line.startswith(("from central_client", "client"))]
    assert len(lines) == 3
    mailbox = DevMailbox(url)
    known = {mail.id for mail in mailbox.mails(to=OWNER)}
    with subprocess.Popen(
        [sys.executable, "-i", "-q"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as python:
        assert python.stdin is not None
        python.stdin.write("\n".join([*lines, ""]))
        python.stdin.flush()
        until = time.monotonic() + 15
        while not (new := [mail for mail in mailbox.mails(to=OWNER) if mail.id not in known]):
            assert time.monotonic() < until, "no mail came"
            time.sleep(0.05)
        return python.communicate(f"{new[0].code}\n", 20)[0]


async def test_a_killed_dev_leaves_nothing(data: Path) -> None:
    """After kill -9 the kernel and the leashes end all the rest."""
    with Dev(data) as dev:
        await asyncio.to_thread(dev.read_until, "The API answers at ")
        assert living(data)
        dev.process.kill()
        await eventually(lambda: not living(data), 20)


def test_an_early_end(data: Path) -> None:
    """Ctrl-C while it starts ends it with a shell's status for that, and leaves nothing."""
    with Dev(data) as dev:
        dev.read_until("PostgreSQL answers at ")
        dev.process.send_signal(signal.SIGINT)
        assert dev.ends() == 130, dev.shown
    assert not living(data)


def test_a_signal_reaches_the_command(data: Path) -> None:
    """SIGTERM goes to the command, whose status is the end's."""
    code = (
        "import signal; print('at work', flush=True); signal.signal(signal.SIGTERM, lambda *_: exit(5)); signal.pause()"
    )
    with Dev(data, "--", sys.executable, "-c", code) as dev:
        dev.read_until("at work")
        time.sleep(0.3)
        dev.process.send_signal(signal.SIGTERM)
        assert dev.ends() == 5, dev.shown
    assert not living(data)
