"""Renditions as Central makes them, a process for each picture; a line for each line, as the others."""

import asyncio
import json
import sys
import tempfile
import time
from pathlib import Path

from structlog.testing import capture_logs

from central_server.images.policy import RECIPES
from central_server.infra.pictures.processor import PictureProcessor


async def main() -> None:
    # The log says what the process of each picture took.
    with capture_logs() as log:
        processor = PictureProcessor()
        for line in sys.stdin:
            usage, path = line.rstrip("\n").split("\t")
            recipe = next(recipe for name, recipe in RECIPES.items() if name == usage)
            with tempfile.TemporaryDirectory() as folder:
                start = time.perf_counter()
                await processor.process(Path(path), Path(folder), recipe)
                wall = time.perf_counter() - start
            took = log[-1]
            answer = {"wall": wall * 1e3, "cpu": took["cpu"] * 1e3, "memory": took["memory"] / 1024}
            print(json.dumps(answer), flush=True)
        await processor.close()


asyncio.run(main())
