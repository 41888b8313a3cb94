import re
from email.headerregistry import Address

import pytest

from central.kernel.ids import EventId, SignInId
from central_client import AsyncCentral
from central_server.infra.mail import DirectoryMailer, Mailer
from support.database import superuser
from support.domains import verify_domain
from support.place import BASE_URL, Place
from support.provider import Provider
from support.signing_in import connect_provider, email_codes, mailed_code, mailed_token, run_sql


async def _mails(place: Place, email: str) -> list[object]:
    mailer = await place.stack.central.container.get(Mailer)
    assert isinstance(mailer, DirectoryMailer)
    return [mail for mail in await mailer.mails() if mail.to == email]


async def _start(place: Place, email: str) -> SignInId:
    return (await place.anonymous().auth.start_email_code(email=email)).sign_in


async def test_mail_holds_the_code_as_text_and_page(place: Place) -> None:
    """The mail goes to the address as the person wrote it, with the code, one link, and how long both hold."""
    user = await place.user(email=f"Ada.{place.tenant.slug}@example.com")
    sign_in, event = await _start(place, user.email), EventId.new()
    code, token = await mailed_code(place, sign_in), await mailed_token(place, sign_in)
    assert await (await email_codes(place.stack)).TX_mail_code(place.tenant.id, sign_in, event)
    (mail,) = await _mails(place, user.email)
    assert mail.subject == f"{code} is your code for Acme"
    assert mail.message_id == f"<{event}@{Address(addr_spec='no-reply@central.test').domain}>"
    for body in (mail.text, mail.html):
        assert code in body
        assert "10 minutes" in body
        assert "Acme" in body
        assert re.findall(r"https?://[^\s\"<]+", body) == [f"{BASE_URL}/t/{place.tenant.slug}/link/{token}"]


async def test_code_of_the_longest_tenant_name(place: Place) -> None:
    """A tenant with the longest name mails its codes, long ones too; the subject cuts the name, the mail does not."""
    name = "A" + " b" * 99 + "c"
    await place.owner.tenants.rename(name=name)
    user = await place.user(email=f"{place.tenant.slug}@example.com")
    for _ in range(2):
        sign_in = await _start(place, user.email)
        assert await (await email_codes(place.stack)).TX_mail_code(place.tenant.id, sign_in, EventId.new())
    mails = await _mails(place, user.email)
    assert len(mails) == 2
    for mail in mails:
        assert mail.subject.endswith(f" is your code for {name[:59].rstrip()}…")
        assert name in mail.text


async def test_long_code_is_mailed_in_groups(place: Place) -> None:
    """Twelve digits are written as people read them, and work as they are written."""
    user = await place.user(email=f"{place.tenant.slug}@example.com")
    await _start(place, user.email)
    client = place.anonymous()
    sign_in = (await client.auth.start_email_code(email=user.email)).sign_in
    assert await (await email_codes(place.stack)).TX_mail_code(place.tenant.id, sign_in, EventId.new())
    (mail,) = await _mails(place, user.email)
    code = mail.subject.removesuffix(" is your code for Acme")
    assert [len(group) for group in code.split(" ")] == [4, 4, 4]
    assert code in mail.text
    assert (await client.auth.verify_email_code(sign_in=sign_in, code=code)).user.id == user.id


async def test_name_of_the_tenant_is_escaped(place: Place) -> None:
    """A tenant's name cannot put markup into the mail (CVE-2024-41953)."""
    await place.owner.tenants.rename(name='<a href="https://evil.example">Acme</a>')
    user = await place.user(email=f"{place.tenant.slug}@example.com")
    sign_in = await _start(place, user.email)
    assert await (await email_codes(place.stack)).TX_mail_code(place.tenant.id, sign_in, EventId.new())
    (mail,) = await _mails(place, user.email)
    assert mail.html.count("<a ") == 1, "the link of ours"
    assert "evil.example&#34;" in mail.html
    assert "&lt;a" in mail.html


async def test_code_is_forgotten_once_it_is_mailed(place: Place) -> None:
    """After the mail only hashes remain, a second mail is not sent, and the code works."""
    user = await place.user()
    client, codes = place.anonymous(), await email_codes(place.stack)
    sign_in = (await client.auth.start_email_code(email=user.email)).sign_in
    code = await mailed_code(place, sign_in)
    assert await codes.TX_mail_code(place.tenant.id, sign_in, EventId.new())
    assert not await codes.TX_mail_code(place.tenant.id, sign_in, EventId.new())
    assert len(await _mails(place, user.email)) == 1
    async with superuser(place.stack) as connection:
        assert await connection.fetchval("SELECT token FROM email_codes WHERE id = $1", sign_in.uuid) is None
    await client.auth.verify_email_code(sign_in=sign_in, code=code)


@pytest.mark.parametrize(
    "case", ["unknown", "user disabled", "tenant suspended", "connector disabled", "expired", "used", "other tenant"]
)
async def test_nothing_is_mailed_to_whom_it_would_not_help(
    place: Place, other_place: Place, provider: Provider, operator: AsyncCentral, case: str
) -> None:
    """No mail goes to an address that cannot sign in with it, nor for a sign-in that is over."""
    email = f"{case.replace(' ', '-')}@{place.tenant.slug}.example"
    user = await (other_place if case == "unknown" else place).user(email=email)
    sign_in, tenant = await _start(place, email), place.tenant.id
    if case == "user disabled":
        await place.owner.users.disable(user=user.id)
    if case == "tenant suspended":
        await operator.tenants.suspend(tenant=place.tenant.slug)
    if case == "connector disabled":
        await connect_provider(place, provider)
        (connector,) = [c async for c in place.owner.auth_connectors.list() if c.kind == "email_code"]
        await place.owner.auth_connectors.disable(connector=connector.id)
    if case in {"expired", "used"}:
        column = {"expired": "expires_at", "used": "used_at"}[case]
        await run_sql(place, f"UPDATE email_codes SET {column} = now() WHERE id = $1", sign_in.uuid)
    if case == "other tenant":
        tenant = other_place.tenant.id
    assert not await (await email_codes(place.stack)).TX_mail_code(tenant, sign_in, EventId.new())
    assert await _mails(place, email) == []


@pytest.mark.parametrize(
    ("allowed", "verified", "mails"),
    [(["{domain}"], True, 1), (["{domain}"], False, 0), (["example.org"], True, 0), ([], True, 0)],
)
async def test_unknown_people_are_mailed_where_they_may_become_users(
    place: Place, *, allowed: list[str], verified: bool, mails: int
) -> None:
    """A connector that lets a domain in just in time mails its addresses once it is verified, and no other."""
    if verified:
        await verify_domain(place)
    (connector,) = [c async for c in place.owner.auth_connectors.list()]
    await place.owner.auth_connectors.update(
        connector=connector.id,
        provisioning={"just_in_time": True, "allowed_domains": [name.format(domain=place.domain) for name in allowed]},
    )
    email = place.address()
    sign_in = await _start(place, email)
    assert await (await email_codes(place.stack)).TX_mail_code(place.tenant.id, sign_in, EventId.new()) == bool(mails)
    assert len(await _mails(place, email)) == mails


async def test_sealed_code_opens_in_its_own_row_only(place: Place) -> None:
    """A sealed code that is moved to another sign-in is never mailed."""
    user = await place.user(email=f"{place.tenant.slug}@example.com")
    mine, other = await _start(place, user.email), await _start(place, user.email)
    await run_sql(
        place,
        "UPDATE email_codes SET token = (SELECT token FROM email_codes WHERE id = $2) WHERE id = $1",
        mine.uuid,
        other.uuid,
    )
    with pytest.raises(Exception, match="belongs to another place"):
        await (await email_codes(place.stack)).TX_mail_code(place.tenant.id, mine, EventId.new())
    assert await _mails(place, user.email) == []
