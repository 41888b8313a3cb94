import uuid
from typing import Any

import pytest

from central_server.infra.temporal.client import TemporalConnection
from central_server.infra.temporal.dispatcher import TemporalDispatcher
from central_server.infra.temporal.spec import Queue, WorkflowSpec
from central_server.infra.temporal.worker import QueueWorker
from central_server.invitations.specs import EXPIRE_INVITATIONS, ExpireInvitationsInput
from central_server.invitations.workflows.expire_invitations import ExpireInvitationsWorkflow
from central_server.units.specs import TELL_ASSIGNMENTS, TellAssignmentsInput
from central_server.units.workflows.tell_assignments import TellAssignmentsWorkflow
from central_server.users.specs import END_ROLES, EndRolesInput
from central_server.users.workflows.end_roles import EndRolesWorkflow
from support.durable import running
from support.record_histories import Telling


@pytest.mark.parametrize(
    ("spec", "input", "workflow"),
    [
        (END_ROLES, EndRolesInput(), EndRolesWorkflow),
        (TELL_ASSIGNMENTS, TellAssignmentsInput(), TellAssignmentsWorkflow),
        (EXPIRE_INVITATIONS, ExpireInvitationsInput(), ExpireInvitationsWorkflow),
    ],
)
async def test_pages_until_no_more_are_due(
    connection: TemporalConnection,
    dispatcher: TemporalDispatcher,
    spec: WorkflowSpec[Any, Any],
    input: Any,
    workflow: type,
) -> None:
    """It goes on to the last page, and says of how many was told in all."""
    async with running(QueueWorker(connection, Queue.CORE, workflows=[workflow], activities=[Telling(pages=4)])):
        id = await dispatcher.start(spec, input, id=f"tell-{uuid.uuid4()}")
        assert (await dispatcher.result(spec, id)).told == 603
