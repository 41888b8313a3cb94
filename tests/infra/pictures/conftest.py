from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from central_server.infra.pictures.processor import PictureProcessor
from central_server.infra.pictures.recipes import Picture, Recipe

SQUARES = Recipe("square", (64, 128))


class Made(NamedTuple):
    """What came out of a file, and the contents of the files by their names."""

    picture: Picture
    files: dict[str, bytes]


Make = Callable[..., Awaitable[Made]]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Have a picture made by a process of its own."""

    async def made(content: bytes, recipe: Recipe = SQUARES, processor: PictureProcessor | None = None) -> Made:
        folder = tmp_path / "out"
        folder.mkdir(exist_ok=True)
        for old in folder.iterdir():
            old.unlink()
        source = tmp_path / "in"
        source.write_bytes(content)
        picture = await (processor or PictureProcessor()).process(source, folder, recipe)
        return Made(picture, {path.name: path.read_bytes() for path in folder.iterdir()})

    return made
