"""Importing a tenant: start, hand over the archive part by part, run, and wait."""

import base64
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from central.errors import CentralError
from central.jobs.models import Job
from central.tenant_archives.models import MOST_PART_BYTES
from central_client.core import Core
from central_client.following import Poll, Screen, wait_flow
from central_client.importing import ImportPlans
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
    job = yield from core.call(plans.start, plans.start.check(options))
    try:
        for number, part in enumerate(_parts(Path(archive))):
            given = {"job": job.id, "part": number, "content": base64.b64encode(part).decode()}
            job = yield from core.call(plans.add, plans.add.check(given))
            if screen is not None:
                screen.show(job)
        job = yield from core.call(plans.run, plans.run.check({"job": job.id}))
    except Exception:
        with suppress(CentralError):  # what went wrong is what counts
            yield from core.call(plans.cancel, plans.cancel.check({"job": job.id}))
        if screen is not None:
            screen.close()
        raise
    if not wait:
        return job
    return (yield from wait_flow(core, Poll(plans.get, job.id, None), timeout, screen))


def _parts(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while part := file.read(MOST_PART_BYTES):
            yield part
