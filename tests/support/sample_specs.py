"""A workflow of the tests' own: what it takes and gives, and the activity that does its one step."""

import asyncio
from datetime import timedelta

from temporalio import activity

from central_server.infra.temporal.spec import Queue, ScheduleSpec, WorkflowModel, WorkflowSpec


class SampleInput(WorkflowModel):
    word: str
    seconds: float = 0


class SampleOutput(WorkflowModel):
    word: str


SAMPLE = WorkflowSpec("tests.sample", Queue.CORE, SampleInput, SampleOutput, run_timeout=timedelta(minutes=1))
CLOCK = WorkflowSpec("tests.clock", Queue.CORE, SampleInput, SampleOutput, run_timeout=timedelta(seconds=15))
SAMPLE_SCHEDULE = ScheduleSpec(SAMPLE, SampleInput(word="again"), every=timedelta(seconds=1))


class SampleActivity:
    """Gives words back; `fail` makes as many attempts fail for good."""

    def __init__(self) -> None:
        self.words: list[str] = []
        self.fail = 0
        self.entered = asyncio.Event()

    @activity.defn(name="tests.sample")
    async def answer(self, input: SampleInput) -> SampleOutput:
        self.words.append(input.word)
        self.entered.set()
        if self.fail:
            self.fail -= 1
            raise ValueError("told to fail")
        await asyncio.sleep(input.seconds)
        return SampleOutput(word=input.word)
