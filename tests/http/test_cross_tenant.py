"""What one tenant can do with the ids of another: nothing, and not even find out that they are there."""

from typing import Any

import pytest

from central.access import Anyone, SystemPermission, TenantPermission
from central.catalog import CATALOG
from central.kernel.operation import AnyOperation
from central_server.roles.policy import permissions_of
from support.asgi import Reply
from support.database import fingerprint
from support.examples import CLOSED, EXAMPLES, Example, Things, names
from support.place import Place, Stack, make_place
from support.raw import Raw

_NEVER_THE_SAME = {"x-request-id"}
# Operations that anyone may call name a tenant in the path; these name a thing of it, too.
_OPEN_WITH_IDS = {"auth.verify_email_code": 410, "auth.start_oidc": 404}
_WITH_IDS = [
    operation
    for operation in CATALOG
    if EXAMPLES.get(operation.name, dict)(Things.absent()).keys()
    & {"user", "session", "connector", "domain", "sign_in"}
]


@pytest.fixture(scope="module")
async def alice(stack: Stack) -> tuple[Place, Things]:
    """The tenant whose things the other tenant knows the ids of."""
    place = await make_place(stack)
    return place, await Things.of(place)


@pytest.fixture(scope="module")
async def mallory(stack: Stack) -> Place:
    """The other tenant."""
    return await make_place(stack)


@pytest.fixture(scope="module")
async def attackers(mallory: Place) -> dict[str, Raw]:
    """Its people, one of each role."""
    return {role: Raw(mallory.stack, await mallory.signed_in(role)) for role in ("owner", "admin", "member")}


def _seen(reply: Reply) -> tuple[int, dict[str, Any], dict[str, str]]:
    """Give all that an answer tells, but for what differs between any two."""
    body = reply.json() if reply.body else {}
    body.pop("requestId", None)
    return reply.status, body, {name: value for name, value in reply.headers if name not in _NEVER_THE_SAME}


async def _send(raw: Raw, operation: AnyOperation, things: Things) -> Reply:
    example = Example.of(operation, things)
    return await raw.send(operation.method, example.target, example.body)


def test_every_operation_has_an_example() -> None:
    """A new operation is refused by this test until these tests can call it."""
    assert set(EXAMPLES) == {operation.name for operation in CATALOG}


@pytest.mark.parametrize("operation", CLOSED, ids=names)
async def test_path_of_another_tenant(alice, attackers: dict[str, Raw], operation: AnyOperation) -> None:
    """Another tenant in the path, by id or slug, answers as one that never was, to every role, and nothing changes."""
    place, things = alice
    absent = Things.absent()
    before = await fingerprint(place.stack, place.tenant.id)
    for raw in attackers.values():
        expected = _seen(await _send(raw, operation, absent))
        assert expected[0] == (403 if isinstance(operation.access, SystemPermission) else 404)
        for ref in (place.tenant.id, place.tenant.slug):
            assert _seen(await _send(raw, operation, things.inside(ref))) == expected
    assert await fingerprint(place.stack, place.tenant.id) == before


@pytest.mark.parametrize("operation", _WITH_IDS, ids=names)
async def test_ids_of_another_tenant(alice, mallory: Place, attackers: dict[str, Raw], operation: AnyOperation) -> None:
    """Another tenant's ids under one's own path answer as ids that never were, to every role, and nothing changes."""
    place, things = alice
    before = await fingerprint(place.stack, place.tenant.id)
    for role, raw in attackers.items():
        expected = _seen(await _send(raw, operation, Things.absent().inside(mallory.tenant.id)))
        assert expected[0] == _status(operation, role)
        assert _seen(await _send(raw, operation, things.inside(mallory.tenant.id))) == expected
    assert await fingerprint(place.stack, place.tenant.id) == before


def _status(operation: AnyOperation, role: str) -> int:
    match operation.access:
        case TenantPermission(permission) if permission not in permissions_of((role,)):
            return 403
        case _:
            return _OPEN_WITH_IDS.get(operation.name, 404)


@pytest.mark.parametrize("operation", [o for o in CATALOG if isinstance(o.access, Anyone)], ids=names)
async def test_open_operations_do_not_mix_tenants(alice, mallory: Place, operation: AnyOperation) -> None:
    """What anyone may call answers the same with a session of another tenant as with none."""
    place, things = alice
    with_session = await _send(Raw(place.stack, mallory.owner), operation, things)
    without = await _send(Raw(place.stack), operation, things)
    assert with_session.status == without.status
    assert operation.name in _OPEN_WITH_IDS or with_session.status < 300


async def test_session_of_the_own_tenant_is_the_control(alice) -> None:
    """With the very same ids the tenant's own people get through: the tests above refuse for the right reason."""
    place, things = alice
    raw = Raw(place.stack, place.owner)
    for operation in CLOSED:
        if operation.method == "GET" and not isinstance(operation.access, SystemPermission):
            assert (await _send(raw, operation, things)).status == 200, operation.name
