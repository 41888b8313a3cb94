"""Adding addresses of one's own."""

import pytest

from central_client import AsyncCentral, ConflictError, UnauthenticatedError
from support.domains import verify_domain
from support.place import Place
from support.signing_in import mailed_code, sign_in_by_code


async def test_address_is_added_unverified(member: AsyncCentral) -> None:
    """It is one's own only once it is verified."""
    added = await member.emails.add_mine(email="mine@example.com")
    assert (added.verified, added.primary) == (False, False)


async def test_taken_address_is_refused(member: AsyncCentral, place: Place) -> None:
    """Nobody adds the address of another."""
    with pytest.raises(ConflictError):
        await member.emails.add_mine(email=place.owner_user.email.upper())


async def test_claim_gets_nobody_into_the_account(member: AsyncCentral, place: Place) -> None:
    """Whoever signs in with an address that somebody else merely claims does not become them (pre-hijacking)."""
    await member.emails.add_mine(email="victim@example.com")
    victim = place.anonymous()
    started = await victim.auth.start_email_code(email="victim@example.com")
    code = await mailed_code(place, started.sign_in)
    with pytest.raises(UnauthenticatedError):
        await victim.auth.verify_email_code(sign_in=started.sign_in, code=code)


async def test_claim_does_not_keep_its_owner_out(member: AsyncCentral, place: Place) -> None:
    """An unproven claim gives way to whoever proves the address, who gets an account of their own."""
    await verify_domain(place)
    address = place.address("victim")
    added = await member.emails.add_mine(email=address)
    connector = (await place.owner.auth_connectors.list().first_page()).items[0]
    await place.owner.auth_connectors.update(
        connector=connector.id, provisioning={"just_in_time": True, "allowed_domains": [place.domain]}
    )
    victim = place.anonymous()
    signed_in = await sign_in_by_code(place, victim, address)
    assert signed_in.user.id != added.user_id
    assert address not in [email.email async for email in member.emails.list_mine()]
