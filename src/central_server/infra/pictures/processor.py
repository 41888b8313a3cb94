"""Has pictures made in child processes, and believes them nothing."""

import asyncio
import json
import os
import signal
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from pydantic import TypeAdapter

from central_server.infra.logs import component_logger
from central_server.infra.pictures.recipes import Box, Kind, Picture, Recipe
from central_server.infra.pictures.refusals import PictureRefusedError, Refusal
from central_server.infra.pictures.servers import ChildFailedError, Done, ForkServer
from central_server.infra.pictures.sniffing import HEAD_BYTES, sniff

_MOST_USES: Final = 100
_MOST_IDLE: Final = 2
_GRACE: Final = 5.0
"""Seconds that a server has beyond its child's time."""
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


class PictureProcessor:
    """Makes renditions of files that nobody has looked at.

    Each file has a child process to itself, with bounds on memory, CPU, time and what it writes, in a session of its
    own that is killed when it is over, and without the environment. What comes back is checked like any input.
    Children are forked by servers that have loaded what they need; one whose child crashed is not used again, as the
    next child would have its addresses. `close` ends those that wait.
    """

    def __init__(self, *, seconds: float = 60.0) -> None:
        self._seconds = seconds
        self._idle: list[ForkServer] = []
        self._log = component_logger(self)

    async def process(self, source: Path, folder: Path, recipe: Recipe) -> Picture:
        """Write the renditions of a file into an empty folder; `PictureRefusedError` when it is no picture.

        Both paths are absolute. `ChildFailedError` when the child failed for no reason of the file's.
        """
        asked = {"source": str(source), "folder": str(folder), "fit": recipe.fit, "sizes": list(recipe.sizes)}
        done = await self._ask({**asked, "seconds": self._seconds})
        self._log.debug("a picture's process ended", code=done.code, cpu=done.cpu, memory=done.memory)
        return self._judge(done, folder, recipe)

    async def close(self) -> None:
        """End the servers that wait for a picture."""
        while self._idle:
            await self._idle.pop().end()

    async def _ask(self, asked: dict[str, Any]) -> Done:
        server = await self._server()
        sound = False
        try:
            async with asyncio.timeout(self._seconds + _GRACE):
                done = await server.ask(asked)
            sound = done.code == 0 and server.uses < _MOST_USES
        except TimeoutError:
            raise PictureRefusedError(Refusal.TOO_SLOW) from None
        finally:
            if sound and len(self._idle) < _MOST_IDLE:
                self._idle.append(server)
            else:
                await server.end()
        return done

    async def _server(self) -> ForkServer:
        while self._idle:
            server = self._idle.pop()
            if server.lives:
                return server
            await server.end()
        return await ForkServer.start()

    def _judge(self, done: Done, folder: Path, recipe: Recipe) -> Picture:
        if done.said is None:
            raise PictureRefusedError(Refusal.TOO_SLOW)
        if done.code in _CRASHES:
            self._log.warning("a picture's process was killed", signal=-done.code)
            raise PictureRefusedError(_CRASHES[done.code])
        if done.code or not done.said:
            raise ChildFailedError(f"the child ended with {done.code}")
        try:
            answer = json.loads(done.said)
            if "refused" in answer:
                raise PictureRefusedError(Refusal(answer["refused"]))
            picture = _PICTURE.validate_python(answer["picture"])
            _check(picture, folder, recipe)
        except (ValueError, TypeError, LookupError, OSError, UnexpectedFileError) as error:
            # Nothing that was only a picture leads here.
            self._log.error("a picture's process gave what it was not asked for", error=type(error).__name__)
            raise PictureRefusedError(Refusal.DECODER_CRASHED) from None
        return picture


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
