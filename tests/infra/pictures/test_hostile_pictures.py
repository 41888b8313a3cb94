"""Files that nobody should open are opened: they harm nobody, and nothing comes of them that is no picture."""

import asyncio
import subprocess
import sys
from collections.abc import Awaitable, Callable
from io import BytesIO
from pathlib import Path

import psutil
import pytest
from PIL import Image

from central_server.infra.pictures.processor import PictureProcessor
from central_server.infra.pictures.refusals import PictureRefusedError, Refusal
from central_server.infra.pictures.servers import ChildFailedError
from infra.pictures.conftest import Make, Work
from support.hostile_pictures import REFUSED, SCRIPT, TAKEN, ZIP, mutations, photo
from support.waiting import until

_MARKS = (SCRIPT[:20], ZIP[:16], b"evil.class")


def check_pictures(files: dict[str, bytes]) -> None:
    """All files are pictures of the kind that they are called, with nothing else in them."""
    for name, content in files.items():
        with Image.open(BytesIO(content)) as image:
            image.load()
            assert image.format is not None
            assert image.format.lower() == name.partition(".")[2]
            assert image.width <= 128
            assert image.height <= 128
        assert not any(mark in content for mark in _MARKS)


@pytest.mark.parametrize("what", REFUSED)
async def test_what_is_refused(what: str, make: Make) -> None:
    """Each hostile file is refused for its reason."""
    content, reason = REFUSED[what]
    with pytest.raises(PictureRefusedError) as refused:
        await make(content())
    assert refused.value.reason == reason


@pytest.mark.parametrize("what", TAKEN)
async def test_what_is_lost(what: str, make: Make) -> None:
    """Of a picture with something else in it only the picture is left."""
    made = await make(TAKEN[what]())
    check_pictures(made.files)


async def run_mutations(make: Make, count: int, seed: int) -> tuple[int, int]:
    """Have mutated pictures made; gives how many were taken and how many refused."""
    taken = refused = 0
    for content in mutations(count, seed):
        try:
            made = await make(content)
        except PictureRefusedError:
            refused += 1
            continue
        taken += 1
        check_pictures(made.files)
    return taken, refused


async def test_mutated_pictures(make: Make) -> None:
    """Of pictures with wrong bytes some are taken and some refused, and nothing else happens."""
    taken, refused = await run_mutations(make, 16, 20_261_128)
    assert taken + refused == 16
    assert refused > 4


@pytest.mark.endurance
async def test_a_thousand_mutated_pictures(make: Make) -> None:
    """The same for a thousand."""
    taken, refused = await run_mutations(make, 1_000, 5)
    assert taken + refused == 1_000
    assert taken > 50
    assert refused > 200


def _processes() -> set[int]:
    return {process.pid for process in psutil.Process().children(recursive=True)}


def _gone(*pids: int) -> Callable[[], Awaitable[bool]]:
    async def gone() -> bool:
        return not any(map(_lives, pids))

    return gone


def _lives(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


_ENDLESS = "time.sleep(60)"


async def test_time_is_bounded(work: Work, make: Make) -> None:
    """A picture that takes too long is refused, and its process is gone."""
    before = _processes()
    with work(_ENDLESS):
        async with asyncio.timeout(4.5):
            with pytest.raises(PictureRefusedError) as refused:
                await make(photo(), processor=PictureProcessor(seconds=0.3))
    assert refused.value.reason is Refusal.TOO_SLOW
    assert _processes() <= before


async def test_a_cancelled_picture_leaves_no_process(work: Work, make: Make) -> None:
    """Whoever waits for a picture may go: its process is killed."""
    before = _processes()
    with work(_ENDLESS), pytest.raises(TimeoutError):
        async with asyncio.timeout(0.5):
            await make(photo())
    assert _processes() <= before


_WORKER = """
import asyncio, pathlib, sys
from central_server.infra.pictures import servers
from central_server.infra.pictures.processor import PictureProcessor
from central_server.infra.pictures.recipes import Recipe
servers._FORK_SERVER = "stub"
path = pathlib.Path(sys.argv[1])
asyncio.run(PictureProcessor().process(path, path, Recipe("square", (64,))))
"""


async def test_a_killed_worker_leaves_no_process(work: Work, tmp_path: Path) -> None:
    """A picture's process does not outlive the worker that waits for it."""
    with work("open(asked['source'] + '/begun', 'w').close(); time.sleep(60)"):
        worker = await asyncio.create_subprocess_exec(sys.executable, "-c", _WORKER, str(tmp_path))

    async def begun() -> bool:
        return (tmp_path / "begun").exists()

    await until(begun)
    below = [process.pid for process in psutil.Process(worker.pid).children(recursive=True)]
    assert len(below) == 2
    worker.kill()
    await worker.wait()
    await until(_gone(*below))


_STUBS = {
    "segfault": ("os.kill(os.getpid(), signal.SIGSEGV)", Refusal.DECODER_CRASHED),
    "garbage": ("answer.write('{')", Refusal.DECODER_CRASHED),
    "another shape": ("answer.write('[1]')", Refusal.DECODER_CRASHED),
    "an unknown reason": ('answer.write(\'{"refused": "because"}\')', Refusal.DECODER_CRASHED),
    "no memory": ("resource.setrlimit(resource.RLIMIT_AS, (1 << 29, 1 << 29)); x = bytearray(2_000_000_000)", None),
    "no end": ("answer.close(); time.sleep(60)", None),
    "no end of words": ("while True: answer.write('x' * 65_536)", None),
}


@pytest.mark.parametrize("what", _STUBS)
async def test_what_a_child_says_is_not_believed(what: str, make: Make, work: Work) -> None:
    """A process in somebody's hands can only be refused; one that fails for no reason of the file's may be tried."""
    code, reason = _STUBS[what]
    with work(code), pytest.raises(ChildFailedError if reason is None else PictureRefusedError) as raised:
        async with asyncio.timeout(20):
            await make(photo())
    assert reason is None or str(raised.value) == reason


_ANSWER = """from PIL import Image
names = []
for kind in ("avif", "webp", "jpeg"):
    names.append({"name": f"64x64.{kind}", "kind": kind, "width": 64, "height": 64})
    path, other = os.path.join(asked["folder"], f"64x64.{kind}"), os.path.join(os.path.dirname(asked["folder"]), kind)
    WHAT
json.dump({"picture": {"width": 64, "height": 64, "blurhash": "L" * 28, "renditions": names}}, answer)"""
_PICTURES = "Image.new('RGB', (64, 64)).save(path, kind.upper())"
_LINKS = "Image.new('RGB', (64, 64)).save(other, kind.upper()); os.symlink(other, path)"
_PAGES = "print('<script>', file=open(path, 'w'))"


@pytest.mark.parametrize("what", [_LINKS, _PAGES], ids=["links", "pages"])
async def test_files_of_a_child_are_looked_at(what: str, make: Make, work: Work) -> None:
    """A process in somebody's hands can hand over neither other files of the machine, nor pages."""
    with work(_ANSWER.replace("WHAT", what)), pytest.raises(PictureRefusedError) as refused:
        await make(photo(64, 64))
    assert refused.value.reason is Refusal.DECODER_CRASHED


async def test_a_child_has_no_secrets(make: Make, work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment of a picture's process holds none of the server's keys and passwords."""
    monkeypatch.setenv("CENTRAL_DATABASE_URL", "postgresql://central:secret@127.0.0.1/central")
    monkeypatch.delenv("LD_LIBRARY_PATH", raising=False)
    look = "assert set(os.environ) <= {'PATH', 'PYTHONPATH', 'LC_CTYPE'}, 1"
    with work(look), pytest.raises(ChildFailedError, match="ended with 0"):
        await make(photo())


async def test_a_child_meets_no_other(make: Make, work: Work, tmp_path: Path) -> None:
    """What a picture does to its process is not there for the next one, nor is what it starts."""
    started = tmp_path / "started"
    stays = "assert pictures == 1\nstays = subprocess.Popen(['sleep', '60'])\n"
    stays += f"print(stays.pid, file=open('{started}', 'w'))\n"
    with work(stays + _ANSWER.replace("WHAT", _PICTURES)):
        for _ in range(3):
            assert (await make(photo(64, 64))).files
            await until(_gone(int(started.read_text())))


async def test_a_child_reaches_no_other(make: Make, work: Work) -> None:
    """A picture's process has its answer open and nothing else: neither what is asked of others, nor their answers."""
    look = "opened = {os.readlink(f'/proc/self/fd/{fd}') for fd in os.listdir('/proc/self/fd') if int(fd) < 3}\n"
    look += "assert opened == {os.devnull}, opened\n"
    look += "assert sum(os.path.exists(f'/proc/self/fd/{fd}') for fd in range(3, 64)) == 1"
    with work(look), pytest.raises(ChildFailedError, match="ended with 0"):
        await make(photo())


async def test_after_a_crash_addresses_are_others(make: Make, work: Work) -> None:
    """Whoever crashes a process cannot learn from it where things are in the next one."""
    before = _processes()
    with work("os.kill(os.getpid(), signal.SIGSEGV)"), pytest.raises(PictureRefusedError):
        await make(photo())
    assert _processes() <= before
    assert (await make(photo())).files
    (kept,) = _processes() - before
    assert (await make(photo())).files
    assert _processes() - before == {kept}
    assert psutil.Process(kept).num_threads() == 1


async def test_others_go_on(make: Make, work: Work) -> None:
    """A process that is killed from outside is to be tried again, and the next picture is made."""
    with work("os.kill(os.getpid(), signal.SIGKILL)"), pytest.raises(ChildFailedError):
        await make(photo())
    assert (await make(photo())).files


async def test_a_server_that_has_gone_is_replaced(make: Make) -> None:
    """What is killed while it waits for a picture fails none."""
    before = _processes()
    assert (await make(photo())).files
    (kept,) = _processes() - before
    psutil.Process(kept).kill()
    await asyncio.sleep(0.1)
    assert (await make(photo())).files


_LIMITS = {
    "memory": ("bytearray(2 << 30)", "MemoryError"),
    "files": ("[open('/dev/null') for _ in range(99)]", "Too many open files"),
    "what is written": ("open('out', 'wb').write(bytes(65 << 20))", "File too large"),
}


@pytest.mark.parametrize("what", _LIMITS)
def test_a_child_limits_itself(what: str, tmp_path: Path) -> None:
    """A picture's process can have no more than its share of the machine."""
    code, told = _LIMITS[what]
    limited = f"from central_server.infra.pictures import child\nchild._limit_self()\n{code}"
    done = subprocess.run([sys.executable, "-c", limited], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert told in done.stderr


def test_a_child_has_only_so_much_time() -> None:
    """The bound on CPU is a signal that says so; it is there before anything is read."""
    code = "import resource, sys\nfrom central_server.infra.pictures import child\nget = resource.getrlimit\n"
    code += "child._answer = lambda asked: [get(resource.RLIMIT_CPU), get(resource.RLIMIT_CORE)]\n"
    code += "child.work({}, sys.stdout)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[[30, 32], [0, 0]]"
