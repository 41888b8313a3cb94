"""A mass revocation of sessions, as a worker does it: batch by batch, each one transaction."""

from datetime import datetime
from typing import Any, Final

from central.access import TenantPermissionName
from central.jobs.models import SessionRevocationResult
from central.kernel.ids import JobId, TenantId
from central.session_revocations.models import StartSessionRevocationInput
from central_server.infra.db import Database, ReadExecutor
from central_server.jobs.runs import JobRuns, Outcome, Place, Run
from central_server.jobs.working import JobWork
from central_server.sessions.inputs import SessionChoice
from central_server.sessions.service import SessionService
from central_server.users.batches import UserBatches

_NEEDED: Final[TenantPermissionName] = "sessions:write"


class SessionRevoker:
    """Does mass revocations.

    What has ended is live no more, so that a batch that is done is not met again. Sessions that begin after the job
    was made are none of its: whoever signs in again stays.
    """

    def __init__(
        self, db: Database, runs: JobRuns, work: JobWork, sessions: SessionService, people: UserBatches
    ) -> None:
        self.db = db
        self.runs = runs
        self.work = work
        self.sessions = sessions
        self.people = people

    async def run(self, tenant: TenantId, job: JobId) -> str | None:
        """Do a revocation, or what is left of it; gives how it ended, or None when there was nothing to do."""
        return await self.work.do(tenant, job, "revoking", self._revoke)

    async def _revoke(self, run: Run) -> Outcome:
        asked = StartSessionRevocationInput.model_validate(dict(run.options))
        choice = _choice(asked, run)
        reader = self.db.read(run.tenant_id)
        await self._check_allowed(run, reader)
        left = await self.sessions.count_chosen(run.tenant_id, choice, reader)
        if asked.dry_run:
            return Outcome(_json(SessionRevocationResult(dry_run=True, matched=left)))
        total = run.place.done + left
        while (advanced := await self._TX_revoke_batch(run, choice, total)) is not None:
            run = advanced
        return Outcome(run.place.result)

    async def _TX_revoke_batch(self, run: Run, choice: SessionChoice, total: int) -> Run | None:
        """End a batch and write down how many; None when there was none left."""
        async with self.db.write(run.tenant_id) as tx:
            await self.runs.hold(run, tx)
            await self._check_allowed(run, tx)
            ended = await self.sessions.end_chosen(run.tenant_id, choice, run.by, tx)
            if not ended:
                return None
            done = run.place.done + ended
            result = _json(SessionRevocationResult(matched=done, revoked=done))
            place = Place("revoking", run.place.position + 1, done, max(total, done), None, result)
            return await self.runs.advance(run, place, tx)

    async def _check_allowed(self, run: Run, executor: ReadExecutor) -> None:
        powers = await self.people.get_powers(run.tenant_id, run.starter, executor)
        powers.check_hold(_NEEDED)


def _choice(asked: StartSessionRevocationInput, run: Run) -> SessionChoice:
    until: datetime = run.created_at
    return SessionChoice(
        user=asked.user,
        role=asked.role,
        connector=asked.connector,
        address=asked.address,
        created_before=until if asked.created_before is None else min(until, asked.created_before),
        kept_user=None if asked.include_own else run.starter,
    )


def _json(result: SessionRevocationResult) -> dict[str, Any]:
    return result.model_dump(mode="json", by_alias=False, exclude={"type_"})
