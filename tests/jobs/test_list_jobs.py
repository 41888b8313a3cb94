import pytest

from central.errors import BadRequestError
from central_client import AsyncCentral
from support.importing import imported
from support.place import Place


async def test_list_is_paged_newest_first(owner: AsyncCentral) -> None:
    """Pages of any size give every job once, newest first."""
    ids = [(await owner.users.start_import()).id for _ in range(5)][::-1]
    for limit in (1, 2, 5, 200):
        assert [job.id async for job in owner.jobs.list(limit=limit)] == ids


async def test_filters(place: Place) -> None:
    """Jobs are found by their kind and state, on every page."""
    done = [await imported(place, [{"email": place.address()}]) for _ in range(3)]
    waiting = await place.owner.users.start_import()
    found = [job.id async for job in place.owner.jobs.list(state="succeeded", kind="user_import", limit=1)]
    assert found == [job.id for job in done[::-1]]
    assert [job.id async for job in place.owner.jobs.list(state="receiving")] == [waiting.id]
    page = await place.owner.jobs.list(state="succeeded", limit=1).first_page()
    with pytest.raises(BadRequestError):
        await place.owner.jobs.list(state="failed", cursor=page.next_cursor).first_page()


async def test_without_the_permission_one_sees_ones_own(place: Place, admin: AsyncCentral) -> None:
    """Whoever lacks `jobs:read` sees the jobs that they started, with any filter, and no other."""
    await place.owner.roles.create(
        slug="importer", name="Importer", permissions=["users:read", "users:write", "units:read"]
    )
    importer = await place.signed_in("importer")
    await place.owner.users.start_import()
    own = await importer.users.start_import()
    assert [job.id async for job in importer.jobs.list()] == [own.id]
    assert [job.id async for job in importer.jobs.list(state="receiving", kind="user_import")] == [own.id]
    assert len([job async for job in admin.jobs.list()]) == 2
