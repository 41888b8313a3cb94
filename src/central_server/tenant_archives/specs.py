from datetime import timedelta

from central_server.infra.temporal.spec import Queue, WorkflowSpec
from central_server.jobs.specs import RunJobInput, RunJobOutput

ARCHIVE_TENANT = WorkflowSpec("tenants.archive", Queue.CORE, RunJobInput, RunJobOutput, run_timeout=timedelta(hours=25))
IMPORT_TENANT = WorkflowSpec("tenants.import", Queue.CORE, RunJobInput, RunJobOutput, run_timeout=timedelta(hours=25))
