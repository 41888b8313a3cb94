"""The renditions of `content` by pyvips; for each line with a path, a line with the milliseconds."""

import json
import resource
import sys
import time

import pyvips  # pyright: ignore[reportMissingImports]

WIDTHS = (1920, 1280, 640, 320)


def make(path: str) -> None:
    large = pyvips.Image.thumbnail(path, WIDTHS[0], height=100_000, size="down").copy_memory()
    for width in WIDTHS:
        one = large if width >= large.width else large.thumbnail_image(width)
        one.heifsave_buffer(compression="av1", Q=60, effort=0, subsample_mode="on")
        one.webpsave_buffer(Q=80, effort=2)
        one.jpegsave_buffer(Q=80)


for line in sys.stdin:
    start, cpu = time.perf_counter(), time.process_time()
    make(line.strip())
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    wall, used = time.perf_counter() - start, time.process_time() - cpu
    print(json.dumps({"wall": wall * 1e3, "cpu": used * 1e3, "memory": memory}), flush=True)
