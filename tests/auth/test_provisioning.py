"""What a connector makes of people who sign in by it: their first roles, their attributes and their groups' roles."""

from collections.abc import Mapping
from typing import Any

import pytest

from central.auth_connectors.models import AuthConnector
from central.errors import ForbiddenError, UnauthenticatedError, ValidationFailedError
from central.users.models import User
from support.place import Place
from support.provider import Person, Provider
from support.signing_in import Browser, connect_provider, run_sql

GROUPS = {
    "group_claim": "groups",
    "group_roles": [{"group": "Admins", "role": "admin"}, {"group": "helpdesk", "role": "helpdesk"}],
}

GROUPS_OF_ADMINS = {"group_claim": "groups", "group_roles": [{"group": "Admins", "role": "admin"}]}


async def _helpdesk(place: Place) -> None:
    await place.owner.roles.create(slug="helpdesk", name="Help desk", permissions=["users:read", "sessions:read"])


async def _sign_in(
    place: Place, provider: Provider, connector: AuthConnector, claims: Mapping[str, Any], sub: str = "ada"
) -> User:
    """Sign somebody in of whom the provider tells this; gives them as administrators see them."""
    provider.person = Person(sub=sub, email=place.address(sub), claims=claims)
    async with Browser(place) as browser:
        assert (await browser.sign_in(provider, connector.id)).status_code == 303
        me = await browser.client().users.me()
    user = await place.owner.users.get(user=me.id)
    assert user.roles == me.roles
    return user


async def test_first_roles(place: Place, provider: Provider) -> None:
    """Who is made a user holds the connector's default roles; one that was deleted since is left out."""
    await _helpdesk(place)
    connector = await connect_provider(place, provider, allowed=[place.domain], default_roles=["helpdesk", "member"])
    assert sorted((await _sign_in(place, provider, connector, {})).roles) == ["helpdesk", "member"]
    connector = await connect_provider(place, provider, allowed=[place.domain], default_roles=["helpdesk"])
    await place.owner.users.delete(user=(await _find(place, "ada")).id)
    await place.owner.roles.delete(role="helpdesk")
    assert (await _sign_in(place, provider, connector, {}, "grace")).roles == ["member"]


async def _find(place: Place, local: str) -> User:
    (found,) = [user async for user in place.owner.users.list(email=place.address(local))]
    return found


async def test_attributes_follow_claims(place: Place, provider: Provider) -> None:
    """Mapped claims are attributes from the next sign-in on, wherever they stand; what is not told is left alone."""
    attributes = {"department": "org.department", "floor": "floor", "tags": "https://idp.example/tags"}
    connector = await connect_provider(place, provider, allowed=[place.domain], attributes=attributes)
    told = {"org": {"department": "Sales"}, "floor": 3, "https://idp.example/tags": ["a", "b"]}
    user = await _sign_in(place, provider, connector, told)
    assert user.attributes == {"department": "Sales", "floor": 3, "tags": ["a", "b"]}
    await place.owner.users.update(user=user.id, attributes={"desk": "12"})
    user = await _sign_in(place, provider, connector, {"org": {"department": "Legal"}, "floor": {"not": "plain"}})
    assert user.attributes == {"department": "Legal", "floor": 3, "tags": ["a", "b"], "desk": "12"}
    version = user.version
    again = await _sign_in(place, provider, connector, {"org": {"department": "Legal"}})
    assert (again.attributes, again.version) == (user.attributes, version)


async def test_attributes_that_the_schema_does_not_allow(place: Place, provider: Provider) -> None:
    """One that the tenant's schema refuses is left out; the others are kept, and nobody is shut out by it."""
    await place.owner.users.set_attribute_rules(
        json_schema={"type": "object", "properties": {"floor": {"type": "integer"}, "team": {"type": "string"}}}
    )
    connector = await connect_provider(
        place, provider, allowed=[place.domain], attributes={"floor": "floor", "team": "team"}
    )
    user = await _sign_in(place, provider, connector, {"floor": "third", "team": "blue"})
    assert user.attributes == {"team": "blue"}
    assert (await _sign_in(place, provider, connector, {"floor": 3, "team": 7})).attributes == {
        "team": "blue",
        "floor": 3,
    }


@pytest.mark.parametrize("value", ["x" * 3000, "a\x00b", 2**60, None, {}, [[]]])
async def test_values_that_are_not_kept(place: Place, provider: Provider, value: Any) -> None:
    """What no attribute should be is passed over."""
    connector = await connect_provider(place, provider, allowed=[place.domain], attributes={"odd": "odd"})
    assert (await _sign_in(place, provider, connector, {"odd": value})).attributes == {}


async def test_roles_follow_groups(place: Place, provider: Provider) -> None:
    """Roles come and go with the groups that are told at each sign-in; none told is none, and others' are left."""
    await _helpdesk(place)
    connector = await connect_provider(place, provider, allowed=[place.domain], **GROUPS)
    user = await _sign_in(place, provider, connector, {"groups": ["Admins", "elsewhere"]})
    assert user.roles == ["admin", "member"]
    grants = {g.role: g.connector_id async for g in place.owner.roles.list_grants(user=user.id)}
    assert grants == {"admin": connector.id, "member": None}
    assert (await _sign_in(place, provider, connector, {"groups": "helpdesk"})).roles == ["helpdesk", "member"]
    assert (await _sign_in(place, provider, connector, {"groups": ["admins"]})).roles == ["member"]
    await place.owner.roles.grant(user=user.id, role="helpdesk")
    assert (await _sign_in(place, provider, connector, {"groups": ["helpdesk"]})).roles == ["helpdesk", "member"]
    assert (await _sign_in(place, provider, connector, {})).roles == ["helpdesk", "member"]


async def test_change_of_groups_ends_other_sessions(place: Place, provider: Provider) -> None:
    """Who loses a role by a sign-in elsewhere is signed out where they held it."""
    await _helpdesk(place)
    connector = await connect_provider(place, provider, allowed=[place.domain], **GROUPS)
    provider.person = Person(sub="ada", email=place.address("ada"), claims={"groups": ["Admins"]})
    async with Browser(place) as first, Browser(place) as second:
        await first.sign_in(provider, connector.id)
        assert "users:write" in (await first.client().users.me()).permissions
        provider.person = Person(sub="ada", email=place.address("ada"))
        await second.sign_in(provider, connector.id)
        assert (await second.client().users.me()).roles == ["member"]
        with pytest.raises(UnauthenticatedError):
            await first.client().users.me()


async def test_role_that_is_gone(place: Place, provider: Provider) -> None:
    """A mapped role that was deleted since is passed over, and comes back when it is made again."""
    await _helpdesk(place)
    connector = await connect_provider(place, provider, allowed=[place.domain], **GROUPS)
    await place.owner.roles.delete(role="helpdesk")
    assert (await _sign_in(place, provider, connector, {"groups": ["helpdesk"]})).roles == ["member"]
    await _helpdesk(place)
    assert (await _sign_in(place, provider, connector, {"groups": ["helpdesk"]})).roles == ["helpdesk", "member"]


async def test_groups_of_userinfo(place: Place, provider: Provider) -> None:
    """Claims that are mapped and not in the ID token are looked for in userinfo."""
    connector = await connect_provider(
        place, provider, allowed=[place.domain], group_claim="groups", group_roles=[{"group": "A", "role": "admin"}]
    )
    provider.profile_in_id_token = False
    assert (await _sign_in(place, provider, connector, {"groups": ["A"]})).roles == ["admin", "member"]


async def test_nobody_lets_a_connector_give_more_than_they_hold(place: Place, provider: Provider) -> None:
    """Neither by default roles nor by groups, neither new ones nor those that others have put there."""
    await place.owner.roles.create(slug="strong", name="Strong", permissions=["tenant:write"])
    admin = await place.signed_in("admin")
    connector = await connect_provider(place, provider, name="One")
    for provisioning in (
        {"default_roles": ["strong"]},
        {"group_claim": "groups", "group_roles": [{"group": "a", "role": "strong"}]},
    ):
        with pytest.raises(ForbiddenError) as refusal:
            await admin.auth_connectors.update(connector=connector.id, provisioning=provisioning)
        assert refusal.value.code == "permission_not_held"
        await place.owner.auth_connectors.update(connector=connector.id, provisioning=provisioning)
        with pytest.raises(ForbiddenError):
            await admin.auth_connectors.update(connector=connector.id, provisioning={})
        await place.owner.auth_connectors.update(connector=connector.id, provisioning={})
    settings = {"kind": "oidc", "issuer": provider.issuer, "client_id": "x"}
    with pytest.raises(ForbiddenError):
        await admin.auth_connectors.create(name="Two", settings=settings, provisioning={"default_roles": ["strong"]})


async def test_owner_is_not_given_whatever_is_stored(place: Place, provider: Provider) -> None:
    """Even where the database says that a group makes owners, it does not."""
    connector = await connect_provider(place, provider, allowed=[place.domain], **GROUPS_OF_ADMINS)
    await run_sql(
        place,
        """UPDATE auth_connectors SET group_roles = '[{"group": "Admins", "role": "owner"}]' WHERE id = $1""",
        connector.id.uuid,
    )
    assert (await _sign_in(place, provider, connector, {"groups": ["Admins"]})).roles == ["member"]


@pytest.mark.parametrize(
    ("provisioning", "code"),
    [
        ({"default_roles": ["owner"]}, "owner_not_given"),
        ({"group_claim": "g", "group_roles": [{"group": "a", "role": "owner"}]}, "owner_not_given"),
        ({"default_roles": ["nobodys"]}, "unknown_role"),
    ],
)
async def test_roles_that_no_connector_gives(
    place: Place, provider: Provider, provisioning: dict[str, Any], code: str
) -> None:
    """Owners are made by people, and what is not there is given by nobody."""
    connector = await connect_provider(place, provider)
    with pytest.raises(ValidationFailedError) as refusal:
        await place.owner.auth_connectors.update(connector=connector.id, provisioning=provisioning)
    assert [error.code for error in refusal.value.field_errors] == [code]


async def test_only_owners_let_a_connector_link(place: Place, provider: Provider) -> None:
    """Whoever names trusted domains, or says how addresses are read there, could become anybody: only owners do."""
    admin = await place.signed_in("admin")
    settings = {"kind": "oidc", "issuer": provider.issuer, "client_id": provider.client_id}
    with pytest.raises(ForbiddenError) as refusal:
        await admin.auth_connectors.create(name="Mine", settings={**settings, "trusted_domains": [place.domain]})
    assert refusal.value.code == "owner_needed"
    plain = await connect_provider(place, provider, name="Plain")
    with pytest.raises(ForbiddenError):
        await admin.auth_connectors.update(connector=plain.id, settings={**settings, "trusted_domains": [place.domain]})
    await admin.auth_connectors.update(connector=plain.id, settings={**settings, "scopes": ["openid"]})
    trusting = await connect_provider(place, provider, trusted=[place.domain], name="Trusting")
    for changes in ({"trusted_domains": []}, {"trusted_domains": [place.domain], "client_id": "x"}):
        with pytest.raises(ForbiddenError):
            await admin.auth_connectors.update(connector=trusting.id, settings={**settings, **changes})
    assert (await admin.auth_connectors.update(connector=trusting.id, name="Renamed")).name == "Renamed"
