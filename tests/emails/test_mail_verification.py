"""The mail that an address is verified by."""

import pytest

from central.kernel.ids import EventId
from central_client import AsyncCentral
from central_server.infra.mail import DirectoryMailer, Mailer, StoredMail
from central_server.users.verifications import EmailVerifications
from support.place import Place
from support.verifying import mailed_verification


async def _mails(place: Place, address: str) -> list[StoredMail]:
    mailer = await place.stack.central.container.get(Mailer)
    assert isinstance(mailer, DirectoryMailer)
    return [mail for mail in await mailer.mails() if mail.to == address]


async def test_code_is_mailed_once(member: AsyncCentral, place: Place) -> None:
    """The mail goes to the address in question, holds the code, and is not sent again once it was; the code works."""
    address = f"{place.tenant.slug}@example.com"
    added = await member.emails.add_mine(email=address)
    started = await member.emails.start_verification(email=added.id)
    code = await mailed_verification(place, started.verification)
    verifications = await place.stack.central.container.get(EmailVerifications)
    event = EventId.new()
    assert await verifications.TX_mail_code(place.tenant.id, started.verification, event)
    assert not await verifications.TX_mail_code(place.tenant.id, started.verification, event)
    (mail,) = await _mails(place, address)
    assert event in mail.message_id
    for body in (mail.text, mail.html):
        assert code in body
        assert "10 minutes" in body
        assert "Acme" in body
        assert (await member.users.me()).display_name in body
    assert (await member.emails.verify(verification=started.verification, code=code)).verified


async def test_longest_names(member: AsyncCentral, place: Place) -> None:
    """The mail of the longest names goes out, with a subject that cuts the tenant's."""
    await place.owner.tenants.rename(name="a" * 200)
    await member.users.update_me(display_name="g" * 200)
    added = await member.emails.add_mine(email=f"{place.tenant.slug}@example.com")
    started = await member.emails.start_verification(email=added.id)
    verifications = await place.stack.central.container.get(EmailVerifications)
    assert await verifications.TX_mail_code(place.tenant.id, started.verification, EventId.new())
    (mail,) = await _mails(place, added.email)
    assert mail.subject.endswith(f" shows {'a' * 59}… that this address is yours")


@pytest.mark.parametrize("words", ["<h1>Central</h1>", "evil.example/login", "https://evil.example"])
async def test_names_stay_words(member: AsyncCentral, place: Place, words: str) -> None:
    """What somebody calls themselves, or a tenant, is neither markup nor a link in a mail to an address they chose."""
    await place.owner.tenants.rename(name=words)
    await member.users.update_me(display_name=words)
    added = await member.emails.add_mine(email=f"{place.tenant.slug}@example.com")
    started = await member.emails.start_verification(email=added.id)
    verifications = await place.stack.central.container.get(EmailVerifications)
    assert await verifications.TX_mail_code(place.tenant.id, started.verification, EventId.new())
    (mail,) = await _mails(place, added.email)
    assert "<h1>Central" not in mail.html
    assert "evil.example" not in mail.text + mail.html


async def test_no_mail_for_what_is_over(member: AsyncCentral, place: Place) -> None:
    """A verification whose address was removed meanwhile is mailed to nobody."""
    added = await member.emails.add_mine(email=f"{place.tenant.slug}@example.com")
    started = await member.emails.start_verification(email=added.id)
    await member.emails.remove_mine(email=added.id)
    verifications = await place.stack.central.container.get(EmailVerifications)
    assert not await verifications.TX_mail_code(place.tenant.id, started.verification, EventId.new())
