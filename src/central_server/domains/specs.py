from datetime import datetime, timedelta

from central.kernel.ids import DomainId
from central_server.infra.temporal.spec import Queue, ScheduleSpec, WorkflowModel, WorkflowSpec


class DuePosition(WorkflowModel):
    """Where a page of due domains ended."""

    next_check_at: datetime
    domain_id: DomainId


class RecheckDomainsInput(WorkflowModel):
    """Where among the domains that are due to begin, and what was done before that."""

    after: DuePosition | None = None
    checked: int = 0
    changed: int = 0
    failed: int = 0


class RecheckDomainsOutput(WorkflowModel):
    """How many domains were looked for, of them changed, and not recorded because of an error; where the page ended."""

    last: DuePosition | None = None
    checked: int
    changed: int
    failed: int


RECHECK_DOMAINS = WorkflowSpec(
    "domains.recheck",
    Queue.CORE,
    RecheckDomainsInput,
    RecheckDomainsOutput,
    run_timeout=timedelta(hours=6),
)
RECHECK_DOMAINS_HOURLY = ScheduleSpec(
    RECHECK_DOMAINS, RecheckDomainsInput(), every=timedelta(hours=1), offset=timedelta(minutes=17)
)
"""Each run takes what is due: a domain is once a day, or an hour after its servers did not answer."""
