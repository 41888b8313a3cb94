from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any, NamedTuple

from central.errors import NotFoundError, UnauthenticatedError
from central.kernel.ids import AuthConnectorId, SessionId, TenantId, UserId
from central.sessions.events import SessionEnd, SessionsEnded, SessionStarted
from central.sessions.models import (
    ListMySessionsInput,
    ListMySessionsResponse,
    ListUserSessionsInput,
    ListUserSessionsResponse,
    RevokeMatchingSessionsInput,
    RevokeMatchingSessionsResponse,
    RevokeMySessionInput,
    RevokeMySessionsInput,
    RevokeSessionsResponse,
    RevokeUserSessionInput,
    RevokeUserSessionsInput,
    SearchSessionsInput,
    SearchSessionsResponse,
)
from central_server.infra.actor import SYSTEM, Actor, By, Caller
from central_server.infra.addresses import Places, known_address
from central_server.infra.config import Settings
from central_server.infra.db import Database, Query, ReadExecutor, WriteExecutor
from central_server.infra.logs import component_logger
from central_server.infra.outbox import Outbox
from central_server.infra.paging import next_cursor, open_cursor
from central_server.infra.tokens import is_token, new_token, token_hash
from central_server.sessions import queries
from central_server.sessions.inputs import Impersonation, Lifetimes, SessionChoice, SessionLimits, in_seconds
from central_server.sessions.mapping import described, described_to_owner
from central_server.sessions.queries import SessionFilters
from central_server.sessions.tables import (
    DBEndedSession,
    DBHeldSession,
    DBPrincipal,
    DBSealedIdToken,
    DBSession,
    DBSessionOrigin,
)
from central_server.sessions.touches import SessionTouches

NamesOf = Callable[[Collection[UserId]], Awaitable[Mapping[UserId, str]]]
_BATCH = 500
_FIRST = 100


class IssuedSession(NamedTuple):
    """A new session, and its token, which exists nowhere else."""

    row: DBSession
    token: str


class SessionService:
    """The sessions of users.

    A session is found by the SHA-256 of its token, together with its user and tenant, which must be active: ending
    it, disabling the user or suspending the tenant takes effect with the next request. So do the lifetimes that the
    server and the tenant allow now, whatever they were when it began. Ended sessions are kept. What was begun from a
    session, in somebody else's name, ends with it.
    """

    def __init__(
        self, db: Database, outbox: Outbox, touches: SessionTouches, places: Places, settings: Settings
    ) -> None:
        self.db = db
        self.outbox = outbox
        self.touches = touches
        self.places = places
        self._limits = SessionLimits.of(settings).parameters()
        self.log = component_logger(self)

    async def find_principal(
        self, token: str | None, executor: ReadExecutor | WriteExecutor | None = None
    ) -> DBPrincipal | None:
        """Find the live session of a token with its active user and tenant."""
        if token is None or not is_token(token):
            return None
        reader = executor or self.db.unscoped()
        principal = await reader.first(queries.FIND_SESSION, token_hash=token_hash(token), **self._limits)
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
        *,
        powerful: bool,
        authenticated_at: datetime | None = None,
        impersonation: Impersonation | None = None,
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
            idle_seconds=in_seconds(lifetimes.idle),
            lifetime_seconds=in_seconds(lifetimes.absolute),
            powerful=powerful,
            address=known_address(caller.address),
            user_agent=caller.user_agent,
            authenticated_at=authenticated_at,
            **await self._origin(tenant, impersonation, executor),
        )
        assert row is not None, "an INSERT returns its row or raises"
        started = SessionStarted(tenant_id=tenant, session_id=row["id"], user_id=user)
        impersonator = impersonation.impersonator if impersonation else None
        await self.outbox.add(started, By(user, impersonator, caller.request_id), executor)
        return IssuedSession(row, token)

    async def continue_session(
        self, tenant: TenantId, former: SessionId, issued: IssuedSession, executor: WriteExecutor
    ) -> IssuedSession:
        """Let a session that was just issued go on where one of the same user ended: it is as fresh, and ends then."""
        row = await executor.first(queries.CONTINUE_SESSION, of_tenant=tenant, of_id=issued.row["id"], former=former)
        assert row is not None, "both sessions are of one user"
        return IssuedSession(row, issued.token)

    async def keep_id_token(self, tenant: TenantId, session: SessionId, sealed: bytes, executor: WriteExecutor) -> None:
        """Keep the sealed ID token of a live session for as long as it lives."""
        await executor.execute(queries.KEEP_ID_TOKEN, of_tenant=tenant, of_id=session, new_token=sealed)

    async def find_origin(
        self, tenant: TenantId, session: SessionId, executor: ReadExecutor | WriteExecutor | None = None
    ) -> DBSessionOrigin | None:
        """Find which way in a session was begun by."""
        return await (executor or self.db.read(tenant)).first(queries.GET_ORIGIN, of_tenant=tenant, id=session)

    async def list_sealed_id_tokens(
        self, prefix: bytes, count: int, executor: WriteExecutor
    ) -> Sequence[DBSealedIdToken]:
        """Give up to `count` ID tokens of all tenants that do not begin so, and keep others from changing them."""
        return await executor.all(queries.LIST_SEALED_ID_TOKENS, prefix=prefix, count=count)

    async def hold_live_session(
        self, tenant: TenantId, user: UserId, session: SessionId, executor: WriteExecutor
    ) -> DBHeldSession | None:
        """Keep a live session of a user from being ended until the transaction ends; None for one that is not live."""
        return await executor.first(queries.HOLD_SESSION, of_tenant=tenant, user=user, session=session, **self._limits)

    async def list_mine(
        self,
        input: ListMySessionsInput,
        actor: Actor,
        names_of: NamesOf,
        executor: ReadExecutor | WriteExecutor | None = None,
    ) -> ListMySessionsResponse:
        """Give a page of the actor's sessions, newest first; `names_of` names whoever acted in their name."""
        rows, cursor = await self._list(input, actor.tenant_id, executor, user=actor.user_id)
        impersonators = {row["impersonator_id"] for row in rows if row["impersonator_id"] is not None}
        names = await names_of(impersonators) if impersonators else dict[UserId, str]()
        sessions = [described_to_owner(row, self.places, actor.session_id, names) for row in rows]
        return ListMySessionsResponse.model_validate({"sessions": sessions, "next_cursor": cursor})

    async def list_of_user(
        self, input: ListUserSessionsInput, actor: Actor, executor: ReadExecutor | WriteExecutor | None = None
    ) -> ListUserSessionsResponse:
        """Give a page of a user's sessions, newest first."""
        rows, cursor = await self._list(input, actor.tenant_id, executor)
        return ListUserSessionsResponse.model_validate({"sessions": self._described(rows), "next_cursor": cursor})

    async def search(
        self, input: SearchSessionsInput, actor: Actor, executor: ReadExecutor | WriteExecutor | None = None
    ) -> SearchSessionsResponse:
        """Give a page of the sessions of the actor's tenant that match, newest first."""
        rows, cursor = await self._list(input, actor.tenant_id, executor)
        return SearchSessionsResponse.model_validate({"sessions": self._described(rows), "next_cursor": cursor})

    async def TX_revoke_mine(self, input: RevokeMySessionInput, actor: Actor) -> None:
        """End one of the actor's sessions; `NotFoundError` when it is no live one of theirs."""
        async with self.db.write(actor.tenant_id, actor.unit) as tx:
            await self._end_one(actor.user_id, input.session, "revoked", actor, tx)

    async def TX_revoke_all_mine(self, input: RevokeMySessionsInput, actor: Actor) -> RevokeSessionsResponse:
        """End the actor's sessions, all or all but the one that asks."""
        async with self.db.write(actor.tenant_id, actor.unit) as tx:
            query = queries.END_OTHER_SESSIONS if input.keep_current else queries.END_SESSIONS
            kept = {"session": actor.session_id} if input.keep_current else {}
            ended = await self._end(query, actor.tenant_id, "revoked", actor.by, tx, user=actor.user_id, **kept)
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

    async def TX_revoke_matching(
        self, input: RevokeMatchingSessionsInput, actor: Actor
    ) -> RevokeMatchingSessionsResponse:
        """End all live sessions that match, in one transaction, or only say which they are."""
        filters, which = _filters(input)
        which |= {"session": None if input.include_current else actor.session_id}
        if input.dry_run:
            return await self._preview(filters, which, actor)
        ended: list[SessionId] = []
        async with self.db.write(actor.tenant_id, actor.unit) as tx:
            query = queries.end_matching(filters)
            while batch := await self._end(query, actor.tenant_id, "revoked", actor.by, tx, **which, count=_BATCH):
                ended += batch
        return RevokeMatchingSessionsResponse(matched=len(ended), revoked=len(ended), session_ids=ended[:_FIRST])

    async def count_chosen(
        self, tenant: TenantId, choice: SessionChoice, executor: ReadExecutor | WriteExecutor | None = None
    ) -> int:
        """Count the live sessions that are chosen."""
        filters, which = _filters(choice)
        found = {"of_tenant": tenant, "session": None, **which, **self._limits}
        return int(await (executor or self.db.read(tenant)).scalar(queries.count_matching(filters), **found))

    async def end_chosen(self, tenant: TenantId, choice: SessionChoice, by: By, executor: WriteExecutor) -> int:
        """End a batch of the live sessions that are chosen, as part of more steps; gives how many, 0 for none left."""
        filters, which = _filters(choice)
        query = queries.end_matching(filters)
        return len(await self._end(query, tenant, "revoked", by, executor, session=None, **which, count=_BATCH))

    async def TX_revoke_everybody(self, tenant: TenantId) -> int:
        """End every live session of a tenant, in batches, as the system; gives how many. May be run again."""
        query, count = queries.end_matching(SessionFilters()), 0
        while True:
            async with self.db.write(tenant) as tx:
                ended = await self._end(query, tenant, "revoked", SYSTEM, tx, session=None, count=_BATCH)
            count += len(ended)
            if not ended:
                return count

    async def TX_sign_out(self, actor: Actor) -> None:
        """End the session that asks."""
        async with self.db.write(actor.tenant_id, actor.unit) as tx:
            await self._end_one(actor.user_id, actor.session_id, "signed_out", actor, tx)

    async def end_sessions_of_user(
        self, tenant: TenantId, user: UserId, reason: SessionEnd, by: By, executor: WriteExecutor
    ) -> Sequence[SessionId]:
        """End all sessions of a user, as part of more steps; gives those that were live."""
        return await self._end(queries.END_SESSIONS, tenant, reason, by, executor, user=user)

    async def end_sessions_of_users(
        self, tenant: TenantId, users: Collection[UserId], reason: SessionEnd, by: By, executor: WriteExecutor
    ) -> None:
        """End all sessions of many users, as part of more steps."""
        ids = [user.uuid for user in users]
        await self._end(queries.END_SESSIONS_OF_USERS, tenant, reason, by, executor, users=ids)

    async def end_sessions_of_connector(
        self, tenant: TenantId, connector: AuthConnectorId, reason: SessionEnd, by: By, executor: WriteExecutor
    ) -> None:
        """End all sessions that came by a connector, as part of more steps; whoever signs in meanwhile is shut out."""
        query = queries.end_matching(SessionFilters(connector=True))
        which = {"connector": connector, "session": None, "count": _BATCH}
        while await self._end(query, tenant, reason, by, executor, **which):
            pass

    async def end_session(
        self, tenant: TenantId, user: UserId, session: SessionId, reason: SessionEnd, by: By, executor: WriteExecutor
    ) -> Sequence[SessionId]:
        """End one session if it is live, as part of more steps."""
        return await self._end(queries.END_SESSION, tenant, reason, by, executor, user=user, session=session)

    async def make_powerful(self, tenant: TenantId, role: str, executor: WriteExecutor) -> None:
        """Shorten the sessions of whoever holds a role that has come to allow more than to read."""
        await executor.execute(queries.MAKE_POWERFUL, of_tenant=tenant, role=role, **self._limits)

    async def end_faded_sessions(self, tenant: TenantId, executor: WriteExecutor) -> None:
        """Write down the ends of sessions that the lifetimes of now have ended, before those grow."""
        while await executor.execute(queries.END_FADED, of_tenant=tenant, count=_BATCH, **self._limits):
            pass

    async def _origin(
        self, tenant: TenantId, impersonation: Impersonation | None, executor: WriteExecutor
    ) -> dict[str, Any]:
        """Hold the session from which somebody begins to act in another's name, which is to end with it.

        `UnauthenticatedError` when it has ended meanwhile.
        """
        names = ("impersonator_id", "impersonator_session_id", "impersonation_reason", "not_after")
        if impersonation is None:
            return dict.fromkeys(names)
        who, session, reason, _ = impersonation
        held = await self.hold_live_session(tenant, who, session, executor)
        if held is None:
            raise UnauthenticatedError("Sign in first; this session has ended.")
        return dict(zip(names, (who, session, reason, held["expires_at"]), strict=True))

    async def _list(
        self,
        input: ListMySessionsInput | ListUserSessionsInput | SearchSessionsInput,
        tenant: TenantId,
        executor: ReadExecutor | WriteExecutor | None,
        **of: UserId,
    ) -> tuple[Sequence[DBSession], str | None]:
        asked, position = open_cursor(input)
        filters, which = _filters(asked, **of)
        if position is not None:
            which |= {"after_key": position.time, "after_id": position.id}
        query = queries.list_sessions(filters, asked.state, goes_on=position is not None)
        rows = await (executor or self.db.read(tenant)).all(
            query, of_tenant=tenant, count=asked.limit + 1, **which, **self._limits
        )
        if len(rows) <= asked.limit:
            return rows, None
        last = rows[asked.limit - 1]
        return rows[: asked.limit], next_cursor(asked, last["created_at"], last["id"])

    async def _preview(
        self, filters: SessionFilters, which: dict[str, Any], actor: Actor
    ) -> RevokeMatchingSessionsResponse:
        reader = self.db.read(actor.tenant_id)
        found = {"of_tenant": actor.tenant_id, **which, **self._limits}
        matched = await reader.scalar(queries.count_matching(filters), **found)
        first = await reader.all(queries.list_matching(filters), **found, count=_FIRST)
        return RevokeMatchingSessionsResponse(matched=matched, revoked=0, session_ids=[row["id"] for row in first])

    def _described(self, rows: Sequence[DBSession]) -> list[dict[str, Any]]:
        return [described(row, self.places) for row in rows]

    async def _end_one(
        self, user: UserId, session: SessionId, reason: SessionEnd, actor: Actor, tx: WriteExecutor
    ) -> None:
        if not await self.end_session(actor.tenant_id, user, session, reason, actor.by, tx):
            raise NotFoundError.of("session")

    async def _end(
        self,
        query: Query[DBEndedSession],
        tenant: TenantId,
        reason: SessionEnd,
        by: By,
        executor: WriteExecutor,
        **which: Any,
    ) -> list[SessionId]:
        """End sessions, and then what was begun from them, which the first statement may have waited for."""
        who = by.impersonator or by.user
        ended = await executor.all(query, of_tenant=tenant, reason=reason, by=who, **which, **self._limits)
        if not ended:
            return []
        ids = [row["id"] for row in ended]
        begun = await executor.all(
            queries.END_IMPERSONATIONS,
            of_tenant=tenant,
            reason="impersonator_left",
            by=who,
            sessions=[id.uuid for id in ids],
            **self._limits,
        )
        events = [*_events(tenant, ended, reason), *_events(tenant, begun, "impersonator_left")]
        await self.outbox.add_all(events, by, executor)
        return ids


def _filters(
    input: ListMySessionsInput
    | ListUserSessionsInput
    | SearchSessionsInput
    | RevokeMatchingSessionsInput
    | SessionChoice,
    **of: UserId,
) -> tuple[SessionFilters, dict[str, Any]]:
    """Give the conditions that an input asks for, and their values."""
    given = {name: getattr(input, name, None) for name in SessionFilters._fields} | of
    which = {name: value for name, value in given.items() if value is not None}
    return SessionFilters(**dict.fromkeys(which, True)), which


def _events(tenant: TenantId, ended: Sequence[DBEndedSession], reason: SessionEnd) -> list[SessionsEnded]:
    """Tell of ended sessions, user by user."""
    by_user = groupby(sorted(ended, key=_whose), _whose)
    return [
        SessionsEnded(tenant_id=tenant, user_id=user, session_ids=[row["id"] for row in rows], reason=reason)
        for user, rows in by_user
    ]


def _whose(row: DBEndedSession) -> UserId:
    return row["user_id"]
