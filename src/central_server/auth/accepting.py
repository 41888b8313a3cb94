from typing import Literal, NamedTuple

from central.auth.models import SignedInPrivate
from central.auth_connectors.models import AuthConnectorPublic, ListAuthConnectorsPublicInput
from central.errors import ConflictError, GoneError, UnauthenticatedError
from central.invitations.models import (
    AcceptInvitationInput,
    AcceptInvitationResponse,
    GetInvitationPublicInput,
    InvitationPublic,
)
from central.kernel.ids import AuthConnectorId, TenantId
from central_server.auth.codes import active_tenant
from central_server.auth.issuing import SessionIssuer
from central_server.auth_connectors.service import AuthConnectorService
from central_server.infra.actor import By, Caller
from central_server.infra.db import Database, WriteExecutor
from central_server.infra.http.cookies import CookieNames
from central_server.infra.tokens import is_token, new_token
from central_server.invitations.acceptances import WINDOW, Acceptances, Newcomer
from central_server.invitations.mapping import public_invitation_from
from central_server.invitations.policy import Invitee, Step, decide_step, ended, impersonating
from central_server.invitations.tables import DBOpenInvitation
from central_server.sessions.service import IssuedSession, SessionService
from central_server.sessions.tables import DBPrincipal
from central_server.tenants.service import TenantService
from central_server.users.service import UserService

_ATTEMPTS = 3


class Accepted(NamedTuple):
    """What came of it: a new session, or the binding of the browser that has to sign in first, or neither."""

    issued: IssuedSession | None = None
    binding: str | None = None


class InvitationAcceptance:
    """Accepting invitations by their links.

    Somebody new whose tenant mails codes is let in at once: the mailed link shows as much as a code does. Everybody
    else signs in by their usual way, before or after, and never is an invitation used up without its effect.
    """

    def __init__(
        self,
        db: Database,
        tenants: TenantService,
        users: UserService,
        auth_connectors: AuthConnectorService,
        sessions: SessionService,
        acceptances: Acceptances,
        issuer: SessionIssuer,
        cookies: CookieNames,
    ) -> None:
        self.db = db
        self.tenants = tenants
        self.users = users
        self.auth_connectors = auth_connectors
        self.sessions = sessions
        self.acceptances = acceptances
        self.issuer = issuer
        self.cookies = cookies

    async def get_public(self, input: GetInvitationPublicInput) -> InvitationPublic:
        """Show an invitation that can be accepted; `NotFoundError` for no link, `GoneError` for one that has ended."""
        tenant = await self.tenants.with_tenant_by_ref(input.tenant or "", active_tenant)
        reader = self.db.read(tenant.id)
        row = await self.acceptances.find(tenant.id, input.token, reader)
        if row["state"] != "pending":
            raise ended(row["state"])
        inviter = await self.users.get_user_by_id(tenant.id, row["invited_by"], reader)
        name = tenant.name if inviter is None else inviter.display_name
        return public_invitation_from(row, await self.tenants.get_public(tenant.id), name)

    async def foresee(self, input: GetInvitationPublicInput, caller: Caller) -> Step | Literal["accepted"]:
        """Say how accepting would go on in this browser; raises what keeps it from that, and changes nothing."""
        tenant = (await self.tenants.with_tenant_by_ref(input.tenant or "", active_tenant)).id
        guest = await self._guest(tenant, caller)
        # Whoever comes from the sign-in that accepted sees that: no replica will do.
        now = self.db.autocommit(tenant)
        step, _ = await self._step(tenant, await self.acceptances.find(tenant, input.token, now), guest, now)
        return step

    async def has_begun(self, tenant: TenantId, caller: Caller) -> bool:
        """Say whether a sign-in in this browser may accept an invitation."""
        return await self.acceptances.has_begun(tenant, caller, self.db.autocommit(tenant))

    async def TX_accept(self, input: AcceptInvitationInput, caller: Caller) -> AcceptInvitationResponse:
        """Accept, or note that the sign-in which comes next in this browser does; a lost race is run again."""
        tenant = (await self.tenants.with_tenant_by_ref(input.tenant or "", active_tenant)).id
        guest = await self._guest(tenant, caller)
        for attempt in range(_ATTEMPTS):
            try:
                accepted = await self._TX_accept(tenant, input.token, guest, caller)
                return await self._answer(tenant, accepted, caller)
            except ConflictError as error:
                if error.code != "email_taken" or attempt == _ATTEMPTS - 1:
                    raise
        raise AssertionError("the loop returns or raises")

    async def _TX_accept(self, tenant: TenantId, token: str, guest: DBPrincipal | None, caller: Caller) -> Accepted:
        async with self.db.write(tenant) as tx:
            await self.tenants.hold_active_tenant(tenant, tx)
            row = await self.acceptances.find(tenant, token, tx)
            step, codes = await self._step(tenant, row, guest, tx)
            if step == "as_user" and guest is not None:
                try:
                    return await self._accept_as(tenant, guest, row, caller, tx)
                except GoneError:
                    # They accepted it elsewhere at this moment: an impatient second click.
                    if (await self.acceptances.find(tenant, token, tx))["accepted_by"] != guest["user_id"]:
                        raise
                    return Accepted()
            if step == "accepted":
                return Accepted()
            if step == "as_new_user" and codes is not None:
                return await self._accept_as_new(tenant, codes, row, caller, tx)
            given = caller.cookies.sign_in
            binding = given if given is not None and is_token(given) else new_token()
            await self.acceptances.begin(tenant, row, binding, tx)
            return Accepted(binding=binding)

    async def _accept_as(
        self, tenant: TenantId, guest: DBPrincipal, row: DBOpenInvitation, caller: Caller, tx: WriteExecutor
    ) -> Accepted:
        """Let whoever is signed in accept; one who may do more then goes on with a new token.

        `UnauthenticatedError` for a session that somebody ended at this moment.
        """
        origin = await self.sessions.find_origin(tenant, guest["session_id"], tx)
        if origin is None:
            raise _session_ended()
        connector = origin["connector_id"]
        if connector is not None:
            await self.auth_connectors.hold_enabled_auth_connector(tenant, connector, tx)
        by = By(guest["user_id"], request_id=caller.request_id)
        fresh = guest["is_fresh"]
        ended_sessions = await self.acceptances.accept_as(tenant, guest["user_id"], row, by, tx, fresh=fresh)
        if ended_sessions is None:
            return Accepted()
        if guest["session_id"] not in ended_sessions:
            raise _session_ended()
        issued = await self.issuer.issue_session(
            tenant, guest["user_id"], connector, caller, tx, authenticated_at=origin["authenticated_at"]
        )
        return Accepted(await self.sessions.continue_session(tenant, guest["session_id"], issued, tx))

    async def _accept_as_new(
        self, tenant: TenantId, codes: AuthConnectorId, row: DBOpenInvitation, caller: Caller, tx: WriteExecutor
    ) -> Accepted:
        await self.auth_connectors.hold_enabled_auth_connector(tenant, codes, tx)
        newcomer = Newcomer(display_name=None, email_verified=False)
        user = await self.acceptances.accept_as_new(tenant, row, newcomer, caller.by, tx)
        return Accepted(await self.issuer.issue_session(tenant, user.id, codes, caller, tx))

    async def _answer(self, tenant: TenantId, accepted: Accepted, caller: Caller) -> AcceptInvitationResponse:
        if accepted.binding is not None:
            caller.cookies.set(self.cookies.sign_in, accepted.binding, int(WINDOW.total_seconds()))
            return AcceptInvitationResponse(outcome="sign_in_needed", connector=await self._only_way_in(tenant))
        signed_in: SignedInPrivate | None = None
        if accepted.issued is not None:
            signed_in = await self.issuer.welcome(accepted.issued, caller)
        return AcceptInvitationResponse(outcome="accepted", signed_in=signed_in)

    async def _guest(self, tenant: TenantId, caller: Caller) -> DBPrincipal | None:
        """Find who is signed in at this tenant; a session of another one is nobody's here.

        `ForbiddenError` where somebody acts as another person, at whichever tenant: what they begin would be taken
        for that person's.
        """
        found = await self.sessions.find_principal(caller.cookies.session)
        if found is not None and found["impersonator_id"] is not None:
            raise impersonating()
        return found if found is not None and found["tenant_id"] == tenant else None

    async def _step(
        self, tenant: TenantId, row: DBOpenInvitation, guest: DBPrincipal | None, executor: WriteExecutor
    ) -> tuple[Step | Literal["accepted"], AuthConnectorId | None]:
        """Decide how an invitation goes on, and give the connector of mailed codes; raises what keeps it from that."""
        if guest is not None and row["accepted_by"] == guest["user_id"]:
            return "accepted", None
        if row["state"] != "pending":
            raise ended(row["state"])
        codes = await self.auth_connectors.get_email_code_connector(tenant, executor)
        invitee = await self._invitee(tenant, row, executor)
        guest_id = None if guest is None else guest["user_id"]
        step = decide_step(invitee, guest_id, mails_codes=codes is not None)
        return step, None if codes is None else codes["id"]

    async def _invitee(self, tenant: TenantId, row: DBOpenInvitation, executor: WriteExecutor) -> Invitee | None:
        user = await self.users.get_user_by_email(tenant, row["email"], executor)
        return None if user is None else Invitee(user.id, active=user.state == "active")

    async def _only_way_in(self, tenant: TenantId) -> AuthConnectorPublic | None:
        page = await self.auth_connectors.list_public(tenant, ListAuthConnectorsPublicInput(limit=2))
        return page.auth_connectors[0] if len(page.auth_connectors) == 1 else None


def _session_ended() -> UnauthenticatedError:
    return UnauthenticatedError("Sign in first; this session has ended.")
