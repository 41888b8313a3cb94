"""One mail, checked so that nothing in it can become another header or another recipient."""

from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, localtime
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from central.kernel.ids import EventId, RichId
from central.kernel.text import Email, Line

_OURS = {
    "auto-submitted", "bcc", "cc", "content-transfer-encoding", "content-type", "date", "from", "message-id",
    "mime-version", "sender", "subject", "to",
}  # fmt: skip


def _free(name: str) -> str:
    if name.lower() in _OURS:
        raise ValueError(f"the header {name} is not the caller's to set")
    return name


HeaderName = Annotated[
    str, StringConstraints(max_length=64, pattern=r"^[A-Za-z][A-Za-z0-9-]*\z"), AfterValidator(_free)
]
MessageId = Annotated[str, StringConstraints(max_length=250, pattern=r"^<[A-Za-z0-9._+-]+@[A-Za-z0-9.-]+>\z")]


class Mail(BaseModel):
    """One mail to one person, as text and as HTML that says the same."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    to: Email
    subject: Line
    text: str
    html: str
    message_id: MessageId = Field(description="Made from what caused the mail, so that a repeat can be told.")
    headers: dict[HeaderName, Line] = {}

    def compose(self, sender: Address) -> EmailMessage:
        """Give the mail as it goes over the wire (RFC 5322), marked as sent by a program (RFC 3834)."""
        message = EmailMessage(policy=SMTP)
        message["From"] = sender
        message["To"] = self.to
        message["Subject"] = self.subject
        message["Date"] = format_datetime(localtime())
        message["Message-ID"] = self.message_id
        message["Auto-Submitted"] = "auto-generated"
        for name, value in self.headers.items():
            message[name] = value
        message.set_content(self.text)
        message.add_alternative(self.html, subtype="html")
        return message


def message_id_for(event: EventId, host: str, recipient: RichId | None = None) -> str:
    """Make the Message-ID of the mail that an event causes: the same however often it is sent.

    With `recipient`, of the one to them, where there are several.
    """
    return f"<{event}@{host}>" if recipient is None else f"<{event}.{recipient}@{host}>"
