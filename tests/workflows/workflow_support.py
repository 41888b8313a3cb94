import asyncio
import base64
import re
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial

from temporalio.client import WorkflowHistory

from central.auth.events import EmailCodeRequested
from central.invitations.events import InvitationMailRequested
from central.kernel.events import Event
from central.kernel.ids import EventId, InvitationId, SignInId, TenantId
from central_server.auth.handlers import MailSignInCode
from central_server.infra.actor import SYSTEM
from central_server.infra.mail import Mail, Mailer, MailTemplates, message_id_for
from central_server.infra.outbox import BatchListener, EventHandlers, HandingOver, Outbox, Relay, RelaySettings
from central_server.infra.outbox.activities.hand_over import HandOverActivity
from central_server.infra.temporal.client import TemporalConnection
from central_server.infra.temporal.dispatcher import TemporalDispatcher
from central_server.invitations.handlers import MailInvitation
from central_server.parts import make_listeners
from central_server.worker.activities import CORE_ACTIVITIES
from central_server.worker.core import run_core_worker
from central_server.worker.parts import WorkerParts
from support.outbox_place import Place
from support.waiting import until

LISTENERS = make_listeners()
FAST = RelaySettings(poll=0.05, redrive=30, first_away_delay=0.05, last_away_delay=0.2, measure=60)


def words_of(history: WorkflowHistory) -> str:
    """Give a history with what it holds in plain text: arguments and results are base64 in its JSON."""
    text = history.to_json()
    return "\n".join([text, *(base64.b64decode(data).decode() for data in re.findall(r'"data": "([^"]+)"', text))])


class Codes:
    """Stands for the auth domain: mails a code to everybody but the sign-ins in `nobody`."""

    def __init__(self, mailer: Mailer) -> None:
        self.mailer = mailer
        self.templates = MailTemplates("central_server.auth")
        self.nobody: set[SignInId] = set()
        self.calls = 0

    async def TX_mail_code(self, tenant: TenantId, sign_in: SignInId, event: EventId) -> bool:
        self.calls += 1
        if sign_in in self.nobody:
            return False
        text, html = self.templates.render(
            "sign_in_code", tenant_name="Acme", code="012345", link="https://central.example/t/acme/link/x", minutes=10
        )
        id = message_id_for(event, self.mailer.host)
        await self.mailer.send(Mail(to="ada@example.com", subject="Code", text=text, html=html, message_id=id))
        return True


class Invitations:
    """Stands for the invitations domain: mails a link for everybody but those in `over`."""

    def __init__(self, mailer: Mailer) -> None:
        self.mailer = mailer
        self.templates = MailTemplates("central_server.invitations")
        self.over: set[InvitationId] = set()
        self.given_up: list[InvitationId] = []
        self.calls = 0

    async def TX_mail_invitation(self, tenant: TenantId, invitation: InvitationId, event: EventId) -> bool:
        self.calls += 1
        if invitation in self.over:
            return False
        text, html = self.templates.render(
            "invitation", tenant_name="Acme", inviter_name="Grace", message="", link="http://x/token", ends_on="today"
        )
        id = message_id_for(event, self.mailer.host)
        await self.mailer.send(Mail(to="ada@example.com", subject="Invited", text=text, html=html, message_id=id))
        return True

    async def TX_give_up(self, tenant: TenantId, invitation: InvitationId) -> None:
        self.given_up.append(invitation)


@dataclass
class Core:
    """A core worker as the container would build it, and what it works on."""

    place: Place
    connection: TemporalConnection
    codes: Codes
    invitations: Invitations
    settings: RelaySettings = FAST

    @property
    def outbox(self) -> Outbox:
        return Outbox(LISTENERS)

    @property
    def activities(self) -> Sequence[object]:
        made = [MailSignInCode(self.codes), MailInvitation(self.invitations)]
        unused = {each.handler for each in LISTENERS if isinstance(each, BatchListener)} - {type(each) for each in made}
        handlers = EventHandlers(LISTENERS, [*made, *(object.__new__(kind) for kind in unused)])
        handing = HandingOver(self.place.database, self.outbox, LISTENERS, handlers)
        return [
            HandOverActivity(handing),
            *(object.__new__(kind) for kind in CORE_ACTIVITIES if kind is not HandOverActivity),  # registered only
        ]

    def relay(self, **settings: float) -> Relay:
        dispatcher = TemporalDispatcher(self.connection, rpc_timeout=2)
        return Relay(self.place.database, dispatcher, LISTENERS, replace(self.settings, **settings))

    async def run(self, stop: asyncio.Event) -> None:
        await run_core_worker(WorkerParts(self.connection, self.activities, self.relay()), stop)

    async def request_code(self) -> EmailCodeRequested:
        event = EmailCodeRequested(tenant_id=TenantId.new(), sign_in_id=SignInId.new())
        await self.outbox.add(event, SYSTEM, self.place.database.autocommit(event.tenant_id))
        return event

    async def request_invitation(self) -> InvitationMailRequested:
        event = InvitationMailRequested(tenant_id=TenantId.new(), invitation_id=InvitationId.new())
        await self.outbox.add(event, SYSTEM, self.place.database.autocommit(event.tenant_id))
        return event

    @asynccontextmanager
    async def without_receipts(self) -> AsyncGenerator[None]:
        """Keep the application from writing receipts, until they are allowed or the end."""
        await self.place.owner.execute("REVOKE UPDATE (state) ON event_handovers FROM central_app_outbox")
        try:
            yield
        finally:
            await self.allow_receipts()

    async def allow_receipts(self) -> None:
        await self.place.owner.execute("GRANT UPDATE (state) ON event_handovers TO central_app_outbox")

    async def batch_of(self, event: Event) -> str:
        """Give the id of the workflow that an event was handed over by."""
        row = await self.place.handover(event)
        return f"{row['listener']}-{row['batch']}"

    async def tried_twice(self) -> bool:
        return self.codes.calls >= 2 or self.invitations.calls >= 2

    async def settled(self, *events: Event, seconds: float = 15) -> None:
        """Wait until the events have their receipts."""

        async def is_done(event: Event) -> bool:
            row = await self.place.handover(event)
            return row is not None and bool(row["state"] == "done")

        for event in events:
            await until(partial(is_done, event), seconds)
