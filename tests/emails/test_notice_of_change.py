"""The mail to an address that was somebody's primary one."""

import asyncio

import pytest

from central.users.events import UserPrimaryEmailChanged
from central_client import AsyncCentral, ConflictError
from central_server.infra.actor import SYSTEM
from central_server.infra.db import Database
from central_server.infra.mail import DirectoryMailer, Mailer, MailRefusedError, StoredMail
from central_server.users.email_changes import EmailChanges
from central_server.users.handlers import MailEmailChange
from support.database import superuser
from support.place import Place
from support.verifying import verified_email

KIND = "user.primary_email.changed"


async def _rows(place: Place, statement: str) -> list[dict[str, object]]:
    async with superuser(place.stack) as connection:
        return [dict(row) for row in await connection.fetch(statement, place.tenant.id.uuid)]


async def _asked(place: Place) -> list[UserPrimaryEmailChanged]:
    """Give the events that the handler is to have."""
    rows = await _rows(place, f"SELECT payload FROM outbox WHERE tenant_id = $1 AND kind = '{KIND}' ORDER BY id")
    return [UserPrimaryEmailChanged.model_validate_json(str(row["payload"])) for row in rows]


async def _deliver(place: Place) -> int:
    """Do what the worker does for every notice, twice over, as it may; gives how many mails that made."""
    handler = await place.stack.central.container.get(MailEmailChange)
    before = await _count_mails(place)
    for event in await _asked(place):
        await handler.handle(event)
        await handler.handle(event)
    return await _count_mails(place) - before


async def _count_mails(place: Place) -> int:
    mailer = await place.stack.central.container.get(Mailer)
    assert isinstance(mailer, DirectoryMailer)
    return len(await mailer.mails())


async def _mails(place: Place, address: str) -> list[StoredMail]:
    mailer = await place.stack.central.container.get(Mailer)
    assert isinstance(mailer, DirectoryMailer)
    return [mail for mail in await mailer.mails() if mail.to == address]


async def _other_address(client: AsyncCentral, place: Place) -> str:
    """Have somebody make another address of theirs their primary one."""
    verified = await verified_email(place, client, place.address())
    await client.emails.make_mine_primary(email=verified.id)
    return verified.email


async def test_own_change(member: AsyncCentral, place: Place) -> None:
    """The former address learns where, when and by whom, once; the new one is neither named nor mailed to."""
    before = await member.users.me()
    new = await _other_address(member, place)
    (event,) = await _asked(place)
    assert await _deliver(place) == 1
    (mail,) = await _mails(place, before.email)
    assert mail.subject == "Your address at Acme was changed"
    assert event.id in mail.message_id
    changed = (await member.users.me()).updated_at
    for body in (mail.text, mail.html):
        assert "in your own account" in body
        assert f"{changed.day} {changed:%B %Y at %H:%M} UTC" in body
        assert "administrator" in body
        assert new not in body
    assert await _mails(place, new) == []
    assert await _rows(place, "SELECT id FROM email_changes WHERE tenant_id = $1") == []


@pytest.mark.parametrize("how", ["users.update", "emails.make_primary"])
async def test_change_by_somebody_else(admin: AsyncCentral, place: Place, how: str) -> None:
    """However an administrator changes an address, the former one learns who did."""
    await admin.users.update_me(display_name="Grace Hopper")
    user = await place.user(email=place.address())
    if how == "users.update":
        await admin.users.update(user=user.id, email=place.address())
    else:
        added = await admin.emails.add(user=user.id, email=place.address())
        await admin.emails.make_primary(user=user.id, email=added.id)
    assert await _deliver(place) == 1
    (mail,) = await _mails(place, user.email)
    for body in (mail.text, mail.html):
        assert "Grace Hopper" in body


async def test_nothing_secret_travels(member: AsyncCentral, place: Place) -> None:
    """The event holds no address."""
    before = await member.users.me()
    new = await _other_address(member, place)
    (row,) = await _rows(place, "SELECT payload::text FROM outbox WHERE tenant_id = $1 AND kind = '" + KIND + "'")
    for address in (before.email, new):
        assert address not in str(row)


async def test_notice_outlives_what_it_is_about(owner: AsyncCentral, place: Place) -> None:
    """The former address hears of it also when it was removed meanwhile, and the user deleted."""
    user = await place.user(email=place.address())
    added = await owner.emails.add(user=user.id, email=place.address())
    former = [email async for email in owner.emails.list(user=user.id) if email.primary]
    await owner.emails.make_primary(user=user.id, email=added.id)
    await owner.emails.remove(user=user.id, email=former[0].id)
    await owner.users.delete(user=user.id)
    assert await _deliver(place) == 1
    assert len(await _mails(place, user.email)) == 1


async def test_change_that_fails(owner: AsyncCentral, place: Place) -> None:
    """Of a change that is rolled back nobody hears: the address is taken, or the rest of the change is refused."""
    user, other = await place.user(email=place.address()), await place.user(email=place.address())
    with pytest.raises(ConflictError):
        await owner.users.update(user=user.id, email=other.email)
    with pytest.raises(ConflictError):
        await owner.users.update(user=place.owner_user.id, email=place.address(), roles=["member"])
    assert await _asked(place) == []
    assert await _rows(place, "SELECT id FROM email_changes WHERE tenant_id = $1") == []


async def test_change_that_is_none(owner: AsyncCentral, place: Place) -> None:
    """The same address, in another case too, is no change."""
    user = await place.user(email=place.address("ada"))
    await owner.users.update(user=user.id, email=user.email.upper())
    await owner.users.update(user=user.id, display_name="Ada")
    assert await _asked(place) == []


async def test_change_that_is_taken_back(place: Place) -> None:
    """What one transaction changes and changes back is mailed to nobody; what two do, to both."""
    changes = await place.stack.central.container.get(EmailChanges)
    database = await place.stack.central.container.get(Database)
    user, first, second = place.owner_user.id, place.address(), place.address()
    async with database.write(place.tenant.id) as tx:
        await changes.note(place.tenant.id, user, first, second, SYSTEM, tx)
        await changes.note(place.tenant.id, user, second, first, SYSTEM, tx)
    assert await _deliver(place) == 0
    for former, new in ((first, second), (second, first)):
        async with database.write(place.tenant.id) as tx:
            await changes.note(place.tenant.id, user, former, new, SYSTEM, tx)
    assert await _deliver(place) == 2
    assert [len(await _mails(place, address)) for address in (first, second)] == [1, 1]


async def test_each_change_at_once(owner: AsyncCentral, place: Place) -> None:
    """However many change an address at the same time, every address that was the primary one hears of it."""
    user = await place.user(email=place.address())
    new = [place.address() for _ in range(5)]
    await asyncio.gather(*(owner.users.update(user=user.id, email=address) for address in new))
    await _deliver(place)
    last = (await owner.users.get(user=user.id)).email
    assert {address: len(await _mails(place, address)) for address in (user.email, *new)} == {
        address: int(address != last) for address in (user.email, *new)
    }


async def test_refused_mail_is_forgotten(member: AsyncCentral, place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nobody takes the mail, it is not tried again, and the address is kept no longer."""

    async def refuse(*_: object) -> None:
        raise MailRefusedError("no such mailbox")

    await _other_address(member, place)
    monkeypatch.setattr(DirectoryMailer, "send", refuse)
    assert await _deliver(place) == 0
    assert await _rows(place, "SELECT id FROM email_changes WHERE tenant_id = $1") == []


async def test_longest_names_and_words(owner: AsyncCentral, place: Place) -> None:
    """The longest name of a tenant is cut in the subject, and names bring neither markup nor links."""
    await owner.users.update_me(display_name="<h1>Central</h1> evil.example/login")
    await owner.tenants.rename(name="a" * 200)
    user = await place.user(email=place.address())
    await owner.users.update(user=user.id, email=place.address())
    assert await _deliver(place) == 1
    (mail,) = await _mails(place, user.email)
    assert mail.subject == f"Your address at {'a' * 59}… was changed"
    assert "<h1>Central" not in mail.html
    assert "evil.example" not in mail.text + mail.html
