"""The mails of invitations: what they say, what nobody can make them say, and when none goes out."""

import re

import pytest

from central.kernel.ids import EventId
from central_client import AsyncCentral
from central_server.infra.mail import Mail
from support.inviting import invite, mail, mailbox, mails, rows, told, waiting_token
from support.place import BASE_URL, Place
from support.signing_in import run_sql

LINKABLE = re.compile(r"(://|www\.|@)evil|evil\.example|javascript:alert", re.IGNORECASE)
"""What mail programs make links of: an address in one piece."""


def _email(place: Place) -> str:
    return f"ada@{place.tenant.slug}.example"


async def test_mail_says_who_invites_to_what_and_how_to_accept(place: Place) -> None:
    """One mail to the invited address, with the link as text and as a button, until when, and the inviter's words."""
    await place.owner.users.update(user=place.owner_user.id, display_name="Grace Hopper")
    invited, event = await invite(place, _email(place), message="Welcome!\nSee you."), EventId.new()
    assert await mail(place, invited.id, event)
    (found,) = await mailbox(place, _email(place))
    assert found.subject == "Grace Hopper invites you to Acme"
    assert found.message_id == f"<{event}@central.test>"
    link = f"{BASE_URL}/invitations/{place.tenant.slug}/{invited.token}"
    assert f"    {link}\n" in found.text
    assert found.html.count(f'href="{link}"') == 1
    assert "Grace Hopper wrote:\n\n    > Welcome!\n    > See you.\n" in found.text
    assert "<blockquote" in found.html
    assert "Welcome!\nSee you.</blockquote>" in found.html
    ends = invited.invitation.expires_at
    for body in (found.text, found.html):
        assert f"{ends.day} {ends:%B %Y}" in body
    after = await place.owner.invitations.get(invitation=invited.id)
    assert (after.sent_count, after.version) == (1, 1)
    assert after.last_sent_at is not None
    assert [e["invitationId"] for e in await told(place, "invitation.mailed")] == [invited.id]


async def test_mail_without_words(place: Place) -> None:
    """Without a message nothing is quoted."""
    invited = await invite(place, _email(place))
    assert await mail(place, invited.id)
    (found,) = await mailbox(place, _email(place))
    assert "wrote" not in found.text + found.html
    assert ">" not in found.text


@pytest.mark.parametrize(
    "words",
    [
        "<a href='https://evil.example'>Click</a>",
        "<img src=x onerror=alert(1)>",
        "{{ link }}{% raw %}",
        "https://evil.example/login",
        "HTTP://EVIL.EXAMPLE",
        "evil.example/login and www.evil.example",
        "mail me@evil.example",
        "</blockquote><h1>Central</h1>",
        "javascript:alert(1)",
    ],
)
async def test_words_stay_words(place: Place, words: str) -> None:
    """Neither the message nor a name brings markup, or an address that a mail program would make a link of."""
    await place.owner.users.update(user=place.owner_user.id, display_name=words)
    await place.owner.tenants.rename(name=words)
    invited = await invite(place, _email(place), message=words)
    assert await mail(place, invited.id)
    (found,) = await mailbox(place, _email(place))
    assert not re.search(r"<(img|a href='|h1>Central)", found.html)
    assert found.html.count("<a ") == 1
    assert found.html.count("</blockquote>") == 1
    link = f"{BASE_URL}/invitations/{place.tenant.slug}/{invited.token}"
    for body in (found.text, found.html):
        assert not LINKABLE.search(body.replace(link, ""))
    assert words.replace("\u200b", "") in found.text.replace("\u200b", "").replace("    > ", "")


async def test_headers_cannot_be_injected(place: Place) -> None:
    """Line breaks in a message stay in the body; a name that has one, however it got there, is never mailed."""
    invited = await invite(place, _email(place), message="Hi\nBcc: eve@evil.example\nSubject: Other")
    assert await mail(place, invited.id)
    (found,) = await mailbox(place, _email(place))
    assert found.to == _email(place)
    assert found.subject.endswith("invites you to Acme")
    assert await mailbox(place, "eve@evil.example") == []
    broken = await invite(place, f"b{_email(place)}")
    await run_sql(
        place,
        "UPDATE users SET display_name = E'Grace\\r\\nBcc: eve@evil.example' WHERE id = $1",
        place.owner_user.id.uuid,
    )
    with pytest.raises(ValueError, match="Mail"):
        await mail(place, broken.id)
    assert await mailbox(place, f"b{_email(place)}") == []


async def test_longest_names_fit(place: Place) -> None:
    """The longest names that there can be are cut in the subject, and the mail goes out."""
    await place.owner.users.update(user=place.owner_user.id, display_name="g" * 200)
    await place.owner.tenants.rename(name="a" * 200)
    invited = await invite(place, _email(place), message="x" * 500)
    assert await mail(place, invited.id)
    (found,) = await mailbox(place, _email(place))
    assert len(found.subject) < 150


async def test_link_is_forgotten_once_it_is_mailed(place: Place) -> None:
    """After the mail only the hash remains; the same is not mailed twice, and the link works."""
    invited = await invite(place, _email(place))
    assert await mail(place, invited.id)
    assert not await mail(place, invited.id)
    assert len(await mailbox(place, _email(place))) == 1
    (row,) = await rows(place, "SELECT token, to_jsonb(i)::text AS row FROM invitations i WHERE tenant_id = $1")
    assert row["token"] is None
    assert invited.token not in row["row"]
    assert (await place.anonymous().invitations.accept(token=invited.token)).outcome == "accepted"


@pytest.mark.parametrize("case", ["revoked", "accepted", "run out", "tenant suspended", "by hand", "other tenant"])
async def test_nothing_is_mailed_to_whom_it_would_not_help(
    place: Place, other_place: Place, operator: AsyncCentral, case: str
) -> None:
    """No mail goes out for an invitation that is over, or that has another link by now."""
    invited, where = await invite(place, _email(place)), place
    if case == "revoked":
        await place.owner.invitations.revoke(invitation=invited.id)
    if case == "accepted":
        await place.anonymous().invitations.accept(token=invited.token)
    if case == "run out":
        await run_sql(place, "UPDATE invitations SET expires_at = now() WHERE id = $1", invited.id.uuid)
    if case == "tenant suspended":
        await operator.tenants.suspend(tenant=place.tenant.slug)
    if case == "by hand":
        await place.owner.invitations.create(email=_email(place), send=False)
    if case == "other tenant":
        where = other_place
    assert not await mail(where, invited.id)
    assert await mailbox(place, _email(place)) == []


async def test_sealed_token_opens_in_its_own_row_only(place: Place) -> None:
    """A sealed token that is moved to another invitation is never mailed."""
    mine, other = await invite(place, _email(place)), await invite(place, "other@example.com")
    await run_sql(
        place,
        "UPDATE invitations SET token = (SELECT token FROM invitations WHERE id = $2) WHERE id = $1",
        mine.id.uuid,
        other.id.uuid,
    )
    with pytest.raises(Exception, match="belongs to another place"):
        await mail(place, mine.id)
    assert await mailbox(place, _email(place)) == []


async def test_refused_for_good(place: Place) -> None:
    """When nobody takes the mail, its link is forgotten, and the tenant's administrators are told."""
    invited = await invite(place, _email(place))
    await (await mails(place)).TX_give_up(place.tenant.id, invited.id)
    assert [e["invitationId"] for e in await told(place, "invitation.mail_refused")] == [invited.id]
    assert (await place.owner.invitations.get(invitation=invited.id)).sent_count == 0
    with pytest.raises(AssertionError, match="nothing waits"):
        await waiting_token(place, invited.id)
    await (await mails(place)).TX_give_up(place.tenant.id, invited.id)
    assert len(await told(place, "invitation.mail_refused")) == 1


async def test_mail_that_fails_may_be_tried_again(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Until a mail was handed on its link waits, and a repeat has the same Message-ID and the same link."""
    invited, event = await invite(place, _email(place)), EventId.new()
    service, sent = await mails(place), []

    async def fail(mail: Mail) -> None:
        sent.append((mail.message_id, mail.text))
        raise TimeoutError

    with monkeypatch.context() as patch:
        patch.setattr(service.mailer, "send", fail)
        for _ in range(2):
            with pytest.raises(TimeoutError):
                await mail(place, invited.id, event)
    assert await mail(place, invited.id, event)
    (found,) = await mailbox(place, _email(place))
    assert sent == [(found.message_id, found.text)] * 2


async def test_host_of_the_link_is_that_of_the_settings(place: Place) -> None:
    """Whatever host a request claims, the link leads to this server (GHSA-3529-5m8x-rpv3)."""
    token = place.owner.session_token
    assert token is not None
    async with place.stack.http() as http:
        answer = await http.post(
            f"/v1/tenants/{place.tenant.slug}/invitations",
            json={"email": "ada@example.com", "send": False},
            headers={
                "host": "evil.example",
                "x-forwarded-host": "evil.example",
                "cookie": f"central_session={token.get_secret_value()}",
            },
        )
    assert answer.json()["link"].startswith(f"{BASE_URL}/invitations/")
