from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy

from central_server.images.activities.process_image import ProcessImageActivity
from central_server.images.specs import PROCESS_IMAGE
from central_server.jobs.activities.calling import run_job
from central_server.jobs.specs import RunJobInput, RunJobOutput

_RETRIES = RetryPolicy(
    initial_interval=timedelta(seconds=1), maximum_interval=timedelta(minutes=1), maximum_attempts=60
)


@workflow.defn(name=PROCESS_IMAGE.name)
class ProcessImageWorkflow:
    """Makes a picture, through crashes of workers; one that is not made has failed, and leaves no file behind."""

    @workflow.run
    async def run(self, input: RunJobInput) -> RunJobOutput:
        """Make it, or settle what is left."""
        done = await run_job(ProcessImageActivity.run, input)
        if done.state != "succeeded":
            await workflow.execute_activity_method(
                ProcessImageActivity.settle,
                input,
                start_to_close_timeout=timedelta(minutes=2),
                retry_policy=_RETRIES,
            )
        return done
