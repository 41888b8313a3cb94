"""Importing users: start, hand over the rows, run, and wait."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any, NamedTuple

from central.errors import CentralError
from central.jobs.models import Job
from central_client.core import Core
from central_client.following import Screen, Watch, wait_flow
from central_client.import_rows import RowSource, chunks_of, read_source
from central_client.messages import Flow
from central_client.plan import Plan


class ImportPlans(NamedTuple):
    """The operations that it takes."""

    start: Plan[Job]
    add: Plan[Job]
    run: Plan[Job]
    get: Plan[Job]
    cancel: Plan[Job]


def import_flow(
    core: Core[Any],
    plans: ImportPlans,
    source: RowSource,
    options: Mapping[str, Any],
    tenant: str | None,
    timeout: float | None,
    screen: Screen | None,
    *,
    wait: bool,
) -> Flow[Job]:
    """Do it all; a job whose rows cannot be read or handed over to their end is cancelled."""

    def chunks() -> Iterator[Mapping[str, Any]]:
        for number, rows in enumerate(chunks_of(read_source(source))):
            yield {"chunk": number, "rows": rows}

    return (yield from feed_flow(core, plans, options, chunks(), tenant, timeout, screen, wait=wait))


def feed_flow(
    core: Core[Any],
    plans: ImportPlans,
    options: Mapping[str, Any],
    parts: Iterable[Mapping[str, Any]],
    tenant: str | None,
    timeout: float | None,
    screen: Screen | None,
    *,
    wait: bool,
) -> Flow[Job]:
    """Start a job, hand it what it works on, part by part, and run it; one that cannot have it all is cancelled."""
    where = {} if tenant is None else {"tenant": tenant}
    job = yield from core.call(plans.start, plans.start.check({**options, **where}))
    which = {"job": job.id, **where}
    try:
        for part in parts:
            job = yield from core.call(plans.add, plans.add.check({**which, **part}))
            if screen is not None:
                screen.show(job)
        job = yield from core.call(plans.run, plans.run.check(which))
    except Exception:
        with suppress(CentralError):  # what went wrong is what counts
            yield from core.call(plans.cancel, plans.cancel.check(which))
        if screen is not None:
            screen.close()
        raise
    if not wait:
        return job
    return (yield from wait_flow(core, Watch(plans.get, job.id, tenant), timeout, screen))
