"""Has pictures made in child processes, and believes them nothing."""

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from contextlib import suppress
from pathlib import Path
from typing import Final

from pydantic import TypeAdapter

from central_server.infra.logs import component_logger
from central_server.infra.pictures.recipes import Box, Kind, Picture, Recipe
from central_server.infra.pictures.refusals import PictureRefusedError, Refusal
from central_server.infra.pictures.sniffing import HEAD_BYTES, sniff

_CHILD: Final = "central_server.infra.pictures.child"
_HANDED_ON: Final = ("PATH", "PYTHONPATH", "LD_LIBRARY_PATH")
"""All that a child gets of the environment: there are keys and passwords in the rest."""
_MOST_ANSWER: Final = 64 * 1024
_MOST_SIDE: Final = 65_535
_BLURHASH_LENGTH: Final = 28
_PICTURE: Final = TypeAdapter[Picture](Picture)
_CRASHES: Final = {
    -signal.SIGXCPU: Refusal.TOO_SLOW,
    -signal.SIGXFSZ: Refusal.DECODER_CRASHED,
    -signal.SIGSEGV: Refusal.DECODER_CRASHED,
    -signal.SIGBUS: Refusal.DECODER_CRASHED,
    -signal.SIGABRT: Refusal.DECODER_CRASHED,
    -signal.SIGFPE: Refusal.DECODER_CRASHED,
    -signal.SIGILL: Refusal.DECODER_CRASHED,
}
"""How files kill their process. SIGKILL is none of it: a machine short of memory sends that to whoever is there."""


class UnexpectedFileError(Exception):
    """A file in the folder is none that was asked for."""


class ChildFailedError(Exception):
    """The child came to no answer although no picture was to blame; another try may."""


class PictureProcessor:
    """Makes renditions of files that nobody has looked at.

    Each file has a child process to itself, with bounds on memory, CPU, time and what it writes, in a session of its
    own that is killed when it is over, and without the environment. What comes back is checked like any input.
    """

    def __init__(self, *, seconds: float = 60.0) -> None:
        self._seconds = seconds
        self._log = component_logger(self)

    async def process(self, source: Path, folder: Path, recipe: Recipe) -> Picture:
        """Write the renditions of a file into an empty folder; `PictureRefusedError` when it is no picture.

        Both paths are absolute. `ChildFailedError` when the child failed for no reason of the file's.
        """
        asked = {"source": str(source), "folder": str(folder), "fit": recipe.fit, "sizes": list(recipe.sizes)}
        child = await _start()
        try:
            async with asyncio.timeout(self._seconds):
                out, _ = await child.communicate(json.dumps(asked).encode() + b"\n")
        except TimeoutError:
            raise PictureRefusedError(Refusal.TOO_SLOW) from None
        finally:
            await _end(child)
        return self._judge(child.returncode or 0, out, folder, recipe)

    def _judge(self, code: int, out: bytes, folder: Path, recipe: Recipe) -> Picture:
        if code in _CRASHES:
            self._log.warning("a picture's process was killed", signal=-code)
            raise PictureRefusedError(_CRASHES[code])
        if code or not out:
            raise ChildFailedError(f"the child ended with {code}")
        try:
            answer = json.loads(out)
            if "refused" in answer:
                raise PictureRefusedError(Refusal(answer["refused"]))
            picture = _PICTURE.validate_python(answer["picture"])
            _check(picture, folder, recipe)
        except (ValueError, TypeError, LookupError, OSError, UnexpectedFileError) as error:
            # Nothing that was only a picture leads here.
            self._log.error("a picture's process gave what it was not asked for", error=type(error).__name__)
            raise PictureRefusedError(Refusal.DECODER_CRASHED) from None
        return picture


async def _start() -> Process:
    environment = {name: os.environ[name] for name in _HANDED_ON if name in os.environ}
    return await asyncio.create_subprocess_exec(
        sys.executable,
        *("-s", "-P", "-W", "ignore", "-m", _CHILD),
        stdin=PIPE,
        stdout=PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        limit=_MOST_ANSWER,
        env=environment,
        cwd="/",
        start_new_session=True,
    )


async def _end(child: Process) -> None:
    """Kill the child with all that it may have started, and wait until it is gone."""
    with suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
    await child.wait()


def _check(picture: Picture, folder: Path, recipe: Recipe) -> None:
    """Raise `UnexpectedFileError` unless these are the renditions that were asked for."""
    size = Box(picture.width, picture.height)
    if not all(1 <= side <= _MOST_SIDE for side in size) or len(picture.blurhash) != _BLURHASH_LENGTH:
        raise UnexpectedFileError
    boxes = [Box(rendition.width, rendition.height) for rendition in picture.renditions]
    if set(boxes) != set(recipe.boxes(size)):
        raise UnexpectedFileError
    for rendition, box in zip(picture.renditions, boxes, strict=True):
        name = f"{box.width}x{box.height}.{rendition.kind}"
        if rendition.name != name or _kind_of(folder / name) is not rendition.kind:
            raise UnexpectedFileError


def _kind_of(path: Path) -> Kind | None:
    """Sniff a file, which must be none but that: no link to another."""
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC), "rb") as file:
        head = file.read(HEAD_BYTES)
    with suppress(PictureRefusedError):
        return sniff(head)
    return None
