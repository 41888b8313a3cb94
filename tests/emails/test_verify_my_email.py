"""Showing by a mailed code that an address is one's own."""

import asyncio

import pytest

from central_client import AsyncCentral, ForbiddenError, GoneError
from support.database import superuser
from support.place import Place
from support.signing_in import sign_in_by_code, wrong
from support.verifying import mailed_verification, verified_email


async def test_code_verifies_the_address(member: AsyncCentral, place: Place) -> None:
    """A verified address is marked so, with its time, and one can sign in by it."""
    verified = await verified_email(place, member, "mine@example.com")
    assert verified.verified
    assert verified.verified_at is not None
    signed_in = await sign_in_by_code(place, place.anonymous(), "MINE@example.com")
    assert signed_in.user.id == verified.user_id


async def test_code_is_used_once(member: AsyncCentral, place: Place) -> None:
    """Of 50 who use the right code at once, one succeeds."""
    added = await member.emails.add_mine(email="mine@example.com")
    started = await member.emails.start_verification(email=added.id)
    code = await mailed_verification(place, started.verification)
    outcomes = await asyncio.gather(
        *(member.emails.verify(verification=started.verification, code=code) for _ in range(50)),
        return_exceptions=True,
    )
    assert sum(not isinstance(outcome, BaseException) for outcome in outcomes) == 1
    assert {type(outcome) for outcome in outcomes if isinstance(outcome, BaseException)} == {GoneError}


async def test_five_tries(member: AsyncCentral, place: Place) -> None:
    """After five wrong codes, be they tried at once, the right one is too late."""
    added = await member.emails.add_mine(email="mine@example.com")
    started = await member.emails.start_verification(email=added.id)
    code = await mailed_verification(place, started.verification)
    outcomes = await asyncio.gather(
        *(member.emails.verify(verification=started.verification, code=wrong(code)) for _ in range(40)),
        return_exceptions=True,
    )
    assert sum(isinstance(outcome, ForbiddenError) for outcome in outcomes) == 5
    assert sum(isinstance(outcome, GoneError) for outcome in outcomes) == 35
    with pytest.raises(GoneError):
        await member.emails.verify(verification=started.verification, code=code)


async def test_code_is_for_whoever_asked(member: AsyncCentral, place: Place) -> None:
    """Nobody else verifies with it, an owner included, and their tries do not count."""
    added = await member.emails.add_mine(email="mine@example.com")
    started = await member.emails.start_verification(email=added.id)
    code = await mailed_verification(place, started.verification)
    for _ in range(6):
        with pytest.raises(GoneError):
            await place.owner.emails.verify(verification=started.verification, code=code)
    assert (await member.emails.verify(verification=started.verification, code=code)).verified


async def test_code_expires(member: AsyncCentral, place: Place) -> None:
    """Ten minutes later it is too late, and a removed address takes its codes along."""
    added = await member.emails.add_mine(email="mine@example.com")
    started = await member.emails.start_verification(email=added.id)
    code = await mailed_verification(place, started.verification)
    async with superuser(place.stack) as connection:
        await connection.execute("UPDATE email_verifications SET expires_at = now()")
    with pytest.raises(GoneError):
        await member.emails.verify(verification=started.verification, code=code)
    again = await member.emails.start_verification(email=added.id)
    code = await mailed_verification(place, again.verification)
    await member.emails.remove_mine(email=added.id)
    with pytest.raises(GoneError):
        await member.emails.verify(verification=again.verification, code=code)
