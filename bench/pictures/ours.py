"""Renditions as Central makes them, a process for each picture; a line for each line, as the others."""

import asyncio
import json
import resource
import sys
import tempfile
import time
from pathlib import Path

from central_server.images.policy import RECIPES
from central_server.infra.pictures.processor import PictureProcessor


def _used() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


async def main() -> None:
    processor = PictureProcessor()
    for line in sys.stdin:
        usage, path = line.rstrip("\n").split("\t")
        recipe = next(recipe for name, recipe in RECIPES.items() if name == usage)
        with tempfile.TemporaryDirectory() as folder:
            start, cpu = time.perf_counter(), _used()
            await processor.process(Path(path), Path(folder), recipe)
            wall, used = time.perf_counter() - start, _used() - cpu
        memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        print(json.dumps({"wall": wall * 1e3, "cpu": used * 1e3, "memory": memory}), flush=True)


asyncio.run(main())
