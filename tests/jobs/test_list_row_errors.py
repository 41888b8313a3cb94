import pytest

from central.errors import BadRequestError, NotFoundError
from central_client import AsyncCentral
from support.importing import imported
from support.place import Place


async def test_errors_are_paged_by_row(place: Place) -> None:
    """Pages of any size give every error once, row by row, with its field; a row may have several."""
    rows = [{"email": place.address()}, {"email": "no"}, {"display_name": ""}, {"email": "no", "locale": "1"}]
    job = await imported(place, rows)
    expected = [
        (2, "email", "email"),
        (3, "email", "missing"),
        (3, "displayName", "string_too_short"),
        (4, "email", "email"),
        (4, "locale", "string_too_short"),
    ]
    for limit in (1, 2, 5, 200):
        errors = [error async for error in place.owner.jobs.list_row_errors(job=job.id, limit=limit)]
        assert [(error.row, error.field, error.code) for error in errors] == expected
    for cursor in ("nonsense", "W10"):
        with pytest.raises(BadRequestError):
            await place.owner.jobs.list_row_errors(job=job.id, cursor=cursor).first_page()


async def test_values_are_never_repeated(place: Place) -> None:
    """Neither an error's field nor its words hold what the row said."""
    secret = "hunter2-hunter2"
    rows = [
        {"email": secret},
        {"email": place.address(), "locale": secret * 9, "tags": {"a": secret * 30}},
        {"email": place.address(), "roles": [secret.upper()], "time_zone": f"Europe/{secret.replace('2', '')}"},
        {"email": place.address(), "attributes": {"9": secret}, "external_ids": secret},
    ]
    job = await imported(place, rows)
    errors = [error async for error in place.owner.jobs.list_row_errors(job=job.id)]
    assert {error.row for error in errors} == {1, 2, 3, 4}
    assert "hunter" not in "".join(error.model_dump_json() for error in errors).lower()


async def test_they_are_for_who_sees_the_job(place: Place, member: AsyncCentral, other_tenant: AsyncCentral) -> None:
    """Whoever may not see a job is not told of its rows."""
    job = await imported(place, [{"email": "no"}])
    for client in (member, other_tenant.tenant(place.tenant.slug)):
        with pytest.raises((NotFoundError, Exception)) as refusal:
            await client.jobs.list_row_errors(job=job.id).first_page()
        assert getattr(refusal.value, "status", None) in {401, 404}
