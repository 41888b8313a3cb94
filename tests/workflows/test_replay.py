from datetime import timedelta
from pathlib import Path

import pytest
from temporalio import workflow
from temporalio.client import WorkflowHistory
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Replayer, UnsandboxedWorkflowRunner

from central_server.infra.temporal.worker import sandboxed
from central_server.media.specs import PING, PingInput, PingOutput
from central_server.worker.workflows.core import CORE_WORKFLOWS
from central_server.worker.workflows.media import MEDIA_WORKFLOWS

WORKFLOWS = [*CORE_WORKFLOWS, *MEDIA_WORKFLOWS]
HISTORIES = sorted((Path(__file__).parent / "histories").glob("*.json"))


def recorded(path: Path) -> WorkflowHistory:
    return WorkflowHistory.from_json(path.stem, path.read_text())


@pytest.mark.parametrize("path", HISTORIES, ids=lambda path: path.stem)
async def test_recorded_history_replays(path: Path):
    """Runs of released workflows are understood by this version's (`python -m support.record_histories` adds some)."""
    replayer = Replayer(
        workflows=WORKFLOWS, workflow_runner=sandboxed(WORKFLOWS), data_converter=pydantic_data_converter
    )
    await replayer.replay_workflow(recorded(path))


def test_each_workflow_has_a_history():
    """A workflow without a recorded run would be changed unseen."""
    names = {path.stem.partition("-")[0] for path in HISTORIES}
    assert names == {getattr(each, "__temporal_workflow_definition").name for each in WORKFLOWS}


@workflow.defn(name=PING.name)
class ChangedPing:
    """A later version that forgets the runs before it."""

    @workflow.run
    async def run(self, input: PingInput) -> PingOutput:
        await workflow.sleep(timedelta(seconds=1))
        return PingOutput(message=input.message, worker="")


async def test_changed_workflow_is_noticed():
    """A change that running workflows would not survive fails the replay."""
    replayer = Replayer(
        workflows=[ChangedPing],
        workflow_runner=UnsandboxedWorkflowRunner(),
        data_converter=pydantic_data_converter,
    )
    path = next(path for path in HISTORIES if path.stem.startswith(PING.name))
    with pytest.raises(workflow.NondeterminismError):
        await replayer.replay_workflow(recorded(path))
