import asyncio
from pathlib import Path

import pytest
from mail_support import SENDER, mail

from central.errors import UnavailableError
from central_server.infra.mail import DirectoryMailer, mailer_from_url


async def test_mailbox_reads_newest_first(tmp_path: Path):
    """The development mailbox gives back what was sent, the newest first."""
    mailer = mailer_from_url(f"directory://{tmp_path}/mail", sender=SENDER)
    assert isinstance(mailer, DirectoryMailer)
    assert await mailer.mails() == []
    await mailer.check()
    for n in range(3):
        await mailer.send(mail(subject=f"s{n}"))
    mails = await mailer.mails()
    assert [each.subject for each in mails] == ["s2", "s1", "s0"]
    first = mails[0]
    assert (first.to, first.text, first.html) == ("ada@example.com", mail().text, mail().html)
    assert {"id", "to", "subject", "text", "html", "sentAt"} <= first.model_dump().keys()
    assert first.sent_at > mails[1].sent_at


async def test_mailbox_is_private_and_bounded(tmp_path: Path):
    """Only the last mails are kept, nobody else reads them, and no half-written file is left."""
    mailer = mailer_from_url(f"directory://{tmp_path}/mail", sender=SENDER)
    assert isinstance(mailer, DirectoryMailer)
    mailer._kept = 5
    await asyncio.gather(*(mailer.send(mail(subject=f"s{n}")) for n in range(20)))
    assert len(await mailer.mails()) == len(list((tmp_path / "mail").iterdir())) == 5
    assert (tmp_path / "mail").stat().st_mode & 0o077 == 0
    assert all(path.stat().st_mode & 0o077 == 0 for path in (tmp_path / "mail").iterdir())


async def test_mailbox_without_a_folder(tmp_path: Path):
    """A folder that cannot be one is told as a mail server that is away."""
    (tmp_path / "file").touch()
    mailer = mailer_from_url(f"directory://{tmp_path}/file/mail", sender=SENDER)
    for attempt in (mailer.check(), mailer.send(mail())):
        with pytest.raises(UnavailableError):
            await attempt
