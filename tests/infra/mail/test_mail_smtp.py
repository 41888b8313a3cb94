import asyncio
import ssl
import time
from pathlib import Path

import pytest
from mail_support import SENDER, mail

from central.errors import UnavailableError
from central_server.infra.embedded.ports import free_port
from central_server.infra.mail import MailRefusedError, mailer_from_url
from support.smtp import SmtpSink


async def test_mail_arrives_whole(sink: SmtpSink):
    """A mail arrives with both bodies, its Message-ID and the mark that a program sent it."""
    mailer = mailer_from_url(f"smtp://127.0.0.1:{sink.port}", sender=SENDER)
    await mailer.send(mail(headers={"X-Central-Tenant": "acme"}))
    (message,) = sink.messages
    assert (message["To"], message["From"], message["Subject"]) == ("ada@example.com", SENDER, "Grüße")
    assert (message["Message-ID"], message["Auto-Submitted"]) == ("<event-1@central.example>", "auto-generated")
    assert message["X-Central-Tenant"] == "acme"
    bodies = {kind: message.get_body((kind,)) for kind in ("plain", "html")}
    assert all("123456 ✓" in body.get_content() for body in bodies.values() if body is not None)
    assert sink.recipients == [["ada@example.com"]]


async def test_many_at_once(sink: SmtpSink):
    """Mails that are sent at once do not mix."""
    mailer = mailer_from_url(f"smtp://127.0.0.1:{sink.port}", sender=SENDER)
    await asyncio.gather(*(mailer.send(mail(to=f"user{n}@example.com", subject=f"s{n}")) for n in range(20)))
    assert sorted((m["To"], m["Subject"]) for m in sink.messages) == sorted(
        (f"user{n}@example.com", f"s{n}") for n in range(20)
    )


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ("550 no such user", MailRefusedError),
        ("451 greylisted", UnavailableError),
        ("530 sign in first", UnavailableError),
    ],
)
async def test_refusals(sink: SmtpSink, answer: str, error: type[Exception]):
    """What the server refuses for good is told from what may work later; no address is in the error."""
    sink.refuse = answer
    mailer = mailer_from_url(f"smtp://127.0.0.1:{sink.port}", sender=SENDER)
    with pytest.raises(error) as caught:
        await mailer.send(mail())
    assert "ada" not in str(caught.value)
    assert sink.messages == []


async def test_server_away():
    """A server that is not there is unavailable, for a mail and for the check."""
    mailer = mailer_from_url(f"smtp://127.0.0.1:{free_port()}", sender=SENDER)
    for attempt in (mailer.send(mail()), mailer.check()):
        with pytest.raises(UnavailableError) as caught:
            await attempt
        assert caught.value.code == "mail_unavailable"


async def test_silent_server():
    """A server that takes the connection and says nothing is given up within the timeout."""

    async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async with await asyncio.start_server(say_nothing, "127.0.0.1", port := free_port()):
        began = time.monotonic()
        with pytest.raises(UnavailableError):
            await mailer_from_url(f"smtp://127.0.0.1:{port}", sender=SENDER, timeout=0.2).send(mail())
        assert time.monotonic() - began < 2


async def test_starttls_with_password(tls: ssl.SSLContext, certificate: Path, monkeypatch: pytest.MonkeyPatch):
    """A password goes over STARTTLS to a server with a trusted certificate, and to no other."""
    with SmtpSink(tls=tls, user="central", password="p@ss/word") as sink:
        mailer = mailer_from_url(f"smtp://central:p%40ss%2Fword@127.0.0.1:{sink.port}", sender=SENDER)
        with pytest.raises(UnavailableError):
            await mailer.send(mail())
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        await mailer.check()
        await mailer.send(mail())
        wrong = mailer_from_url(f"smtp://central:wrong@127.0.0.1:{sink.port}", sender=SENDER)
        with pytest.raises(UnavailableError, match="535"):
            await wrong.check()
    assert sink.encrypted == [True]


async def test_password_needs_starttls(sink: SmtpSink):
    """A server that offers no encryption gets no password."""
    mailer = mailer_from_url(f"smtp://central:secret@127.0.0.1:{sink.port}", sender=SENDER)
    with pytest.raises(UnavailableError, match=r"SMTP(NotSupported|Exception)"):
        await mailer.send(mail())
    assert "secret" not in repr(vars(mailer))
