from collections.abc import Sequence

from central.errors import ConflictError, ForbiddenError, NotFoundError, RateLimitedError
from central.tool_sign_ins.events import ToolSignInApproved, ToolSignInDenied
from central.tool_sign_ins.models import ToolSignIn, ToolSignInFlow
from central_server.infra.actor import Actor
from central_server.infra.db import Database
from central_server.infra.outbox import Outbox
from central_server.infra.rate_limits.bucket import Ask, longest_wait
from central_server.infra.rate_limits.keys import BucketKeys
from central_server.infra.rate_limits.postgres import PostgresBuckets
from central_server.infra.rate_limits.refusals import Refusals
from central_server.infra.tokens import new_token, token_hash
from central_server.infra.vault import SigningKeys
from central_server.tool_sign_ins import queries
from central_server.tool_sign_ins.policy import CODE_LIFETIME, WRONG_CODES, UserCode, callback_of
from central_server.tool_sign_ins.starting import USER_CODE
from central_server.tool_sign_ins.tables import DBDecided, DBToolSignIn

_BUCKET = "user_codes"


class ToolDecisions:
    """Shows who asks, and lets somebody approve or refuse it, by the code that the tool shows.

    A wrong code counts before it is compared, for the sign-in that it may be meant for and for whoever typed it, and
    in a transaction of its own: nothing that comes after takes it back.
    """

    def __init__(
        self,
        db: Database,
        outbox: Outbox,
        signing: SigningKeys,
        buckets: PostgresBuckets,
        keys: BucketKeys,
        refusals: Refusals,
    ) -> None:
        self.db = db
        self.outbox = outbox
        self.signing = signing
        self.buckets = buckets
        self.keys = keys
        self.refusals = refusals

    async def TX_find(self, user_code: str, actor: Actor) -> ToolSignIn:
        """Give the tool that shows this code; `NotFoundError` for no such one, `RateLimitedError` after many."""
        row = await self._match(user_code, actor)
        return ToolSignIn(
            id=row["id"],
            flow=row["flow"],
            state=row["state"],
            application=row["application"],
            host=row["host"],
            version=row["version"],
            address=row["address"],
            from_here=row["address"] == actor.address,
            created_at=row["created_at"],
            expires_at=row["expires_at"],
        )

    async def TX_approve_device(self, user_code: str, actor: Actor) -> None:
        """Let a tool that polls act as the actor; `ConflictError` when it was decided about already."""
        await self._approve(user_code, "device", None, actor)

    async def TX_approve_loopback(self, user_code: str, actor: Actor) -> str:
        """Let a tool that listens act as the actor; gives the address that brings it its code.

        For the page alone: an operation's answer is kept under its `Idempotency-Key`, where no code may be.
        """
        code = new_token()
        approved = await self._approve(user_code, "loopback", token_hash(code), actor)
        return callback_of(approved["redirect_uri"] or "", code=code, state=approved["client_state"] or "")

    async def TX_deny(self, user_code: str, actor: Actor) -> str | None:
        """Refuse a tool; gives the address at which it learns that, if it listens."""
        row = await self._match(user_code, actor)
        async with self.db.write(actor.tenant_id, actor.unit) as tx:
            decided = await tx.first(
                queries.DENY,
                of_tenant=actor.tenant_id,
                of_id=row["id"],
                new_user=actor.user_id,
                new_session=actor.session_id,
            )
            denied = _decided(decided)
            event = ToolSignInDenied(tenant_id=actor.tenant_id, sign_in_id=denied["id"])
            await self.outbox.add(event, actor.by, tx)
        if denied["redirect_uri"] is None:
            return None
        return callback_of(denied["redirect_uri"], error="access_denied", state=denied["client_state"] or "")

    async def _approve(self, user_code: str, flow: ToolSignInFlow, code_hash: bytes | None, actor: Actor) -> DBDecided:
        check_own_name(actor)
        actor.check_fresh()
        row = await self._match(user_code, actor)
        if row["flow"] != flow:
            raise _not_found()
        async with self.db.write(actor.tenant_id, actor.unit) as tx:
            decided = await tx.first(
                queries.APPROVE,
                of_tenant=actor.tenant_id,
                of_id=row["id"],
                of_flow=flow,
                new_user=actor.user_id,
                new_session=actor.session_id,
                new_code_hash=code_hash,
                code_seconds=int(CODE_LIFETIME.total_seconds()),
            )
            approved = _decided(decided)
            event = ToolSignInApproved(tenant_id=actor.tenant_id, sign_in_id=approved["id"])
            await self.outbox.add(event, actor.by, tx)
        return approved

    async def _match(self, user_code: str, actor: Actor) -> DBToolSignIn:
        """Find the sign-in of a code; a right one was no try."""
        tenant, code = actor.tenant_id, UserCode.of(user_code)
        mine = [Ask(_BUCKET, self.keys.of(_BUCKET, tenant, actor.user_id), WRONG_CODES)]
        row = await self._count_try(code, mine, actor)
        if row is None or not self.signing.verify(USER_CODE, code.signed(tenant, row["id"]), row["user_code_mac"]):
            raise _not_found()
        await self.buckets.give_back(mine)
        async with self.db.write(tenant) as tx:
            await tx.execute(queries.FORGIVE_TRY, of_tenant=tenant, of_id=row["id"])
        return row

    async def _count_try(self, code: UserCode, mine: Sequence[Ask], actor: Actor) -> DBToolSignIn | None:
        taken = await self.buckets.take(mine)
        if not taken.ok:
            self.refusals.count(_BUCKET)
            _, seconds = longest_wait(mine, taken)
            raise RateLimitedError("Too many wrong codes; wait a little.", code="too_many_tries", retry_after=seconds)
        async with self.db.write(actor.tenant_id) as tx:
            return await tx.first(queries.COUNT_TRY, of_tenant=actor.tenant_id, prefix=code.prefix)


def check_own_name(actor: Actor) -> None:
    """Refuse whoever acts in somebody else's name: what a tool gets outlives an impersonation."""
    if actor.impersonator_id is not None:
        raise ForbiddenError("Nobody approves a tool in somebody else's name.", code="impersonation_refused")


def _decided(row: DBDecided | None) -> DBDecided:
    if row is None:
        raise ConflictError("This tool was approved or refused already, or has ended.", code="already_decided")
    return row


def _not_found() -> NotFoundError:
    return NotFoundError("No tool shows this code here; it may have ended.", code="user_code_not_found")
