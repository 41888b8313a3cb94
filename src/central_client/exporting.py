"""Exports: start, wait, and download the job's file."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from central.jobs.models import Job
from central_client.core import Core
from central_client.downloading import Target, download_flow
from central_client.following import Screen, Watch, wait_flow
from central_client.messages import Flow
from central_client.plan import Plan


class ExportPlans(NamedTuple):
    """The operations that it takes."""

    start: Plan[Job]
    get: Plan[Job]


def export_flow(
    core: Core[Any],
    plans: ExportPlans,
    options: Mapping[str, Any],
    tenant: str | None,
    to: Target,
    timeout: float | None,
    screen: Screen | None,
) -> Flow[Job]:
    """Do it all; a job that takes longer than the timeout goes on, and its file can be downloaded later."""
    started = yield from core.call(plans.start, plans.start.check(dict(options)))
    job = yield from wait_flow(core, Watch(plans.get, started.id, tenant), timeout, screen)
    yield from download_flow(core, plans.get, job.id, tenant, to, None)
    return job
