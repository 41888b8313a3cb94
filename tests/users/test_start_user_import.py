from typing import Any

import pytest

from central.errors import ForbiddenError, ValidationFailedError
from central_client import AsyncCentral
from support.place import Place


async def test_start(admin: AsyncCentral) -> None:
    """An import begins as a job that waits for its rows, and has done nothing."""
    job = await admin.users.start_import(dry_run=True)
    assert (job.kind, job.state) == ("user_import", "receiving")
    assert job.result is not None
    assert job.result.model_dump(exclude={"type_"}) == {
        "kind": "user_import",
        "dryRun": True,
        "created": 0,
        "updated": 0,
        "unchanged": 0,
        "disabled": 0,
        "failed": 0,
    }


@pytest.mark.parametrize(
    "how",
    [
        {"match": "external_id"},
        {"source": "hr"},
        {"on_missing": "disable"},
        {"disable_limit": 3},
        {"on_missing": "disable", "disable_limit": -1},
        {"roles": []},
    ],
)
async def test_options_that_do_not_fit(owner: AsyncCentral, how: dict[str, Any]) -> None:
    """What contradicts itself is refused: nobody is disabled without a limit, nor matched by an id of no system."""
    with pytest.raises(ValidationFailedError):
        await owner.users.start_import(**how)


async def test_roles_beyond_ones_own(place: Place) -> None:
    """Nobody starts an import that gives what they do not hold, or a role that is not there."""
    await place.owner.roles.create(
        slug="importer", name="Importer", permissions=["users:read", "units:read", "users:write"]
    )
    importer = await place.signed_in("importer")
    await importer.users.start_import(roles=["member"])
    with pytest.raises(ForbiddenError) as refusal:
        await importer.users.start_import(roles=["admin"])
    assert refusal.value.code == "permission_not_held"
    with pytest.raises(ValidationFailedError):
        await importer.users.start_import(roles=["nobodys"])
