import pytest
from mail_support import SENDER

from central_server.infra.mail import SmtpMailer, mailer_from_url
from central_server.infra.mail.smtp import Encryption


@pytest.mark.parametrize(
    ("url", "port", "encryption"),
    [
        ("smtp://mail.example", 587, Encryption.OFFERED),
        ("smtp://mail.example:25?starttls=never", 25, Encryption.NEVER),
        ("smtp://mail.example?starttls=required", 587, Encryption.REQUIRED),
        ("smtp://user:secret@mail.example", 587, Encryption.REQUIRED),
        ("smtp://user:secret@127.0.0.1:2525?starttls=never", 2525, Encryption.NEVER),
        ("smtps://user:secret@mail.example", 465, Encryption.TLS),
    ],
)
def test_url_says_how(url: str, port: int, encryption: Encryption):
    """Port and encryption follow from the URL, and a password asks for encryption."""
    mailer = mailer_from_url(url, sender=SENDER)
    assert isinstance(mailer, SmtpMailer)
    assert (mailer._server.port, mailer._server.encryption) == (port, encryption)
    assert mailer.host == "central.example"


@pytest.mark.parametrize(
    "url",
    [
        "http://mail.example",
        "mail.example:25",
        "smtp://",
        "directory://relative/path",
        "smtp://user:secret@mail.example?starttls=never",
        "smtp://user:secret@mail.example?starttls=offered",
        "smtp://mail.example?starttls=maybe",
        "smtp://mail.example:notaport",
    ],
)
def test_url_that_will_not_do(url: str):
    """A URL of another kind, or one that would show a password, is refused without repeating the password."""
    with pytest.raises(ValueError, match=r".") as caught:
        mailer_from_url(url, sender=SENDER)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("sender", ["", "nobody", "a@b@c", "x <a@b>\r\nBcc: y@z"])
def test_sender_is_an_address(sender: str):
    """A sender that is no address is refused when the mailer is made."""
    with pytest.raises(ValueError, match=r"."):
        mailer_from_url("smtp://mail.example", sender=sender)
