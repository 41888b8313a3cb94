from datetime import datetime, timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy

from support.sample_specs import CLOCK, SAMPLE, SampleActivity, SampleInput, SampleOutput


@workflow.defn(name=SAMPLE.name)
class SampleWorkflow:
    @workflow.run
    async def run(self, input: SampleInput) -> SampleOutput:
        return await workflow.execute_activity_method(
            SampleActivity.answer,
            input,
            start_to_close_timeout=timedelta(seconds=20),
            retry_policy=RetryPolicy(maximum_attempts=1),
        )


@workflow.defn(name=CLOCK.name, failure_exception_types=[Exception])
class ClockWorkflow:
    """Looks at the clock, which no workflow may."""

    @workflow.run
    async def run(self, input: SampleInput) -> SampleOutput:
        return SampleOutput(word=f"{input.word} {datetime.now()}")  # noqa: DTZ005 (what is refused)
