"""What a child does: it opens a file of a stranger, and ends. It limits itself before it reads anything."""

import json
import resource
from pathlib import Path
from typing import IO, Any, Final

from central_server.infra.pictures.decoding import decode
from central_server.infra.pictures.recipes import Recipe
from central_server.infra.pictures.refusals import PictureRefusedError, Refusal
from central_server.infra.pictures.rendering import render

_MEMORY: Final = 1024 * 1024 * 1024
"""Of addresses, not of use: stacks, arenas and libraries take a quarter of it, a picture of 50 megapixels the rest."""
_SECONDS: Final = 30
_FILE_BYTES: Final = 64 * 1024 * 1024
_FILES: Final = 64


def work(asked: dict[str, Any], answer: IO[str]) -> None:
    """Do what is asked, and say in JSON what came out."""
    _limit_self()
    json.dump(_answer(asked), answer)


def _limit_self() -> None:
    # At the lower bound the kernel says why it ends the process; at the upper one it could be anybody who kills it.
    resource.setrlimit(resource.RLIMIT_CPU, (_SECONDS, _SECONDS + 2))
    limits = {
        resource.RLIMIT_AS: _MEMORY,
        resource.RLIMIT_FSIZE: _FILE_BYTES,
        resource.RLIMIT_NOFILE: _FILES,
        resource.RLIMIT_CORE: 0,
    }
    for what, most in limits.items():
        resource.setrlimit(what, (most, most))


def _answer(asked: dict[str, Any]) -> dict[str, Any]:
    recipe = Recipe(asked["fit"], asked["sizes"])
    try:
        picture = render(decode(Path(asked["source"]), recipe), recipe, Path(asked["folder"]))
    except PictureRefusedError as refused:
        return {"refused": refused.reason}
    except MemoryError:
        return {"refused": Refusal.TOO_MUCH_MEMORY}
    renditions = [rendition._asdict() for rendition in picture.renditions]
    return {"picture": {**picture._asdict(), "renditions": renditions}}
