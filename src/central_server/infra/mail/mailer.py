from typing import Protocol

from central_server.infra.mail.message import Mail


class Mailer(Protocol):
    """Hands mails on, at least once each."""

    @property
    def host(self) -> str:
        """The domain that mails come from, for their Message-IDs."""
        ...

    async def send(self, mail: Mail) -> None:
        """Hand one mail on. `MailRefusedError` when that can never work, `UnavailableError` when it may later."""
        ...

    async def check(self) -> None:
        """See that mails could be sent now, without sending one; `UnavailableError` says why not."""
        ...
