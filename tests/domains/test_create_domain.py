import asyncio
import re
from typing import Any

import pytest

from central.errors import ConflictError, NotFoundError, ValidationFailedError
from central.kernel.ids import AuthConnectorId
from central_client import AsyncCentral
from central_server.app import Central
from central_server.domains.policy import MOST_CLAIMS
from central_server.infra.config import Settings
from support.database import superuser
from support.domains import events, verify_domain
from support.place import Place, Stack

_LONGEST = f"{'b' * 34}.{'.'.join(['a' * 63] * 3)}.example"
"""The longest name whose proof has a name: 253 characters, of which `_central-challenge.` takes 19."""


async def test_claim_says_what_to_publish(place: Place, admin: AsyncCentral) -> None:
    """A new claim is pending, counts for nothing, and has a TXT record of its own to publish."""
    domain = await admin.domains.create(name=place.domain)
    assert (domain.name, domain.state, domain.include_subdomains) == (place.domain, "pending", False)
    assert (domain.connector_id, domain.verified_at, domain.checked_at, domain.last_check) == (None, None, None, None)
    assert domain.txt_record.name == f"_central-challenge.{place.domain}"
    assert re.fullmatch(r"[0-9a-f]{40}", domain.txt_record.value)
    assert await events(place, domain) == ["domain.created"]


async def test_tokens_are_random_and_stay(place: Place, other_place: Place) -> None:
    """Each claim has another token, also for one name, and keeps it; a new claim after a deleted one has a new one."""
    mine = await place.owner.domains.create(name=place.domain)
    other = await other_place.owner.domains.create(name=place.domain)
    await place.owner.domains.verify(domain=mine.id)
    assert (await place.owner.domains.get(domain=mine.id)).txt_record == mine.txt_record
    await place.owner.domains.delete(domain=mine.id)
    again = await place.owner.domains.create(name=place.domain)
    assert len({mine.txt_record.value, other.txt_record.value, again.txt_record.value}) == 3


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("EXAMPLE.com", "example.com"),
        (" example.com. ", "example.com"),
        ("Bücher.example", "xn--bcher-kva.example"),
        ("bu\u0308cher.example", "xn--bcher-kva.example"),
        ("XN--BCHER-KVA.example", "xn--bcher-kva.example"),
        ("faß.de", "xn--fa-hia.de"),
        ("例え。テスト", "xn--r8jz45g.xn--zckzah"),
        ("\uff25xample\uff0ecom", "example.com"),
        ("a.b.c.d.example.co.uk", "a.b.c.d.example.co.uk"),
        ("mine.github.io", "mine.github.io"),
        (_LONGEST, _LONGEST),
    ],
)
async def test_names_have_one_spelling(place: Place, written: str, name: str) -> None:
    """However a name is written, it is kept in lower case and in ASCII, and cannot be claimed a second time."""
    assert (await place.owner.domains.create(name=written)).name == name
    for again in (written, name, name.upper()):
        with pytest.raises(ConflictError) as refusal:
            await place.owner.domains.create(name=again)
        assert refusal.value.code == "domain_exists"


@pytest.mark.parametrize(
    ("name", "code"),
    [
        *(
            (name, "domain_public_suffix")
            for name in ("co.uk", "github.io", "foo.kobe.jp", "公司.cn", "s3.amazonaws.com")
        ),
        *((name, "domain_free_mail") for name in ("gmail.com", "GMAIL.com", "outlook.com", "web.de")),
        *(
            (name, "domain_malformed")
            for name in (
                "com",
                "localhost",
                "127.0.0.1",
                "0x7f.1",
                "1.2.3.0xff",
                "::1",
                "[::1]",
                "2001:db8::1",
                "a..example",
                ".example.com",
                "example.com..",
                "-a.example",
                "a-.example",
                "a_b.example",
                "*.example.com",
                "_central-challenge.example.com",
                "exa mple.com",
                "http://example.com",
                "example.com/x",
                "ada@example.com",
                "example.com:53",
                "☃.example",
                "a\u200d.example",
                "xn--a.example",
                "xn--ls8h.example",
                "a" * 64 + ".example",
                "ü" * 60 + ".example",
                ".",
            )
        ),
        (f"b{_LONGEST}", "domain_too_long"),
    ],
)
async def test_what_cannot_be_claimed(place: Place, name: str, code: str) -> None:
    """An address, a public suffix, a free-mail domain and what is no name are refused, without repeating them."""
    with pytest.raises(ValidationFailedError) as refusal:
        await place.owner.domains.create(name=name)
    assert [(error.field, error.code) for error in refusal.value.field_errors] == [("name", code)]
    assert len(name) < 6 or name not in str(refusal.value)
    assert [d async for d in place.owner.domains.list()] == []


@pytest.mark.parametrize("name", ["", "a" * 254, "exa\nmple.com", "exa\x00mple.com", "exa\ud800.com", 1, None, []])
async def test_texts_that_are_no_input(place: Place, name: Any) -> None:
    """Texts that are empty, too long, or of other characters than a line's are refused before they are looked at."""
    with pytest.raises((ValidationFailedError, UnicodeError)):
        await place.owner.domains.create(name=name)


async def test_free_mail_domains_by_setting(place: Place) -> None:
    """A setting lets free-mail domains be claimed."""
    lenient = Central(Settings.model_validate({**dict(place.stack.settings), "allow_free_mail_domains": True}))
    await lenient.start()
    stack = Stack(lenient, lenient.settings, place.stack.superuser_url, place.stack.dns)
    token = await stack.session_of(place.tenant.id, place.owner_user.id)
    domain = await stack.client(place.tenant.slug, token).domains.create(name="gmail.com")
    assert domain.state == "pending"
    await lenient.stop()


async def test_claims_do_not_block_each_other(place: Place, other_place: Place) -> None:
    """What one tenant has claimed, or verified even, another may claim."""
    await place.owner.domains.create(name=other_place.domain)
    verified = await verify_domain(other_place)
    await other_place.owner.domains.create(name=place.domain)
    third = await place.owner.domains.create(name=place.domain)
    assert (verified.state, third.state) == ("verified", "pending")


async def test_hundred_claims_of_one_name_at_once(place: Place) -> None:
    """Of a hundred concurrent claims of one name by a tenant one is made, and the others are conflicts."""

    async def claim() -> str:
        try:
            return (await place.owner.domains.create(name=place.domain)).state
        except ConflictError as error:
            return error.code

    outcomes = await asyncio.gather(*(claim() for _ in range(100)))
    assert sorted(outcomes) == ["domain_exists"] * 99 + ["pending"]
    assert len([d async for d in place.owner.domains.list()]) == 1


async def test_connector_is_one_of_the_tenant(place: Place, other_place: Place) -> None:
    """A domain leads to a connector of its own tenant; another tenant's is as absent as one that never was."""
    (own,) = [c async for c in place.owner.auth_connectors.list()]
    (foreign,) = [c async for c in other_place.owner.auth_connectors.list()]
    refusals = set()
    for connector in (foreign.id, AuthConnectorId.new()):
        with pytest.raises(NotFoundError) as refusal:
            await place.owner.domains.create(name=place.domain, connector=connector)
        refusals.add((refusal.value.code, refusal.value.message))
    assert {code for code, _ in refusals} == {"auth_connector_not_found"}
    assert len(refusals) == 1
    domain = await place.owner.domains.create(name=place.domain, connector=own.id, include_subdomains=True)
    assert (domain.connector_id, domain.include_subdomains) == (own.id, True)


async def test_nothing_is_asked_when_claiming(place: Place) -> None:
    """Claiming makes no look-up: nobody makes the server ask for names before they may."""
    before = len(place.stack.dns.asked)
    await place.owner.domains.create(name=place.domain)
    assert len(place.stack.dns.asked) == before


async def test_a_claim_is_born_pending(place: Place) -> None:
    """No input makes a claim anything but pending."""
    with pytest.raises(ValidationFailedError):
        await place.owner.domains.create(name=place.domain, state="verified")
    async with superuser(place.stack) as connection:
        assert await connection.fetchval("SELECT count(*) FROM domains WHERE tenant_id = $1", place.tenant.id.uuid) == 0


async def _claims(place: Place) -> int:
    async with superuser(place.stack) as connection:
        count: int = await connection.fetchval(
            "SELECT count(*) FROM domains WHERE tenant_id = $1", place.tenant.id.uuid
        )
        return count


async def _fill(place: Place, claims: int) -> None:
    """Have a tenant claim so many domains."""
    async with superuser(place.stack) as connection:
        await connection.execute(
            "INSERT INTO domains (tenant_id, id, name, token, include_subdomains) SELECT $1, gen_random_uuid(), "
            "n || '.' || $2, md5(n::text), false FROM generate_series(1, $3) n",
            place.tenant.id.uuid,
            place.domain,
            claims,
        )


async def test_claims_are_bounded(place: Place, other_place: Place) -> None:
    """A tenant has up to 100 domains that are not verified; verified ones do not count, nor do another tenant's."""
    await _fill(place, MOST_CLAIMS - 1)
    verified = await verify_domain(place, f"one.{place.domain}")
    last = await place.owner.domains.create(name=f"last.{place.domain}")
    with pytest.raises(ConflictError) as refusal:
        await place.owner.domains.create(name=f"more.{place.domain}")
    assert refusal.value.code == "too_many_claims"
    await other_place.owner.domains.create(name=f"more.{place.domain}")
    await place.owner.domains.delete(domain=last.id)
    await place.owner.domains.create(name=f"more.{place.domain}")
    assert (await place.owner.domains.get(domain=verified.id)).state == "verified"


async def test_claims_are_bounded_at_once(place: Place) -> None:
    """Of many who claim at the same time where there is room for three, three do."""
    await _fill(place, MOST_CLAIMS - 3)
    results = await asyncio.gather(
        *(place.owner.domains.create(name=f"new{number}.{place.domain}") for number in range(12)),
        return_exceptions=True,
    )
    refused = [result for result in results if isinstance(result, BaseException)]
    assert all(isinstance(each, ConflictError) and each.code == "too_many_claims" for each in refused), refused
    assert len(refused) == 9
    assert await _claims(place) == MOST_CLAIMS
