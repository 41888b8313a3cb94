"""Records runs of the present workflows for the replay tests: `PYTHONPATH=tests python -m support.record_histories`.

Existing files stay: they are what released versions did. A file is named `{workflow}-{what happened}.json`.
"""

import asyncio
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from temporalio import activity
from temporalio.client import Client, WorkflowFailureError
from temporalio.exceptions import ApplicationError

from central.kernel.ids import (
    DomainId,
    EventId,
    JobId,
    TenantDeletionId,
    TenantId,
)
from central_server.assignment_exports.specs import EXPORT_ASSIGNMENTS
from central_server.assignment_imports.specs import IMPORT_ASSIGNMENTS
from central_server.auth_connectors.specs import WARN_OF_SECRETS, WarnOfSecretsInput, WarnOfSecretsOutput
from central_server.domains.specs import (
    RECHECK_DOMAINS,
    DuePosition,
    RecheckDomainsInput,
    RecheckDomainsOutput,
)
from central_server.event_exports.specs import EXPORT_EVENTS
from central_server.images.specs import PROCESS_IMAGE
from central_server.infra.outbox.specs import HAND_OVER, HandOverInput, HandOverOutput
from central_server.infra.temporal.dispatcher import TemporalDispatcher
from central_server.infra.temporal.spec import Queue
from central_server.infra.temporal.worker import QueueWorker
from central_server.invitations.specs import (
    EXPIRE_INVITATIONS,
    ExpireInvitationsInput,
    ExpireInvitationsOutput,
)
from central_server.jobs.specs import RunJobInput, RunJobOutput
from central_server.media.activities.ping import PingActivity
from central_server.media.specs import PING, PingInput
from central_server.session_revocations.specs import REVOKE_SESSIONS
from central_server.tenant_archives.specs import ARCHIVE_TENANT, IMPORT_TENANT
from central_server.tenant_deletions.specs import (
    DELETE_DUE_TENANTS,
    DELETE_TENANT,
    DeleteDueTenantsInput,
    DeleteDueTenantsOutput,
    DeleteTenantInput,
    DeleteTenantOutput,
)
from central_server.unit_exports.specs import EXPORT_UNITS
from central_server.unit_imports.specs import IMPORT_UNITS
from central_server.units.specs import TELL_ASSIGNMENTS, TellAssignmentsInput, TellAssignmentsOutput
from central_server.upkeep.specs import CLEAN_UP, CleanUpInput, DeleteEndedInput, DeleteEndedOutput
from central_server.user_exports.specs import EXPORT_USERS
from central_server.user_imports.specs import IMPORT_USERS
from central_server.users.specs import (
    END_ROLES,
    EndRolesInput,
    EndRolesOutput,
)
from central_server.worker.workflows.core import CORE_WORKFLOWS
from central_server.worker.workflows.media import MEDIA_WORKFLOWS
from support.durable import fresh_connection, running
from support.servers import shared_temporal

FOLDER = Path(__file__).parents[1] / "workflows" / "histories"


class _Handing:
    def __init__(self, *, fail: bool = False) -> None:
        self.fail = fail

    @activity.defn(name="events.hand_over")
    async def hand_over(self, input: HandOverInput) -> HandOverOutput:
        if self.fail:
            raise ApplicationError("not to be done", type="ValidationError", non_retryable=True)
        return HandOverOutput(handled=3, failed=1)


def _batch() -> HandOverInput:
    return HandOverInput(listener="auth.mail_sign_in_code", batch=uuid4())


class _Rechecking:
    def __init__(self, *, pages: int = 1, fail: bool = False) -> None:
        self.pages, self.fail = pages, fail

    @activity.defn(name="domains.recheck")
    async def recheck(self, input: RecheckDomainsInput) -> RecheckDomainsOutput:
        if self.fail:
            raise ApplicationError("not to be done", type="ValidationError", non_retryable=True)
        self.pages -= 1
        last = DuePosition(next_check_at=datetime(2026, 1, 1, tzinfo=UTC), domain_id=DomainId.new())
        return RecheckDomainsOutput(
            last=last if self.pages else None, checked=input.checked + 100, changed=input.changed + 1, failed=0
        )


class _Warning:
    def __init__(self, *, pages: int = 1, fail: bool = False) -> None:
        self.pages, self.fail = pages, fail

    @activity.defn(name="auth_connectors.warn_of_secrets")
    async def warn(self, input: WarnOfSecretsInput) -> WarnOfSecretsOutput:
        if self.fail:
            raise ApplicationError("not to be done", type="ValidationError", non_retryable=True)
        self.pages -= 1
        return WarnOfSecretsOutput(warned=input.warned + (3 if self.pages else 0), is_last=self.pages == 0)


class Telling:
    def __init__(self, *, pages: int = 1, fail: bool = False) -> None:
        self.pages, self.fail = pages, fail

    def _turn(self) -> int:
        if self.fail:
            raise ApplicationError("not to be done", type="ValidationError", non_retryable=True)
        self.pages -= 1
        return 200 if self.pages else 3

    @activity.defn(name="users.end_roles")
    async def end_roles(self, input: EndRolesInput) -> EndRolesOutput:
        return EndRolesOutput(told=input.told + self._turn(), is_last=self.pages == 0)

    @activity.defn(name="units.tell_assignments")
    async def tell_assignments(self, input: TellAssignmentsInput) -> TellAssignmentsOutput:
        return TellAssignmentsOutput(told=input.told + self._turn(), is_last=self.pages == 0)

    @activity.defn(name="invitations.expire")
    async def expire(self, input: ExpireInvitationsInput) -> ExpireInvitationsOutput:
        return ExpireInvitationsOutput(told=input.told + self._turn(), is_last=self.pages == 0)


class CleaningUp:
    """Every kind takes so many rounds; one of them may fail."""

    def __init__(self, *, rounds: int = 1, fail: bool = False) -> None:
        self.rounds, self.fail = rounds, fail
        self.calls: list[str] = []

    def _delete(self, input: DeleteEndedInput) -> DeleteEndedOutput:
        self.calls.append(activity.info().activity_type)
        deleted = input.deleted + 500
        return DeleteEndedOutput(deleted=deleted, is_last=deleted >= 500 * self.rounds)

    @activity.defn(name="auth.delete_login_transactions")
    async def login_transactions(self, input: DeleteEndedInput) -> DeleteEndedOutput:
        return self._delete(input)

    @activity.defn(name="auth.delete_email_codes")
    async def email_codes(self, input: DeleteEndedInput) -> DeleteEndedOutput:
        if self.fail:
            raise ApplicationError("not to be done", type="ValidationError", non_retryable=True)
        return self._delete(input)

    @activity.defn(name="users.delete_email_verifications")
    async def email_verifications(self, input: DeleteEndedInput) -> DeleteEndedOutput:
        return self._delete(input)

    @activity.defn(name="auth_connectors.delete_tests")
    async def connector_tests(self, input: DeleteEndedInput) -> DeleteEndedOutput:
        return self._delete(input)

    @activity.defn(name="tool_sign_ins.delete_ended")
    async def tool_sign_ins(self, input: DeleteEndedInput) -> DeleteEndedOutput:
        return self._delete(input)

    @activity.defn(name="events.delete_old")
    async def old_events(self, input: DeleteEndedInput) -> DeleteEndedOutput:
        return self._delete(input)

    @activity.defn(name="jobs.delete_files")
    async def job_files(self, input: DeleteEndedInput) -> DeleteEndedOutput:
        return self._delete(input)

    @activity.defn(name="jobs.delete_ended")
    async def jobs(self, input: DeleteEndedInput) -> DeleteEndedOutput:
        return self._delete(input)

    @activity.defn(name="jobs.delete_unrun")
    async def jobs_never_run(self, input: DeleteEndedInput) -> DeleteEndedOutput:
        return self._delete(input)

    @activity.defn(name="images.delete_staged")
    async def staged_files(self, input: DeleteEndedInput) -> DeleteEndedOutput:
        return self._delete(input)

    @activity.defn(name="tenants.delete_import_leftovers")
    async def import_leftovers(self, input: DeleteEndedInput) -> DeleteEndedOutput:
        return self._delete(input)

    @activity.defn(name="http.delete_answers")
    async def answers(self, input: DeleteEndedInput) -> DeleteEndedOutput:
        return self._delete(input)

    @activity.defn(name="events.delete_receipts")
    async def receipts(self, input: DeleteEndedInput) -> DeleteEndedOutput:
        return self._delete(input)

    @activity.defn(name="sessions.delete_ended")
    async def sessions(self, input: DeleteEndedInput) -> DeleteEndedOutput:
        return self._delete(input)

    @activity.defn(name="webhooks.delete_deliveries")
    async def webhook_deliveries(self, input: DeleteEndedInput) -> DeleteEndedOutput:
        return self._delete(input)


class _Working:
    def __init__(self, *, fail: bool = False) -> None:
        self.fail = fail

    def _do(self) -> RunJobOutput:
        if self.fail:
            raise ApplicationError("not to be done", type="ValidationError", non_retryable=True)
        return RunJobOutput(state="succeeded")

    @activity.defn(name="users.import")
    async def import_users(self, input: RunJobInput) -> RunJobOutput:
        return self._do()

    @activity.defn(name="users.export")
    async def export_users(self, input: RunJobInput) -> RunJobOutput:
        return self._do()

    @activity.defn(name="units.import")
    async def import_units(self, input: RunJobInput) -> RunJobOutput:
        return self._do()

    @activity.defn(name="units.export")
    async def export_units(self, input: RunJobInput) -> RunJobOutput:
        return self._do()

    @activity.defn(name="units.import_assignments")
    async def import_assignments(self, input: RunJobInput) -> RunJobOutput:
        return self._do()

    @activity.defn(name="units.export_assignments")
    async def export_assignments(self, input: RunJobInput) -> RunJobOutput:
        return self._do()

    @activity.defn(name="events.export")
    async def export_events(self, input: RunJobInput) -> RunJobOutput:
        return self._do()

    @activity.defn(name="sessions.revoke")
    async def revoke_sessions(self, input: RunJobInput) -> RunJobOutput:
        return self._do()

    @activity.defn(name="images.process")
    async def process_image(self, input: RunJobInput) -> RunJobOutput:
        return self._do()

    @activity.defn(name="images.settle")
    async def settle_image(self, input: RunJobInput) -> RunJobOutput:
        return RunJobOutput()

    @activity.defn(name="jobs.give_up")
    async def give_up(self, input: RunJobInput) -> RunJobOutput:
        return RunJobOutput(state="failed")


class _Archiving:
    @activity.defn(name="tenants.archive")
    async def archive(self, input: RunJobInput) -> RunJobOutput:
        return RunJobOutput(state="succeeded")

    @activity.defn(name="tenants.import")
    async def bring(self, input: RunJobInput) -> RunJobOutput:
        raise ApplicationError("not to be done", type="ValidationError", non_retryable=True)

    @activity.defn(name="jobs.give_up")
    async def give_up(self, input: RunJobInput) -> RunJobOutput:
        return RunJobOutput(state="failed")


class _Deleting:
    def __init__(self, *, fail: bool = False) -> None:
        self.fail = fail

    @activity.defn(name="tenants.delete")
    async def delete(self, input: DeleteTenantInput) -> DeleteTenantOutput:
        if self.fail:
            raise ApplicationError("not to be done", type="ValidationError", non_retryable=True)
        return DeleteTenantOutput(state="deleting")

    @activity.defn(name="tenants.start_due_deletions")
    async def start(self, input: DeleteDueTenantsInput) -> DeleteDueTenantsOutput:
        return DeleteDueTenantsOutput(started=2)


def _run() -> RunJobInput:
    return RunJobInput(event_id=EventId.new(), tenant_id=TenantId.new(), job_id=JobId.new())


_RUNS: list[tuple[str, Any, Any, Any]] = [
    ("answered", PING, PingInput(message="hello"), PingActivity()),
    ("done", HAND_OVER, _batch(), _Handing()),
    ("failed", HAND_OVER, _batch(), _Handing(fail=True)),
    ("one-page", RECHECK_DOMAINS, RecheckDomainsInput(), _Rechecking()),
    ("three-pages", RECHECK_DOMAINS, RecheckDomainsInput(), _Rechecking(pages=3)),
    ("failed", RECHECK_DOMAINS, RecheckDomainsInput(), _Rechecking(fail=True)),
    ("one-page", WARN_OF_SECRETS, WarnOfSecretsInput(), _Warning()),
    ("three-pages", WARN_OF_SECRETS, WarnOfSecretsInput(), _Warning(pages=3)),
    ("failed", WARN_OF_SECRETS, WarnOfSecretsInput(), _Warning(fail=True)),
    ("one-page", END_ROLES, EndRolesInput(), Telling()),
    ("three-pages", END_ROLES, EndRolesInput(), Telling(pages=3)),
    ("failed", END_ROLES, EndRolesInput(), Telling(fail=True)),
    ("one-page", TELL_ASSIGNMENTS, TellAssignmentsInput(), Telling()),
    ("three-pages", TELL_ASSIGNMENTS, TellAssignmentsInput(), Telling(pages=3)),
    ("failed", TELL_ASSIGNMENTS, TellAssignmentsInput(), Telling(fail=True)),
    ("one-page", EXPIRE_INVITATIONS, ExpireInvitationsInput(), Telling()),
    ("three-pages", EXPIRE_INVITATIONS, ExpireInvitationsInput(), Telling(pages=3)),
    ("failed", EXPIRE_INVITATIONS, ExpireInvitationsInput(), Telling(fail=True)),
    ("done", CLEAN_UP, CleanUpInput(), CleaningUp()),
    ("three-rounds", CLEAN_UP, CleanUpInput(), CleaningUp(rounds=3)),
    ("failed", CLEAN_UP, CleanUpInput(), CleaningUp(fail=True)),
    ("done", IMPORT_USERS, _run(), _Working()),
    ("given-up", IMPORT_USERS, _run(), _Working(fail=True)),
    ("done", EXPORT_USERS, _run(), _Working()),
    ("given-up", EXPORT_USERS, _run(), _Working(fail=True)),
    ("done", IMPORT_UNITS, _run(), _Working()),
    ("given-up", IMPORT_UNITS, _run(), _Working(fail=True)),
    ("done", EXPORT_UNITS, _run(), _Working()),
    ("given-up", EXPORT_UNITS, _run(), _Working(fail=True)),
    ("done", IMPORT_ASSIGNMENTS, _run(), _Working()),
    ("given-up", IMPORT_ASSIGNMENTS, _run(), _Working(fail=True)),
    ("done", EXPORT_ASSIGNMENTS, _run(), _Working()),
    ("given-up", EXPORT_ASSIGNMENTS, _run(), _Working(fail=True)),
    ("done", EXPORT_EVENTS, _run(), _Working()),
    ("given-up", EXPORT_EVENTS, _run(), _Working(fail=True)),
    ("done", REVOKE_SESSIONS, _run(), _Working()),
    ("given-up", REVOKE_SESSIONS, _run(), _Working(fail=True)),
    ("done", PROCESS_IMAGE, _run(), _Working()),
    ("given-up", PROCESS_IMAGE, _run(), _Working(fail=True)),
    ("gone", DELETE_TENANT, DeleteTenantInput(deletion_id=TenantDeletionId.new()), _Deleting()),
    ("failed", DELETE_TENANT, DeleteTenantInput(deletion_id=TenantDeletionId.new()), _Deleting(fail=True)),
    ("done", ARCHIVE_TENANT, _run(), _Archiving()),
    ("given-up", IMPORT_TENANT, _run(), _Archiving()),
    ("two-due", DELETE_DUE_TENANTS, DeleteDueTenantsInput(), _Deleting()),
]
_WORKFLOWS = {Queue.CORE: CORE_WORKFLOWS, Queue.MEDIA: MEDIA_WORKFLOWS}


async def _record(name: str, spec: Any, input: Any, holder: object) -> str:
    async with shared_temporal() as server:
        connection = await fresh_connection(server)
        dispatcher = TemporalDispatcher(connection)
        async with running(QueueWorker(connection, spec.queue, workflows=_WORKFLOWS[spec.queue], activities=[holder])):
            await dispatcher.start(spec, input, id=name)
            try:
                await dispatcher.result(spec, name)
            except WorkflowFailureError:
                assert name.endswith("failed")
            client: Client = await connection.client()
            return (await client.get_workflow_handle(name).fetch_history()).to_json()


def _impersonal(history: str) -> str:
    """Leave out which machine and folder it was recorded on."""
    history = re.sub(r'"identity": "[^"]*"', '"identity": "recorded"', history)
    history = re.sub(r'"stackTrace": "(\\.|[^"\\])*"', '"stackTrace": ""', history)
    return re.sub(r"(?<=\d@)[A-Za-z0-9.-]+", "recorded", history)


async def main() -> None:
    """Record what is not there yet."""
    for case, spec, input, holder in _RUNS:
        path = FOLDER / f"{spec.name}-{case}.json"
        if not path.exists():
            history = await _record(path.stem, spec, input, holder)
            path.write_text(_impersonal(history) + "\n")


if __name__ == "__main__":
    asyncio.run(main())
