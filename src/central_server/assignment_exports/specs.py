from datetime import timedelta

from central_server.infra.temporal.spec import Queue, WorkflowSpec
from central_server.jobs.specs import RunJobInput, RunJobOutput

EXPORT_ASSIGNMENTS = WorkflowSpec(
    "units.export_assignments", Queue.CORE, RunJobInput, RunJobOutput, run_timeout=timedelta(hours=25)
)
