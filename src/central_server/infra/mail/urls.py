"""Mailers from their URLs, as the settings have them."""

from email.headerregistry import Address
from email.utils import parseaddr
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from central_server.infra.mail.directory import DirectoryMailer
from central_server.infra.mail.mailer import Mailer
from central_server.infra.mail.smtp import Encryption, SmtpMailer, SmtpServer

_PORTS = {"smtp": 587, "smtps": 465}


def mailer_from_url(url: str, *, sender: str, timeout: float = 10.0) -> Mailer:
    """Make the mailer that a URL stands for; `ValueError` for one that stands for none.

    - `smtp://user:password@host:587`, encrypted by STARTTLS: required when there is a password, otherwise used
      when offered; `?starttls=required`, `offered` or `never` says so. A password is never sent in the clear,
      but to this machine.
    - `smtps://user:password@host:465`, encrypted from the start.
    - `directory:///path`: a mailbox for development.

    `sender` is an address or `Name <address>`, `timeout` is in seconds.
    """
    parts = urlsplit(url)
    if parts.scheme == "directory":
        if parts.netloc or not parts.path.startswith("/"):
            raise ValueError("a mailbox folder is written as directory:///path")
        return DirectoryMailer(Path(unquote(parts.path)), _address(sender))
    if parts.scheme not in _PORTS or not parts.hostname:
        raise ValueError("the mail URL is none of smtp://host, smtps://host and directory:///path")
    return SmtpMailer(_server(parts, timeout), _address(sender))


def _server(parts: SplitResult, timeout: float) -> SmtpServer:
    host = parts.hostname or ""
    password = unquote(parts.password) if parts.password else None
    encryption = Encryption.TLS if parts.scheme == "smtps" else _starttls(parts, secret=bool(password))
    if password and encryption in {Encryption.NEVER, Encryption.OFFERED} and not _is_local(host):
        raise ValueError("a password for the mail server needs encryption: use smtps:// or starttls=required")
    return SmtpServer(
        host=host,
        port=parts.port or _PORTS[parts.scheme],
        encryption=encryption,
        username=unquote(parts.username) if parts.username else None,
        password=password,
        timeout=timeout,
    )


def _starttls(parts: SplitResult, *, secret: bool) -> Encryption:
    chosen = parse_qs(parts.query, strict_parsing=bool(parts.query)).get("starttls")
    if chosen:
        return Encryption(chosen[-1])
    return Encryption.REQUIRED if secret else Encryption.OFFERED


def _is_local(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _address(sender: str) -> Address:
    name, address = parseaddr(sender)
    if address.count("@") != 1 or not sender.isprintable():
        raise ValueError("the sender of mails is an address or 'Name <address>'")
    return Address(display_name=name, addr_spec=address)
