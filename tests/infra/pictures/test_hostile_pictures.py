"""Files that nobody should open are opened: they harm nobody, and nothing comes of them that is no picture."""

import asyncio
import subprocess
import sys
from io import BytesIO
from pathlib import Path

import psutil
import pytest
from PIL import Image

from central_server.infra.pictures import processor as processors
from central_server.infra.pictures.processor import ChildFailedError, PictureProcessor
from central_server.infra.pictures.refusals import PictureRefusedError, Refusal
from infra.pictures.conftest import Make
from support.hostile_pictures import REFUSED, SCRIPT, TAKEN, ZIP, mutations, photo

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


@pytest.fixture
def endless(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> set[int]:
    """A process that comes to no end in the place of the usual one; gives those that there were before."""
    (tmp_path / "stub.py").write_text("import time; time.sleep(60)")
    monkeypatch.setattr(processors, "_CHILD", "stub")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    return {child.pid for child in psutil.Process().children()}


async def test_time_is_bounded(endless: set[int], make: Make) -> None:
    """A picture that takes too long is refused, and its process is gone."""
    async with asyncio.timeout(10):
        with pytest.raises(PictureRefusedError) as refused:
            await make(photo(), processor=PictureProcessor(seconds=0.3))
    assert refused.value.reason is Refusal.TOO_SLOW
    assert {child.pid for child in psutil.Process().children()} <= endless


async def test_a_cancelled_picture_leaves_no_process(endless: set[int], make: Make) -> None:
    """Whoever waits for a picture may go: its process is killed."""
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.3):
            await make(photo())
    assert {child.pid for child in psutil.Process().children()} <= endless


_STUBS = {
    "segfault": ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", Refusal.DECODER_CRASHED),
    "garbage": ("print('{')", Refusal.DECODER_CRASHED),
    "another shape": ("print('[1]')", Refusal.DECODER_CRASHED),
    "an unknown reason": ('print(\'{"refused": "because"}\')', Refusal.DECODER_CRASHED),
    "no memory": ("x = bytearray(2_000_000_000)", None),
}


@pytest.mark.parametrize("what", _STUBS)
async def test_what_a_child_says_is_not_believed(
    what: str, make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process in somebody's hands can only be refused; one that fails for no reason of the file's may be tried."""
    code, reason = _STUBS[what]
    (tmp_path / "stub.py").write_text(
        "import resource; resource.setrlimit(resource.RLIMIT_AS, (1 << 29, 1 << 29))\n" + code
    )
    monkeypatch.setattr(processors, "_CHILD", "stub")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(ChildFailedError if reason is None else PictureRefusedError) as raised:
        await make(photo())
    assert reason is None or str(raised.value) == reason


_ANSWER = """
import json, os, sys
from PIL import Image
asked = json.loads(sys.stdin.readline())
names = []
for kind in ("avif", "webp", "jpeg"):
    names.append({"name": f"64x64.{kind}", "kind": kind, "width": 64, "height": 64})
    path, other = os.path.join(asked["folder"], f"64x64.{kind}"), os.path.join(os.path.dirname(asked["folder"]), kind)
    WHAT
print(json.dumps({"picture": {"width": 64, "height": 64, "blurhash": "L" * 28, "renditions": names}}))
"""
_LINKS = "Image.new('RGB', (64, 64)).save(other, kind.upper()); os.symlink(other, path)"
_PAGES = "print('<script>', file=open(path, 'w'))"


@pytest.mark.parametrize("what", [_LINKS, _PAGES], ids=["links", "pages"])
async def test_files_of_a_child_are_looked_at(
    what: str, make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process in somebody's hands can hand over neither other files of the machine, nor pages."""
    (tmp_path / "stub.py").write_text(_ANSWER.replace("WHAT", what))
    monkeypatch.setattr(processors, "_CHILD", "stub")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(PictureRefusedError) as refused:
        await make(photo(64, 64))
    assert refused.value.reason is Refusal.DECODER_CRASHED


async def test_a_child_has_no_secrets(make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment of a picture's process holds none of the server's keys and passwords."""
    (tmp_path / "stub.py").write_text("import os; assert set(os.environ) <= {'PATH', 'PYTHONPATH', 'LC_CTYPE'}, 1")
    monkeypatch.setattr(processors, "_CHILD", "stub")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("CENTRAL_DATABASE_URL", "postgresql://central:secret@127.0.0.1/central")
    monkeypatch.delenv("LD_LIBRARY_PATH", raising=False)
    with pytest.raises(ChildFailedError, match="ended with 0"):
        await make(photo())


async def test_others_go_on(make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that is killed from outside is to be tried again, and the next picture is made."""
    (tmp_path / "stub.py").write_text("import os, signal; os.kill(os.getpid(), signal.SIGKILL)")
    with monkeypatch.context() as patch:
        patch.setattr(processors, "_CHILD", "stub")
        patch.setenv("PYTHONPATH", str(tmp_path))
        with pytest.raises(ChildFailedError):
            await make(photo())
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
    """The bound on CPU is a signal that says so."""
    code = "from central_server.infra.pictures import child\nchild._limit_self()\nimport resource\n"
    code += "print(resource.getrlimit(resource.RLIMIT_CPU), resource.getrlimit(resource.RLIMIT_CORE))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "(30, 32) (0, 0)\n"
