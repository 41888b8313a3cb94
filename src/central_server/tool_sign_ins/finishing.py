from dataclasses import replace

from central.auth.models import SignedInPrivate
from central.errors import CentralError, ConflictError, ForbiddenError, GoneError, RateLimitedError
from central.kernel.ids import TenantId
from central.tool_sign_ins.events import ToolSignedIn
from central.tool_sign_ins.models import ExchangeLoopbackCodeInput, PollDeviceSignInInput
from central_server.auth.codes import active_tenant
from central_server.auth.issuing import Previous, SessionIssuer
from central_server.infra.actor import By, Caller
from central_server.infra.db import Database, WriteExecutor
from central_server.infra.outbox import Outbox
from central_server.infra.tokens import token_hash
from central_server.sessions.service import IssuedSession, SessionService
from central_server.sessions.tables import DBSessionOrigin
from central_server.tenants.service import TenantService
from central_server.tool_sign_ins import queries
from central_server.tool_sign_ins.policy import agent_of, proves
from central_server.tool_sign_ins.tables import DBApproved, DBPoll


class ToolSessions:
    """Gives tools that were approved their sessions, each once.

    A session is that of the user who approved, by the connector that they had come in by, and as old as their own
    sign-in. An approval ends with the session that gave it: whoever is signed out everywhere has approved nothing.
    """

    def __init__(
        self, db: Database, outbox: Outbox, tenants: TenantService, sessions: SessionService, issuer: SessionIssuer
    ) -> None:
        self.db = db
        self.outbox = outbox
        self.tenants = tenants
        self.sessions = sessions
        self.issuer = issuer

    async def TX_poll(self, input: PollDeviceSignInInput, caller: Caller) -> SignedInPrivate:
        """Give the session of a device code, or raise what RFC 8628 (3.5) has a tool told instead."""
        tenant = (await self.tenants.with_tenant_by_ref(input.tenant or "", active_tenant)).id
        poll = await self._count_poll(tenant, input.device_code)
        if poll is None or poll["state"] != "approved" or not poll["live"]:
            raise _not_yet(poll)
        previous = await self.issuer.previous_session(caller)
        async with self.db.write(tenant) as tx:
            approved = _approved(poll)
            origin = await self._hold(tenant, approved, tx)
            # Polls at once have waited for one another by now: the first uses the approval up.
            if await tx.first(queries.USE_DEVICE, of_tenant=tenant, of_id=approved["id"]) is None:
                raise _ended()
            issued = await self._issue(tenant, approved, origin, caller, previous, tx)
        return await self.issuer.welcome(issued, caller)

    async def TX_exchange(self, input: ExchangeLoopbackCodeInput, caller: Caller) -> SignedInPrivate:
        """Give the session of a code; `GoneError` for a code, a verifier or an address that is not the one."""
        tenant = (await self.tenants.with_tenant_by_ref(input.tenant or "", active_tenant)).id
        async with self.db.write(tenant) as tx:
            found = await tx.first(queries.USE_LOOPBACK_CODE, of_tenant=tenant, of_code_hash=token_hash(input.code))
        if found is None or found["redirect_uri"] != input.redirect_uri:
            raise _ended()
        if not proves(input.code_verifier, found["code_challenge"]):
            raise _ended()
        previous = await self.issuer.previous_session(caller)
        async with self.db.write(tenant) as tx:
            origin = await self._hold(tenant, found, tx)
            issued = await self._issue(tenant, found, origin, caller, previous, tx)
        return await self.issuer.welcome(issued, caller)

    async def _count_poll(self, tenant: TenantId, device_code: str) -> DBPoll | None:
        """Note the poll, in a transaction of its own, so that the next one knows when it was."""
        async with self.db.write(tenant) as tx:
            return await tx.first(
                queries.COUNT_POLL, of_tenant=tenant, tenant_id=tenant, code_hash=token_hash(device_code)
            )

    async def _hold(self, tenant: TenantId, approved: DBApproved, tx: WriteExecutor) -> DBSessionOrigin:
        """Keep all that an approval stands on as it is; `GoneError` when the session that gave it has ended.

        The gate's locks first, in its order, and the session after them, as whoever ends one does.
        """
        origin = await self.sessions.find_origin(tenant, approved["session_id"], tx)
        if origin is None:
            raise _ended()
        await self.issuer.hold_active(tenant, approved["user_id"], origin["connector_id"], tx)
        if not await self.sessions.hold_live_session(tenant, approved["user_id"], approved["session_id"], tx):
            raise _ended()
        return origin

    async def _issue(
        self,
        tenant: TenantId,
        approved: DBApproved,
        origin: DBSessionOrigin,
        caller: Caller,
        previous: Previous | None,
        tx: WriteExecutor,
    ) -> IssuedSession:
        user = approved["user_id"]
        issued: IssuedSession = await self.issuer.issue_session(
            tenant,
            user,
            origin["connector_id"],
            replace(caller, user_agent=agent_of(approved["application"], approved["version"], approved["host"])),
            tx,
            previous=previous,
            authenticated_at=origin["authenticated_at"],
        )
        event = ToolSignedIn(tenant_id=tenant, sign_in_id=approved["id"], user_id=user, session_id=issued.row["id"])
        await self.outbox.add(event, By(user, request_id=caller.request_id), tx)
        return issued


def _approved(poll: DBPoll) -> DBApproved:
    assert poll["user_id"] is not None, "whoever approved is known"
    assert poll["session_id"] is not None, "and by which session"
    return DBApproved(
        id=poll["id"],
        application=poll["application"],
        host=poll["host"],
        version=poll["version"],
        user_id=poll["user_id"],
        session_id=poll["session_id"],
    )


def _not_yet(poll: DBPoll | None) -> CentralError:
    """Say why a poll gives no session."""
    if poll is None or poll["state"] == "used" or not poll["live"]:
        return _ended()
    if poll["state"] == "denied":
        return ForbiddenError("Somebody refused this sign-in.", code="access_denied")
    if poll["too_soon"]:
        return RateLimitedError("Poll less often.", code="slow_down", retry_after=poll["interval_seconds"])
    return ConflictError("Nobody has approved this sign-in yet; ask again.", code="authorization_pending")


def _ended() -> GoneError:
    return GoneError("This sign-in has ended, was used, or never was; begin again.", code="expired_token")
