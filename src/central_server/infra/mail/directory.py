import asyncio
import os
import secrets
import time
from datetime import UTC, datetime
from email import message_from_bytes
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

from central_server.infra.mail.errors import mail_unavailable
from central_server.infra.mail.message import Mail

_KEPT = 500


class StoredMail(BaseModel):
    """A mail of the development mailbox."""

    model_config = ConfigDict(frozen=True, alias_generator=to_camel, validate_by_name=True, serialize_by_alias=True)

    id: str
    message_id: str
    to: str
    subject: str
    text: str
    html: str
    sent_at: datetime


class DirectoryMailer:
    """A mailbox for development: each mail is one `.eml` file of a folder, which keeps the last `kept`."""

    def __init__(self, folder: Path, sender: Address, *, kept: int = _KEPT) -> None:
        self.folder = folder
        self._sender = sender
        self._kept = kept

    @property
    def host(self) -> str:
        """The domain that mails come from."""
        return self._sender.domain

    async def send(self, mail: Mail) -> None:
        """Write one mail; see `Mailer`."""
        try:
            await asyncio.to_thread(self._write, bytes(mail.compose(self._sender)))
        except OSError as error:
            raise mail_unavailable(f"{type(error).__name__} in {self.folder}") from error

    async def check(self) -> None:
        """See that the folder can be written to."""
        try:
            await asyncio.to_thread(self._probe)
        except OSError as error:
            raise mail_unavailable(f"{type(error).__name__} in {self.folder}") from error

    async def mails(self) -> list[StoredMail]:
        """Read the mails that are there, newest first."""
        return await asyncio.to_thread(self._read_all)

    def _write(self, content: bytes) -> None:
        """Write the file under a hidden name first, so that no reader finds half a mail."""
        name = f"{time.time_ns():020d}-{secrets.token_hex(4)}"
        hidden = self._made_folder() / f".{name}"
        with os.fdopen(os.open(hidden, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content)
        hidden.replace(self.folder / f"{name}.eml")
        for old in self._paths()[self._kept :]:
            old.unlink(missing_ok=True)

    def _probe(self) -> None:
        probe = self._made_folder() / f".probe-{secrets.token_hex(4)}"
        probe.touch(mode=0o600)
        probe.unlink()

    def _made_folder(self) -> Path:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return self.folder

    def _paths(self) -> list[Path]:
        return sorted(self.folder.glob("[0-9]*.eml"), reverse=True)

    def _read_all(self) -> list[StoredMail]:
        found: list[StoredMail] = []
        for path in self._paths():
            try:
                content = path.read_bytes()
            except FileNotFoundError:  # pruned by another process meanwhile
                continue
            found.append(_stored(path.stem, message_from_bytes(content, _class=EmailMessage, policy=SMTP)))
        return found


def _stored(id: str, message: EmailMessage) -> StoredMail:
    return StoredMail(
        id=id,
        message_id=str(message["Message-ID"]),
        to=str(message["To"]),
        subject=str(message["Subject"]),
        text=_content(message, "plain"),
        html=_content(message, "html"),
        sent_at=datetime.fromtimestamp(int(id.partition("-")[0]) / 1e9, UTC),
    )


def _content(message: EmailMessage, subtype: str) -> str:
    part = message.get_body((subtype,))
    return "" if part is None else str(part.get_content()).replace("\r\n", "\n")
