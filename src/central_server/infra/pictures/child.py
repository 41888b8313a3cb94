"""The process that opens files of strangers: one file, then it ends, so that no picture meets another's traces.

It starts before there is a file, and waits for one line of JSON on its standard input; its answer is one on its
standard output. It limits itself before it reads anything.
"""

import json
import resource
import sys
from pathlib import Path
from typing import Any, Final

from central_server.infra.pictures.decoding import decode
from central_server.infra.pictures.recipes import Recipe
from central_server.infra.pictures.refusals import PictureRefusedError, Refusal
from central_server.infra.pictures.rendering import render

_MEMORY: Final = 1024 * 1024 * 1024
"""Of addresses, not of use: stacks, arenas and libraries take a quarter of it, a picture of 50 megapixels the rest."""
_SECONDS: Final = 30
_FILE_BYTES: Final = 64 * 1024 * 1024
_FILES: Final = 64


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


def main() -> None:
    """Do what the line asks; an end of the input before it means that nobody does."""
    _limit_self()
    if line := sys.stdin.readline():
        json.dump(_answer(json.loads(line)), sys.stdout)


if __name__ == "__main__":
    main()
