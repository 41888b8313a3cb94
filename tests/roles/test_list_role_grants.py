"""Listing who holds what, and until when."""

from datetime import UTC, datetime, timedelta

import pytest

from central.kernel.ids import UserId
from central_client import AsyncCentral, NotFoundError
from support.place import Place


async def test_grants_come_with_their_ends(owner: AsyncCentral, member: AsyncCentral, place: Place) -> None:
    """Each role that is held comes once, by slug, with who gave it and when it ends."""
    user = await place.user()
    end = datetime.now(UTC) + timedelta(days=1)
    await owner.roles.grant(user=user.id, role="admin", expires_at=end)
    grants = [grant async for grant in member.roles.list_grants(user=user.id)]
    assert [(grant.role, grant.expires_at) for grant in grants] == [("admin", end), ("member", None)]
    assert {grant.granted_by for grant in grants} == {place.owner_user.id}
    with pytest.raises(NotFoundError):
        await owner.roles.list_grants(user=UserId.new()).first_page()
