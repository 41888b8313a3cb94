"""Importing a tenant: start, hand over the archive part by part, run, and wait."""

import base64
from collections.abc import Iterator, Mapping
from itertools import count
from pathlib import Path
from typing import Any

from central.jobs.models import Job
from central.tenant_archives.models import MOST_PART_BYTES
from central_client.core import Core
from central_client.following import Screen
from central_client.importing import ImportPlans, feed_flow
from central_client.messages import Flow


def import_archive_flow(
    core: Core[Any],
    plans: ImportPlans,
    archive: str | Path,
    options: dict[str, Any],
    timeout: float | None,
    screen: Screen | None,
    *,
    wait: bool,
) -> Flow[Job]:
    """Do it all; a job whose archive cannot be read or handed over to its end is cancelled."""
    return (yield from feed_flow(core, plans, options, _parts(Path(archive)), None, timeout, screen, wait=wait))


def _parts(path: Path) -> Iterator[Mapping[str, Any]]:
    with path.open("rb") as file:
        for number in count():
            if not (part := file.read(MOST_PART_BYTES)):
                return
            yield {"part": number, "content": base64.b64encode(part).decode()}
