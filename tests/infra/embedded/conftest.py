from collections.abc import Callable, Generator
from pathlib import Path

import pytest

from support.processes import Script


@pytest.fixture
def script() -> Generator[Callable[..., Script]]:
    scripts: list[Script] = []

    def start(code: str, *arguments: str | Path, prefix: tuple[str, ...] = ()) -> Script:
        scripts.append(Script(code, *arguments, prefix=prefix))
        return scripts[-1]

    yield start
    for each in scripts:
        each.kill()
        for stream in (each.process.stdin, each.process.stdout):
            if stream is not None:
                stream.close()
