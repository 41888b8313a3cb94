"""What events tell of changes: before and after, and the version that the thing has since then."""

from datetime import timedelta
from typing import Any

from central.kernel.events import Changed, Event
from central_client import AsyncCentral
from support.importing import imported
from support.place import Place


async def _last(client: AsyncCentral, kind: str) -> Any:
    event: Event = await anext(aiter(client.events.list(kind=[kind])))
    return event


def _told(event: Changed) -> dict[str, tuple[Any, Any]]:
    return {change.field: (change.before, change.after) for change in event.changes if not change.withheld}


async def test_change_of_a_tenant(owner: AsyncCentral, place: Place) -> None:
    """A new name stands beside the old one; the slug that stays is not mentioned."""
    before = place.tenant.name
    renamed = await owner.tenants.rename(name="Globex")
    event = await _last(owner, "tenant.renamed")
    assert _told(event) == {"name": (before, "Globex")}
    assert event.version == renamed.version


async def test_change_of_a_person(owner: AsyncCentral, place: Place) -> None:
    """What is personal is named without its values, also where it is the same as before in another case."""
    user = await place.user(email=place.address())
    changed = await owner.users.update(user=user.id, display_name="Grace", locale="de", roles=["member", "admin"])
    event = await _last(owner, "user.updated")
    assert _told(event) == {"locale": (None, "de"), "roles": (["member"], ["admin", "member"])}
    assert [change.field for change in event.changes if change.withheld] == ["displayName"]
    assert event.version == changed.version
    assert "Grace" not in event.model_dump_json()


async def test_change_of_nothing(owner: AsyncCentral, place: Place) -> None:
    """A change to what is there already tells of none."""
    user = await place.user()
    await owner.users.update(user=user.id, display_name=user.display_name)
    assert (await _last(owner, "user.updated")).changes == []


async def test_change_of_tags(owner: AsyncCentral, place: Place) -> None:
    """Tags are told as they were and as they are."""
    user = await place.user()
    await owner.users.set_tags(user=user.id, tags={"team": "a"})
    await owner.users.set_tags(user=user.id, tags={"team": "b"})
    assert _told(await _last(owner, "user.tags.changed")) == {"tags": ({"team": "a"}, {"team": "b"})}


async def test_change_of_a_role(owner: AsyncCentral) -> None:
    """A role's permissions are told before and after."""
    role = await owner.roles.create(slug="support", name="Support", permissions=["users:read"])
    await owner.roles.update(role=role.slug, permissions=["users:read", "sessions:read"])
    event = await _last(owner, "role.updated")
    assert _told(event) == {"permissions": (["users:read"], ["sessions:read", "users:read"])}
    assert event.version == 2


async def test_change_of_lifetimes(owner: AsyncCentral) -> None:
    """Lifetimes are told as the API spells them."""
    await owner.tenants.update_session_policy(member_idle_timeout=timedelta(hours=1))
    assert _told(await _last(owner, "tenant.session_policy_changed")) == {"memberIdleTimeout": (None, "PT1H")}


async def test_change_by_an_import(owner: AsyncCentral, place: Place) -> None:
    """An import tells the same of each person as a change by hand."""
    user = await place.user(email=place.address())
    await imported(place, [{"email": user.email, "locale": "fr", "roles": ["admin"]}])
    event = await _last(owner, "user.updated")
    assert _told(event) == {"locale": (None, "fr"), "roles": (["member"], ["admin"])}
    assert event.version == (await owner.users.get(user=user.id)).version
