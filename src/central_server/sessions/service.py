from collections.abc import Sequence
from datetime import timedelta
from typing import NamedTuple

from central.errors import NotFoundError
from central.kernel.ids import AuthConnectorId, SessionId, TenantId, UserId
from central.sessions.events import SessionEnd, SessionsEnded, SessionStarted
from central.sessions.models import (
    ListMySessionsInput,
    ListMySessionsResponse,
    ListUserSessionsInput,
    ListUserSessionsResponse,
    RevokeMySessionInput,
    RevokeMySessionsInput,
    RevokeSessionsResponse,
    RevokeUserSessionInput,
    RevokeUserSessionsInput,
)
from central_server.infra.actor import Actor, By, Caller
from central_server.infra.db import Database, Query, ReadExecutor, WriteExecutor
from central_server.infra.logs import component_logger
from central_server.infra.outbox import Outbox
from central_server.infra.paging import next_cursor, open_cursor
from central_server.infra.tokens import is_token, new_token, token_hash
from central_server.sessions import queries
from central_server.sessions.tables import DBPrincipal, DBSession, DBSessionId
from central_server.sessions.touches import SessionTouches


class Lifetimes(NamedTuple):
    """How long a session lives: `idle` without use, `absolute` in any case."""

    idle: timedelta
    absolute: timedelta


class IssuedSession(NamedTuple):
    """A new session, and its token, which exists nowhere else."""

    row: DBSession
    token: str


class SessionService:
    """The sessions of users.

    A session is found by the SHA-256 of its token, together with its user and tenant, which must be active: ending
    it, disabling the user or suspending the tenant takes effect with the next request. Ended sessions are kept.
    """

    def __init__(self, db: Database, outbox: Outbox, touches: SessionTouches) -> None:
        self.db = db
        self.outbox = outbox
        self.touches = touches
        self.log = component_logger(self)

    async def find_principal(
        self, token: str | None, executor: ReadExecutor | WriteExecutor | None = None
    ) -> DBPrincipal | None:
        """Find the live session of a token with its active user and tenant."""
        if token is None or not is_token(token):
            return None
        principal = await (executor or self.db.unscoped()).first(queries.FIND_SESSION, token_hash=token_hash(token))
        if principal is not None and principal["touch_due"]:
            self.touches.add(principal["tenant_id"], principal["session_id"])
        return principal

    async def insert_session(
        self,
        tenant: TenantId,
        user: UserId,
        connector: AuthConnectorId | None,
        lifetimes: Lifetimes,
        caller: Caller,
        executor: WriteExecutor,
    ) -> IssuedSession:
        """Make a session without any check: only `SessionIssuer.issue_session` may call this."""
        token = new_token()
        row = await executor.first(
            queries.INSERT_SESSION,
            tenant_id=tenant,
            id=SessionId.new(),
            user_id=user,
            connector_id=connector,
            token_hash=token_hash(token),
            idle_seconds=int(lifetimes.idle.total_seconds()),
            lifetime_seconds=int(lifetimes.absolute.total_seconds()),
            address=caller.address,
            user_agent=caller.user_agent,
        )
        assert row is not None, "an INSERT returns its row or raises"
        started = SessionStarted(tenant_id=tenant, session_id=row["id"], user_id=user)
        await self.outbox.add(started, By(user, request_id=caller.request_id), executor)
        return IssuedSession(row, token)

    async def list_mine(
        self, input: ListMySessionsInput, actor: Actor, executor: ReadExecutor | WriteExecutor | None = None
    ) -> ListMySessionsResponse:
        """Give a page of the actor's live sessions, newest first."""
        rows, cursor = await self._list(input, actor.tenant_id, actor.user_id, executor)
        sessions = [{**row, "current": row["id"] == actor.session_id} for row in rows]
        return ListMySessionsResponse.model_validate({"sessions": sessions, "next_cursor": cursor})

    async def list_of_user(
        self, input: ListUserSessionsInput, actor: Actor, executor: ReadExecutor | WriteExecutor | None = None
    ) -> ListUserSessionsResponse:
        """Give a page of a user's live sessions, newest first."""
        rows, cursor = await self._list(input, actor.tenant_id, input.user, executor)
        return ListUserSessionsResponse.model_validate({"sessions": [{**row} for row in rows], "next_cursor": cursor})

    async def TX_revoke_mine(self, input: RevokeMySessionInput, actor: Actor) -> None:
        """End one of the actor's sessions; `NotFoundError` when it is no live one of theirs."""
        async with self.db.write(actor.tenant_id, actor.unit) as tx:
            await self._end_one(actor.user_id, input.session, "revoked", actor, tx)

    async def TX_revoke_all_mine(self, input: RevokeMySessionsInput, actor: Actor) -> RevokeSessionsResponse:
        """End the actor's sessions, all or all but the one that asks."""
        async with self.db.write(actor.tenant_id, actor.unit) as tx:
            query = queries.END_OTHER_SESSIONS if input.keep_current else queries.END_SESSIONS
            kept = {"session": actor.session_id} if input.keep_current else {}
            ended = await self._end(query, actor.tenant_id, actor.user_id, "revoked", actor.by, tx, **kept)
        return RevokeSessionsResponse(revoked=len(ended))

    async def TX_revoke_of_user(self, input: RevokeUserSessionInput, actor: Actor) -> None:
        """End a session of a user; `NotFoundError` when it is no live one of theirs."""
        async with self.db.write(actor.tenant_id, actor.unit) as tx:
            await self._end_one(input.user, input.session, "revoked", actor, tx)

    async def TX_revoke_all_of_user(self, input: RevokeUserSessionsInput, actor: Actor) -> RevokeSessionsResponse:
        """End all sessions of a user."""
        async with self.db.write(actor.tenant_id, actor.unit) as tx:
            ended = await self.end_sessions_of_user(actor.tenant_id, input.user, "revoked", actor.by, tx)
        return RevokeSessionsResponse(revoked=len(ended))

    async def TX_sign_out(self, actor: Actor) -> None:
        """End the session that asks."""
        async with self.db.write(actor.tenant_id, actor.unit) as tx:
            await self._end_one(actor.user_id, actor.session_id, "signed_out", actor, tx)

    async def end_sessions_of_user(
        self, tenant: TenantId, user: UserId, reason: SessionEnd, by: By, executor: WriteExecutor
    ) -> Sequence[SessionId]:
        """End all sessions of a user, as part of more steps; gives those that were live."""
        return await self._end(queries.END_SESSIONS, tenant, user, reason, by, executor)

    async def end_session(
        self, tenant: TenantId, user: UserId, session: SessionId, reason: SessionEnd, by: By, executor: WriteExecutor
    ) -> Sequence[SessionId]:
        """End one session if it is live, as part of more steps."""
        return await self._end(queries.END_SESSION, tenant, user, reason, by, executor, session=session)

    async def _list(
        self,
        input: ListMySessionsInput | ListUserSessionsInput,
        tenant: TenantId,
        user: UserId,
        executor: ReadExecutor | WriteExecutor | None,
    ) -> tuple[Sequence[DBSession], str | None]:
        asked, position = open_cursor(input)
        reader, count = executor or self.db.read(tenant), asked.limit + 1
        if position is None:
            rows = await reader.all(queries.LIST_SESSIONS, tenant_id=tenant, user_id=user, count=count)
        else:
            rows = await reader.all(
                queries.LIST_SESSIONS_AFTER,
                tenant_id=tenant,
                user_id=user,
                count=count,
                after_key=position.time,
                after_id=position.id,
            )
        if len(rows) <= asked.limit:
            return rows, None
        last = rows[asked.limit - 1]
        return rows[: asked.limit], next_cursor(asked, last["created_at"], last["id"])

    async def _end_one(
        self, user: UserId, session: SessionId, reason: SessionEnd, actor: Actor, tx: WriteExecutor
    ) -> None:
        ended = await self._end(queries.END_SESSION, actor.tenant_id, user, reason, actor.by, tx, session=session)
        if not ended:
            raise NotFoundError.of("session")

    async def _end(
        self,
        query: Query[DBSessionId],
        tenant: TenantId,
        user: UserId,
        reason: SessionEnd,
        by: By,
        executor: WriteExecutor,
        **which: SessionId,
    ) -> list[SessionId]:
        rows = await executor.all(query, of_tenant=tenant, of_user=user, reason=reason, by=by.user, **which)
        ended = [row["id"] for row in rows]
        if ended:
            event = SessionsEnded(tenant_id=tenant, user_id=user, session_ids=ended, reason=reason)
            await self.outbox.add(event, by, executor)
        return ended
