"""Mail: what one is, how it leaves, and the templates that its words come from."""

from central_server.infra.mail.directory import DirectoryMailer, StoredMail
from central_server.infra.mail.errors import MailRefusedError
from central_server.infra.mail.mailer import Mailer
from central_server.infra.mail.message import Mail, message_id_for
from central_server.infra.mail.smtp import SmtpMailer
from central_server.infra.mail.templates import MailBody, MailTemplates
from central_server.infra.mail.urls import mailer_from_url

__all__ = [
    "DirectoryMailer",
    "Mail",
    "MailBody",
    "MailRefusedError",
    "MailTemplates",
    "Mailer",
    "SmtpMailer",
    "StoredMail",
    "mailer_from_url",
    "message_id_for",
]
