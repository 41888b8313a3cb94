import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

from central_server.infra.pictures import servers
from central_server.infra.pictures.processor import PictureProcessor
from central_server.infra.pictures.recipes import Picture, Recipe

SQUARES = Recipe("square", (64, 128))


class Made(NamedTuple):
    """What came out of a file, and the contents of the files by their names."""

    picture: Picture
    files: dict[str, bytes]


Make = Callable[..., Awaitable[Made]]
Work = Callable[[str], AbstractContextManager[None]]


@pytest.fixture
async def make(tmp_path: Path) -> AsyncIterator[Make]:
    """Have pictures made by processes of their own."""
    usual = PictureProcessor()

    async def made(content: bytes, recipe: Recipe = SQUARES, processor: PictureProcessor = usual) -> Made:
        folder = tmp_path / "out"
        folder.mkdir(exist_ok=True)
        for old in folder.iterdir():
            old.unlink()
        source = tmp_path / "in"
        source.write_bytes(content)
        picture = await processor.process(source, folder, recipe)
        return Made(picture, {path.name: path.read_bytes() for path in folder.iterdir()})

    yield made
    await usual.close()


_STUB = """
import json, os, resource, signal, subprocess, sys, time
from central_server.infra.pictures import child, fork_server
pictures = 0
def work(asked, answer):
    global pictures
    pictures += 1
    CODE
child.work = work
fork_server.main()
"""


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Work:
    """Give what lets children do something else than their work, for as long as it is open."""

    @contextmanager
    def done(code: str) -> Iterator[None]:
        (tmp_path / "stub.py").write_text(_STUB.replace("CODE", code.replace("\n", "\n    ")))
        path = os.pathsep.join(filter(None, (str(tmp_path), os.environ.get("PYTHONPATH"))))
        with monkeypatch.context() as patch:
            patch.setattr(servers, "_FORK_SERVER", "stub")
            patch.setenv("PYTHONPATH", path)
            yield

    return done
