from datetime import timedelta

from central_server.infra.temporal.spec import Queue, WorkflowSpec
from central_server.jobs.specs import RunJobInput, RunJobOutput

PROCESS_IMAGE = WorkflowSpec("images.process", Queue.MEDIA, RunJobInput, RunJobOutput, run_timeout=timedelta(hours=25))
