import asyncio
import os
import random
import signal
from collections.abc import AsyncGenerator, Callable
from pathlib import Path

import pytest

from central_server.infra.embedded.commands import leash_command, run
from central_server.infra.embedded.errors import EmbeddedError
from central_server.infra.embedded.leash import LeashOrder
from central_server.infra.embedded.logfile import tail
from central_server.infra.embedded.processes import Backoff, Process, ProcessEvent, Supervisor
from support.processes import Script, eventually, living

SUPERVISOR = """
import asyncio, json, pathlib, sys
from central_server.infra.embedded.processes import Process, Supervisor

async def main():
    process = Process(name="tree", command=["sh", "-c", sys.argv[2]], grace_seconds=float(sys.argv[3]))
    say = lambda name, line: print(json.dumps(line), flush=True)
    await Supervisor([process], logs=pathlib.Path(sys.argv[1]), on_line=say).run()

asyncio.run(main())
"""
QUICK = Backoff(first=0.05, longest=0.2, stable=60)


@pytest.fixture
async def mark() -> AsyncGenerator[str]:
    """Make a number that the test's children have in their command lines; none is left after it."""
    number = f"1000.{random.randrange(10**12):012}"
    yield number
    await eventually(lambda: not living(number))


def tree(mark: str) -> str:
    """Write a shell command that starts children in its group, in another session, and a stubborn one."""
    stubborn = f"trap '' TERM; while :; do sleep {mark}; done"
    return f"""setsid sh -c "sleep {mark} & sleep {mark}" & sh -c "{stubborn}" & echo up; sleep {mark} & wait"""


def shell(name: str, command: str, **options: object) -> Process:
    return Process(name=name, command=["sh", "-c", command], **options)  # type: ignore[arg-type]  # as given


def sleepers(mark: str) -> int:
    return sum(each.name() == "sleep" for each in living(mark))


class Watcher:
    """Keeps what a supervisor tells."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, str]] = []
        self.events: list[ProcessEvent] = []

    def supervise(self, *processes: Process, logs: Path) -> Supervisor:
        return Supervisor(
            processes,
            logs=logs,
            on_line=lambda name, line: self.lines.append((name, line)),
            on_event=self.events.append,
            backoff=QUICK,
        )

    def kinds(self) -> list[str]:
        return [f"{event.process} {event.kind}" for event in self.events]


@pytest.fixture
def watcher() -> Watcher:
    return Watcher()


async def test_processes_start_in_order_when_ready_and_stop_in_reverse(
    tmp_path: Path, watcher: Watcher, mark: str
) -> None:
    """The second process waits until the first is ready; the first outlives the second."""
    there = tmp_path / "there"

    async def ready() -> bool:
        return there.exists()

    first = shell("first", f"sleep 0.2; touch {there}; exec sleep {mark}", ready=ready)
    async with watcher.supervise(first, shell("second", f"exec sleep {mark}"), logs=tmp_path):
        await eventually(lambda: len(watcher.events) == 4)
    assert watcher.kinds() == [
        "first started", "first ready", "second started", "second ready", "second stopped", "first stopped",
    ]  # fmt: skip


async def test_output_goes_line_by_line_to_the_callback_and_to_the_log(tmp_path: Path, watcher: Watcher) -> None:
    """Both streams are shown; bytes that are no text, long lines and a last line without end are as well."""
    command = (
        r"echo one; echo two >&2; printf '\377\n'; head -c 200000 /dev/zero | tr '\0' x; echo; printf end; sleep 9"
    )
    async with watcher.supervise(shell("talker", command), logs=tmp_path):
        await eventually(lambda: tail(tmp_path / "talker.log").endswith("end"))
    lines = [line for _, line in watcher.lines]
    assert lines[:3] == ["one", "two", "\ufffd"]
    assert "".join(lines[3:-1]) == "x" * 200_000
    assert lines[-1] == "end"


async def test_environment_and_folder_are_given_and_input_is_empty(tmp_path: Path, watcher: Watcher) -> None:
    """A child sees the variables and the folder it was given, and nothing to read."""
    command = 'echo "$COLOUR $(pwd) [$(cat)] $HOME"; sleep 9'
    talker = shell("talker", command, environment={"COLOUR": "blue"}, folder=tmp_path)
    async with watcher.supervise(talker, logs=tmp_path):
        await eventually(lambda: bool(watcher.lines))
    assert watcher.lines == [("talker", f"blue {tmp_path} [] {os.environ['HOME']}")]


async def test_crashed_process_starts_again_later_each_time(tmp_path: Path, watcher: Watcher, mark: str) -> None:
    """A crash is reported with its exit code, and followed by a new start; what it left behind is ended."""
    command = f"sleep {mark} & test -e twice && exec sleep {mark}; test -e once && touch twice; touch once; exit 3"
    async with watcher.supervise(shell("weak", command, folder=tmp_path), logs=tmp_path):
        await eventually(lambda: watcher.kinds().count("weak started") == 3)
        crashes = [event.message for event in watcher.events if event.kind == "crashed"]
        assert crashes == [
            "ended with exit code 3; starting again in 0.05 s",
            "ended with exit code 3; starting again in 0.1 s",
        ]
        await eventually(lambda: sleepers(mark) == 2)


async def test_process_that_cannot_run_is_reported(tmp_path: Path, watcher: Watcher) -> None:
    """A command that does not exist crashes with a line that says so."""
    async with watcher.supervise(Process(name="absent", command=["/no/such/program"]), logs=tmp_path):
        await eventually(lambda: ("absent", "cannot run /no/such/program: No such file or directory") in watcher.lines)


async def test_process_that_does_not_get_ready_ends_the_start(tmp_path: Path, watcher: Watcher, mark: str) -> None:
    """The error shows what the process wrote, and nothing is left running."""

    async def never() -> bool:
        return False

    slow = shell("slow", f"echo thinking; exec sleep {mark}", ready=never, ready_seconds=0.3)
    with pytest.raises(EmbeddedError, match=r"slow was not ready after 0.3 seconds. It wrote:\nthinking"):
        await watcher.supervise(shell("early", f"exec sleep {mark}"), slow, logs=tmp_path).run()
    assert living(mark) == []


async def test_stubborn_processes_and_escaped_grandchildren_are_ended(
    tmp_path: Path, watcher: Watcher, mark: str
) -> None:
    """Neither a deaf ear to SIGTERM nor a session of its own saves a grandchild."""
    supervisor = watcher.supervise(shell("tree", tree(mark), grace_seconds=0.2), logs=tmp_path)
    await supervisor.start()
    await eventually(lambda: sleepers(mark) == 4)
    begun = asyncio.get_running_loop().time()
    await supervisor.stop(force=True)
    assert living(mark) == []
    assert asyncio.get_running_loop().time() - begun < 1


async def test_killed_leash_takes_its_process_along_and_both_come_back(
    tmp_path: Path, watcher: Watcher, mark: str
) -> None:
    """SIGKILL to the leash is a crash like any other."""
    async with watcher.supervise(shell("strong", f"exec sleep {mark}"), logs=tmp_path):
        await eventually(lambda: sleepers(mark) == 1)
        first = next(each for each in living(mark) if each.name() == "sleep")
        first.parent().kill()  # type: ignore[union-attr]  # it has a parent
        await eventually(lambda: watcher.kinds().count("strong started") == 2 and not first.is_running())
        await eventually(lambda: sleepers(mark) == 1)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
async def test_signals_end_the_supervisor_and_all_it_runs(
    number: signal.Signals, tmp_path: Path, mark: str, script: Callable[..., Script]
) -> None:
    """Ctrl-C, a service manager and a closed terminal all end it in good order."""
    supervisor = script(SUPERVISOR, tmp_path, f"trap 'echo bye; exit' TERM; echo up; sleep {mark} & wait", "5")
    assert await supervisor.says() == "up"
    supervisor.process.send_signal(number)
    assert await supervisor.says() == "bye"
    assert await supervisor.ends() == 0
    assert living(mark) == []


async def test_second_interrupt_does_not_wait(tmp_path: Path, mark: str, script: Callable[..., Script]) -> None:
    """A process that does not mind SIGTERM is gone after a second Ctrl-C."""
    supervisor = script(
        SUPERVISOR, tmp_path, f"trap 'echo no' TERM; echo up; while :; do sleep {mark} & wait; done", "60"
    )
    assert await supervisor.says() == "up"
    supervisor.process.send_signal(signal.SIGINT)
    assert await supervisor.says() == "no"
    supervisor.process.send_signal(signal.SIGINT)
    assert await asyncio.to_thread(supervisor.process.wait, 5) == 0
    assert living(mark) == []


async def test_killed_supervisor_leaves_nothing(tmp_path: Path, mark: str, script: Callable[..., Script]) -> None:
    """SIGKILL to the supervisor ends its children, their children, and those that hid from it."""
    supervisor = script(SUPERVISOR, tmp_path, tree(mark), "0.3")
    assert await supervisor.says() == "up"
    await eventually(lambda: sleepers(mark) == 4)
    supervisor.kill()
    await eventually(lambda: not living(mark))


async def test_leash_without_anybody_at_its_input_ends_at_once(mark: str) -> None:
    """A leash never outlives its holder, not even one that died before it was up, and loses no signal."""
    ladder = [(int(signal.SIGTERM), 5.0)]
    order: LeashOrder = {
        "command": ["sleep", mark],
        "ladder": ladder,
        "while_locked": None,
        "holds": None,
        "remove": None,
    }
    leashes = await asyncio.gather(*(asyncio.to_thread(run, leash_command(order)) for _ in range(12)))
    assert {leash.returncode for leash in leashes} == {128 + signal.SIGTERM}
