from datetime import UTC, datetime, timedelta

import pytest

from central.errors import ForbiddenError, ValidationFailedError
from central.events.registry import UnknownEvent
from central.kernel.ids import EventId, UserId
from central_client import AsyncCentral
from support.database import superuser
from support.place import Place


async def _kinds(client: AsyncCentral, **filters: object) -> list[str]:
    return [event.kind async for event in client.events.list(**filters)]


async def test_newest_first_with_who_did_what(place: Place) -> None:
    """Each event says who did it, to what and when; pages follow each other."""
    user = await place.user()
    await place.owner.users.disable(user=user.id)
    await place.owner.users.enable(user=user.id)
    listed = [event async for event in place.owner.events.list(target=user.id, limit=1)]
    assert [event.kind for event in listed] == ["user.enabled", "user.disabled", "user.created"]
    assert {event.actor for event in listed} == {place.owner_user.id}
    assert all(event.target == user.id and event.request_id for event in listed)
    everything = await _kinds(place.owner)
    assert everything[-1] == "tenant.created"
    assert len(everything) > len(listed)


async def test_filters(place: Place) -> None:
    """By kind, actor and time, alone and together."""
    admin_user = await place.user("admin")
    admin = await place.sign_in(admin_user)
    await admin.users.create(email=place.address())
    assert await _kinds(place.owner, actor=admin_user.id, kind=["user.created"]) == ["user.created"]
    assert set(await _kinds(place.owner, kind=["user.created", "tenant.created"])) == {"user.created", "tenant.created"}
    assert await _kinds(place.owner, kind=["nobody.knows"]) == []
    assert await _kinds(place.owner, actor=UserId.new()) == []
    now = datetime.now(UTC)
    assert await _kinds(place.owner, after=now + timedelta(minutes=1)) == []
    assert await _kinds(place.owner, before=now - timedelta(hours=1)) == []
    assert await _kinds(place.owner, after=now - timedelta(hours=1), before=now + timedelta(hours=1))


@pytest.mark.parametrize(
    "wrong", [{"kind": ["User Created"]}, {"target": "user"}, {"actor": "user-1"}, {"kind": ["a.b"] * 51}]
)
async def test_wrong_filters(place: Place, wrong: dict[str, object]) -> None:
    """What is no filter is told by its place."""
    with pytest.raises(ValidationFailedError):
        await place.owner.events.list(**wrong).first_page()


async def test_for_administrators_alone(place: Place, member: AsyncCentral) -> None:
    """Members do not see what happened."""
    with pytest.raises(ForbiddenError):
        await member.events.list().first_page()


async def test_kind_that_this_version_does_not_know(place: Place) -> None:
    """An event of a newer version is given with all that it holds."""
    id = EventId.new()
    payload = {"__type": "TeaMade", "id": str(id), "tenantId": str(place.tenant.id), "kind": "tea.made", "cups": 3}
    async with superuser(place.stack) as connection:
        await connection.execute(
            "INSERT INTO outbox (id, tenant_id, kind, payload) VALUES ($1, $2, 'tea.made', $3::text::jsonb)",
            id.uuid,
            place.tenant.id.uuid,
            __import__("json").dumps(payload),
        )
    (event,) = [event async for event in place.owner.events.list(kind=["tea.made"])]
    assert isinstance(event, UnknownEvent)
    assert event.model_extra is not None
    assert (event.kind, event.model_extra["cups"]) == ("tea.made", 3)
