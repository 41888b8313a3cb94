"""Having a code mailed to an address of one's own."""

import pytest

from central.kernel.ids import UserEmailId
from central_client import AsyncCentral, ConflictError, NotFoundError, RateLimitedError
from support.database import superuser
from support.place import Place


async def test_code_is_kept_sealed_and_hashed(member: AsyncCentral, place: Place) -> None:
    """The row holds no code in the clear, and it lives for ten minutes."""
    added = await member.emails.add_mine(email="mine@example.com")
    started = await member.emails.start_verification(email=added.id)
    async with superuser(place.stack) as connection:
        row = await connection.fetchrow("SELECT * FROM email_verifications WHERE id = $1", started.verification.uuid)
    assert (row["expires_at"] - row["created_at"]).total_seconds() == 600
    assert (len(row["code_mac"]), row["attempts"]) == (32, 0)
    assert not row["code"].isdigit()


async def test_five_an_hour(member: AsyncCentral) -> None:
    """The sixth code in an hour is refused, whatever the address."""
    added = [await member.emails.add_mine(email=f"{number}@example.com") for number in range(2)]
    for number in range(5):
        await member.emails.start_verification(email=added[number % 2].id)
    with pytest.raises(RateLimitedError) as refusal:
        await member.emails.start_verification(email=added[0].id)
    assert refusal.value.retry_after == 600


async def test_only_for_ones_own(member: AsyncCentral, place: Place) -> None:
    """An address of somebody else, or of nobody, is not found."""
    theirs = await place.owner.emails.add(user=place.owner_user.id, email="boss@example.com")
    for email in (theirs.id, UserEmailId.new()):
        with pytest.raises(NotFoundError):
            await member.emails.start_verification(email=email)


async def test_verified_address_needs_none(member: AsyncCentral, place: Place) -> None:
    """What is verified is not verified again."""
    added = await member.emails.add_mine(email="mine@example.com")
    async with superuser(place.stack) as connection:
        await connection.execute("UPDATE user_emails SET verified = true WHERE id = $1", added.id.uuid)
    with pytest.raises(ConflictError) as refusal:
        await member.emails.start_verification(email=added.id)
    assert refusal.value.code == "already_verified"
