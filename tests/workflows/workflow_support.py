import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

from central.auth.events import EmailCodeRequested
from central.kernel.ids import EventId, SignInId, TenantId
from central_server.auth.activities.send_sign_in_code import SendSignInCodeActivity
from central_server.container import make_listeners
from central_server.infra.actor import SYSTEM
from central_server.infra.mail import Mail, Mailer, MailTemplates, message_id_for
from central_server.infra.outbox import Outbox, Relay, RelaySettings
from central_server.infra.temporal.client import TemporalConnection
from central_server.infra.temporal.dispatcher import TemporalDispatcher
from central_server.worker.activities import CORE_ACTIVITIES
from central_server.worker.core import run_core_worker
from central_server.worker.parts import WorkerParts
from support.outbox_place import Place
from support.waiting import until

LISTENERS = make_listeners()
FAST = RelaySettings(poll=0.05, redrive=30, first_delay=0.05, last_away_delay=0.2, measure=60)


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
        text, html = self.templates.render("sign_in_code", tenant_name="Acme", code="012345", minutes=10)
        id = message_id_for(event, self.mailer.host)
        await self.mailer.send(Mail(to="ada@example.com", subject="Code", text=text, html=html, message_id=id))
        return True


@dataclass
class Core:
    """A core worker as the container would build it, and what it works on."""

    place: Place
    connection: TemporalConnection
    codes: Codes
    settings: RelaySettings = FAST

    @property
    def outbox(self) -> Outbox:
        return Outbox(LISTENERS)

    @property
    def activities(self) -> Sequence[object]:
        others = [kind for kind in CORE_ACTIVITIES if kind is not SendSignInCodeActivity]
        return [
            SendSignInCodeActivity(self.codes, self.outbox, self.place.database),
            *(object.__new__(kind) for kind in others),  # registered, and not called here
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

    async def tried_twice(self) -> bool:
        return self.codes.calls >= 2

    async def settled(self, *events: EmailCodeRequested, seconds: float = 15) -> None:
        """Wait until the events have their receipts."""

        async def is_done(event: EmailCodeRequested) -> bool:
            return bool((await self.place.row(event))["state"] == "done")

        for event in events:
            await until(partial(is_done, event), seconds)
