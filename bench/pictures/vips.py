"""Renditions by pyvips; for each line with a usage and a path, a line with the milliseconds."""

import json
import resource
import sys
import time

import pyvips  # pyright: ignore[reportMissingImports]

SIZES = {"content": (1920, 1280, 640, 320), "avatar": (512, 256, 128, 64)}


def make(usage: str, path: str) -> None:
    box = {"height": 100_000, "size": "down"} if usage == "content" else {"crop": "centre"}
    large = pyvips.Image.thumbnail(path, SIZES[usage][0], **box).copy_memory()
    for size in SIZES[usage]:
        one = large if size >= large.width else large.thumbnail_image(size)
        one.heifsave_buffer(compression="av1", Q=60, effort=0, subsample_mode="on")
        one.webpsave_buffer(Q=80, effort=1)
        one.jpegsave_buffer(Q=80)


for line in sys.stdin:
    start, cpu = time.perf_counter(), time.process_time()
    make(*line.rstrip("\n").split("\t"))
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    wall, used = time.perf_counter() - start, time.process_time() - cpu
    print(json.dumps({"wall": wall * 1e3, "cpu": used * 1e3, "memory": memory}), flush=True)
