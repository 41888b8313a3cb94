"""Who may do what: every operation inside a tenant by every role, from one table."""

from typing import NamedTuple, Self

import pytest

from central.access import Anyone, SignedIn
from central.catalog import CATALOG
from central.kernel.operation import AnyOperation
from support.asgi import Reply, assert_problem
from support.examples import Example, Things, names
from support.place import Place, Stack, make_place
from support.raw import Raw

ROLES = {"owner", "admin", "member"}
EVERYBODY, MANAGERS, OWNERS, OPERATORS = ROLES, {"owner", "admin"}, {"owner"}, set[str]()
ALLOWED: dict[str, set[str]] = {
    "tenants.create": OPERATORS,
    "tenants.list": OPERATORS,
    "tenants.suspend": OPERATORS,
    "tenants.reactivate": OPERATORS,
    "tenants.delete": OPERATORS,
    "tenants.delete_own": OWNERS,
    "tenants.restore": OPERATORS,
    "tenants.start_archive": OWNERS,
    "tenants.start_import": OPERATORS,
    "tenants.add_import_part": OPERATORS,
    "tenants.run_import": OPERATORS,
    "tenants.list_deletions": OPERATORS,
    "tenants.get_deletion": OPERATORS,
    "tenants.get": EVERYBODY,
    "tenants.rename": OWNERS,
    "tenants.set_branding": OWNERS,
    "tenants.set_logo_image": OWNERS,
    "tenants.remove_logo": OWNERS,
    "tenants.get_session_policy": EVERYBODY,
    "tenants.update_session_policy": OWNERS,
    "users.me": EVERYBODY,
    "users.list": EVERYBODY,
    "users.get": EVERYBODY,
    "users.create": MANAGERS,
    "users.update": MANAGERS,
    "users.disable": MANAGERS,
    "users.enable": MANAGERS,
    "users.delete": MANAGERS,
    "users.update_me": EVERYBODY,
    "users.my_permissions": EVERYBODY,
    "users.get_by_external_id": EVERYBODY,
    "users.get_many": EVERYBODY,
    "users.count": EVERYBODY,
    "users.set_tags": MANAGERS,
    "users.remove_tags": MANAGERS,
    "users.set_external_id": MANAGERS,
    "users.remove_external_id": MANAGERS,
    "users.merge": MANAGERS,
    "users.get_attribute_rules": EVERYBODY,
    "users.set_attribute_rules": OWNERS,
    "units.create": MANAGERS,
    "units.list": EVERYBODY,
    "units.get": EVERYBODY,
    "units.get_by_code": EVERYBODY,
    "units.list_ancestors": EVERYBODY,
    "units.get_path": EVERYBODY,
    "units.update": MANAGERS,
    "units.move": MANAGERS,
    "units.reorder": MANAGERS,
    "units.archive": MANAGERS,
    "units.restore": MANAGERS,
    "units.delete": MANAGERS,
    "units.list_history": EVERYBODY,
    "units.as_of": EVERYBODY,
    "units.start_import": MANAGERS,
    "units.add_import_rows": MANAGERS,
    "units.run_import": MANAGERS,
    "units.start_export": EVERYBODY,
    "units.start_assignment_import": MANAGERS,
    "units.add_assignment_import_rows": MANAGERS,
    "units.run_assignment_import": MANAGERS,
    "units.start_assignment_export": EVERYBODY,
    "units.list_assignments": EVERYBODY,
    "units.get_assignment": EVERYBODY,
    "units.assign": MANAGERS,
    "units.update_assignment": MANAGERS,
    "units.end_assignment": MANAGERS,
    "units.remove_assignment": MANAGERS,
    "emails.list": EVERYBODY,
    "emails.add": MANAGERS,
    "emails.make_primary": MANAGERS,
    "emails.remove": MANAGERS,
    "emails.list_mine": EVERYBODY,
    "emails.add_mine": EVERYBODY,
    "emails.start_verification": EVERYBODY,
    "emails.verify": EVERYBODY,
    "emails.make_mine_primary": EVERYBODY,
    "emails.remove_mine": EVERYBODY,
    "roles.list_grants": EVERYBODY,
    "roles.grant": MANAGERS,
    "roles.revoke": MANAGERS,
    "explain.access": MANAGERS,
    "users.impersonate": MANAGERS,
    "roles.create": MANAGERS,
    "roles.list": MANAGERS,
    "roles.get": MANAGERS,
    "roles.update": MANAGERS,
    "roles.delete": MANAGERS,
    "auth_connectors.create": MANAGERS,
    "auth_connectors.list": MANAGERS,
    "auth_connectors.get": MANAGERS,
    "auth_connectors.update": MANAGERS,
    "auth_connectors.disable": MANAGERS,
    "auth_connectors.enable": MANAGERS,
    "auth_connectors.delete": MANAGERS,
    "auth_connectors.add_secret": MANAGERS,
    "auth_connectors.remove_secret": MANAGERS,
    "auth_connectors.start_test": MANAGERS,
    "auth_connectors.get_test": MANAGERS,
    "auth_connectors.check": MANAGERS,
    "identities.list_mine": EVERYBODY,
    "identities.list": EVERYBODY,
    "identities.unlink": MANAGERS,
    "domains.create": MANAGERS,
    "domains.list": MANAGERS,
    "domains.get": MANAGERS,
    "domains.update": MANAGERS,
    "domains.verify": MANAGERS,
    "domains.delete": MANAGERS,
    "events.list": MANAGERS,
    "events.read": MANAGERS,
    "events.acknowledge": MANAGERS,
    "auth.sign_out": EVERYBODY,
    "auth.get_device": EVERYBODY,
    "auth.approve_device": EVERYBODY,
    "auth.deny_device": EVERYBODY,
    "sessions.list_mine": EVERYBODY,
    "sessions.revoke_mine": EVERYBODY,
    "sessions.revoke_all_mine": EVERYBODY,
    "sessions.list": MANAGERS,
    "sessions.revoke": MANAGERS,
    "sessions.revoke_all": MANAGERS,
    "sessions.search": MANAGERS,
    "sessions.revoke_matching": MANAGERS,
    "invitations.create": MANAGERS,
    "invitations.create_many": MANAGERS,
    "invitations.list": MANAGERS,
    "invitations.get": MANAGERS,
    "invitations.resend": MANAGERS,
    "invitations.revoke": MANAGERS,
    "users.start_import": MANAGERS,
    "users.start_export": EVERYBODY,
    "events.start_export": MANAGERS,
    "events.get_retention": MANAGERS,
    "events.set_retention": OWNERS,
    "sessions.start_revocation": MANAGERS,
    "users.add_import_rows": MANAGERS,
    "users.run_import": MANAGERS,
    **dict.fromkeys(
        (
            "webhooks.create_endpoint",
            "webhooks.list_endpoints",
            "webhooks.get_endpoint",
            "webhooks.update_endpoint",
            "webhooks.enable_endpoint",
            "webhooks.disable_endpoint",
            "webhooks.delete_endpoint",
            "webhooks.rotate_secret",
            "webhooks.ping",
            "webhooks.list_deliveries",
            "webhooks.get_delivery",
            "webhooks.redeliver",
            "webhooks.redeliver_failed",
        ),
        MANAGERS,
    ),
    # Of jobs, everybody sees and cancels their own.
    "users.set_avatar_image": EVERYBODY,
    "users.remove_avatar": EVERYBODY,
    "images.create_upload": EVERYBODY,
    "images.complete_upload": EVERYBODY,
    "images.get": EVERYBODY,
    "images.list": EVERYBODY,
    "images.delete": EVERYBODY,
    "jobs.list": EVERYBODY,
    "jobs.get": EVERYBODY,
    "jobs.cancel": EVERYBODY,
    "jobs.list_row_errors": EVERYBODY,
}
CLOSED = [operation for operation in CATALOG if not isinstance(operation.access, Anyone)]


class Cast(NamedTuple):
    """A tenant with one thing of each kind, and one who is signed in for each role."""

    things: Things
    callers: dict[str, Raw]

    @classmethod
    async def of(cls, place: Place) -> Self:
        """Make them."""
        callers = {role: Raw(place.stack, await place.signed_in(role)) for role in ROLES}
        return cls(await Things.of(place), callers)


@pytest.fixture(scope="module")
async def shared(stack: Stack) -> Cast:
    """A cast for all requests that change nothing: those that are refused, and those that read."""
    return await Cast.of(await make_place(stack))


@pytest.mark.parametrize("operation", CLOSED, ids=names)
async def test_role_decides(shared: Cast, place: Place, operation: AnyOperation) -> None:
    """A role that the table allows is never refused for want of a permission, and every other one always is."""
    allowed = ALLOWED[operation.name]
    for role in ROLES - allowed:
        assert_problem(await _call(operation, shared, role), 403, code="permission_missing")
    if allowed:
        cast = shared if operation.method == "GET" else await Cast.of(place)
        for role in sorted(allowed, reverse=True):
            reply = await _call(operation, cast, role)
            assert reply.status not in {401, 403}, (role, reply.body)


async def _call(operation: AnyOperation, cast: Cast, role: str) -> Reply:
    example = Example.of(operation, cast.things)
    return await cast.callers[role].send(operation.method, example.target, example.body)


@pytest.mark.parametrize("operation", CLOSED, ids=names)
async def test_nobody_is_refused(place: Place, operation: AnyOperation) -> None:
    """Whoever is not signed in, or with a made-up session, is told to sign in, before anything is looked at."""
    example = Example.of(operation, Things.absent().inside(place.tenant.id))
    for cookie in (None, "central_session=" + "A" * 43, "central_session=", "central_session=\x00\xff", "other=1"):
        headers = [] if cookie is None else [("cookie", cookie)]
        reply = await Raw(place.stack).send(operation.method, example.target, example.body, *headers)
        assert_problem(reply, 401, code="unauthenticated")


def test_every_operation_is_in_the_table() -> None:
    """A new operation that needs a sign-in is refused by this test until its roles are written down."""
    assert set(ALLOWED) == {operation.name for operation in CLOSED}
    signed_in = {operation.name for operation in CLOSED if isinstance(operation.access, SignedIn)}
    assert {name for name in signed_in if ALLOWED[name] != EVERYBODY} == set()
