import pytest

from central.errors import ForbiddenError
from central_client import AsyncCentral


async def test_who_reads_events_sees_it(owner: AsyncCentral, admin: AsyncCentral, member: AsyncCentral) -> None:
    """Whoever may read events sees for how long they are kept: for ever, unless somebody has said otherwise."""
    assert (await admin.events.get_retention()).days is None
    await owner.events.set_retention(days=90)
    assert (await admin.events.get_retention()).days == 90
    with pytest.raises(ForbiddenError):
        await member.events.get_retention()
