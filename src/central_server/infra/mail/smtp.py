from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.headerregistry import Address
from enum import StrEnum

import structlog
from aiosmtplib import SMTP, SMTPException, SMTPRecipientsRefused, SMTPResponseException

from central_server.infra.mail.errors import MailRefusedError, mail_unavailable
from central_server.infra.mail.message import Mail

_log = structlog.get_logger(__name__)
_PERMANENT = range(500, 600)
# The answers of class 5 that are about us or the way to the server, and which an operator can mend.
_OURS_TO_MEND = {500, 501, 502, 503, 504, 530, 534, 535, 538}


class Encryption(StrEnum):
    """How the connection is encrypted: `offered` takes STARTTLS when the server has it, `required` insists."""

    TLS = "tls"
    REQUIRED = "required"
    OFFERED = "offered"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """Where mails are handed on. `timeout` bounds each step, in seconds."""

    host: str
    port: int
    encryption: Encryption
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    timeout: float = 10.0


class SmtpMailer:
    """Hands mails to an SMTP server, over a connection for each."""

    def __init__(self, server: SmtpServer, sender: Address) -> None:
        self._server = server
        self._sender = sender

    @property
    def host(self) -> str:
        """The domain that mails come from."""
        return self._sender.domain

    async def send(self, mail: Mail) -> None:
        """Hand one mail on; see `Mailer`."""
        message = mail.compose(self._sender)
        async with self._connection() as smtp:
            await smtp.send_message(message, sender=self._sender.addr_spec, recipients=[mail.to])
        _log.info("mail sent", message_id=mail.message_id)

    async def check(self) -> None:
        """Connect, encrypt and sign in as for a mail."""
        async with self._connection() as smtp:
            await smtp.noop()

    @asynccontextmanager
    async def _connection(self) -> AsyncGenerator[SMTP]:
        server = self._server
        smtp = SMTP(
            hostname=server.host,
            port=server.port,
            username=server.username,
            password=server.password,
            use_tls=server.encryption is Encryption.TLS,
            start_tls={Encryption.REQUIRED: True, Encryption.OFFERED: None}.get(server.encryption, False),
            timeout=server.timeout,
            # The default looks the machine's own name up, and tells it to the server.
            local_hostname=self.host,
        )
        try:
            async with smtp:
                yield smtp
        except (SMTPException, OSError, TimeoutError) as error:
            raise _meaning(error) from None


def _meaning(error: Exception) -> Exception:
    """Tell a mail that will never be taken from a server that may take it later; addresses are not repeated."""
    code = _code(error)
    if code in _PERMANENT and code not in _OURS_TO_MEND:
        return MailRefusedError(f"The mail server refused the mail with status {code}.")
    return mail_unavailable(f"{type(error).__name__}{f', status {code}' if code else ''}")


def _code(error: Exception) -> int | None:
    if isinstance(error, SMTPRecipientsRefused):
        return error.recipients[0].code
    return error.code if isinstance(error, SMTPResponseException) else None
