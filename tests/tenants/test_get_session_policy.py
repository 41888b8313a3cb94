from datetime import timedelta

import pytest

from central.errors import UnauthenticatedError
from central_client import AsyncCentral
from support.place import Place

SERVER = {
    "member_idle_timeout": timedelta(days=7),
    "member_lifetime": timedelta(days=30),
    "admin_idle_timeout": timedelta(hours=1),
    "admin_lifetime": timedelta(hours=24),
}


async def test_server_counts_where_a_tenant_says_nothing(place: Place, member: AsyncCentral) -> None:
    """A new tenant has no lifetimes of its own; everybody in it sees which count."""
    policy = await member.tenants.get_session_policy()
    assert policy.tenant_id == place.tenant.id
    assert {name: getattr(policy.effective, name) for name in SERVER} == SERVER
    assert {name: getattr(policy.server, name) for name in SERVER} == SERVER
    assert {getattr(policy, name) for name in SERVER} == {None}


async def test_shorter_of_the_two_counts(owner: AsyncCentral) -> None:
    """Each lifetime is the tenant's own where it has one, else the server's."""
    await owner.tenants.update_session_policy(member_idle_timeout=timedelta(hours=8))
    policy = await owner.tenants.get_session_policy()
    assert policy.member_idle_timeout == policy.effective.member_idle_timeout == timedelta(hours=8)
    assert policy.server.member_idle_timeout == timedelta(days=7)
    assert (policy.member_lifetime, policy.effective.member_lifetime) == (None, timedelta(days=30))


async def test_nobody_sees_it_from_outside(anonymous: AsyncCentral) -> None:
    """Who is not signed in is told nothing."""
    with pytest.raises(UnauthenticatedError):
        await anonymous.tenants.get_session_policy()
