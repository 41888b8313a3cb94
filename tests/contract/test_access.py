"""What takes a fresh sign-in, and what somebody may do who acts in another's name: two tables that are pinned."""

from typing import Any

import pytest

from central.access import SYSTEM_PERMISSIONS, Anyone, SignedIn, SystemPermission, TenantPermission
from central.catalog import CATALOG
from central.errors import ForbiddenError
from central.kernel.model import TenantInput
from central.kernel.operation import AnyOperation, Operation
from central.tenants.models import Tenant
from support.examples import names

# A test only tries one.
CHANGES_NO_CONNECTOR = {"auth_connectors.start_test"}
# What a provider told of somebody is for them alone.
NOT_EVEN_READ = {"identities.list_mine"}
FRESH = {
    "auth.approve_device",
    "auth_connectors.create",
    "auth_connectors.update",
    "auth_connectors.enable",
    "auth_connectors.disable",
    "auth_connectors.delete",
    "auth_connectors.add_secret",
    "auth_connectors.remove_secret",
    "identities.unlink",
    "emails.make_mine_primary",
    "emails.make_primary",
    "emails.start_verification",
    "emails.verify",
    "tenants.suspend",
    "tenants.reactivate",
    "tenants.delete",
    "tenants.delete_own",
    "tenants.restore",
    "tenants.start_archive",
    "tenants.start_import",
    "tenants.run_import",
    "tenants.update_session_policy",
    "events.set_retention",
    "events.start_export",
    "users.delete",
    "users.impersonate",
    "users.merge",
    "webhooks.create_endpoint",
    "webhooks.update_endpoint",
    "webhooks.enable_endpoint",
    "webhooks.disable_endpoint",
    "webhooks.delete_endpoint",
    "webhooks.rotate_secret",
    "users.start_export",
    "units.start_assignment_export",
    "units.start_export",
}
CHANGES_IN_ANOTHERS_NAME = {"auth.sign_out", "tenants.rename", "users.update_me"}


def test_fresh_operations_are_these() -> None:
    """What takes a sign-in of the last ten minutes is this list; whoever adds to it, or takes away, changes this test.

    A verified address is a way to sign in, and so to a fresh sign-in. What concerns owners is judged by what is
    asked: see `tests/sessions/test_fresh_sign_in.py`.
    """
    assert {operation.name for operation in CATALOG if operation.needs_fresh} == FRESH


def test_connectors_and_deletions_of_people_take_a_fresh_sign_in() -> None:
    """Whatever changes a connector or its secret does, and so does whatever deletes people or tenants."""
    for operation in CATALOG:
        changes = operation.method != "GET" and operation.name not in CHANGES_NO_CONNECTOR
        if changes and operation.resource == "auth_connectors" and not isinstance(operation.access, Anyone):
            assert operation.needs_fresh, operation.name
        if operation.name.endswith(".delete") and operation.resource in {"users", "tenants"}:
            assert operation.needs_fresh, operation.name


@pytest.mark.parametrize("operation", CATALOG, ids=names)
def test_nobody_changes_anything_in_anothers_name_unless_declared(operation: AnyOperation) -> None:
    """Whoever impersonates reads; the changes that they may make are these, and none of them is about credentials."""
    if isinstance(operation.access, Anyone):
        assert not operation.refuses_impersonation
        return
    reads = operation.method == "GET" and not isinstance(operation.access, SystemPermission)
    reads &= operation.name not in NOT_EVEN_READ
    assert operation.refuses_impersonation != (reads or operation.name in CHANGES_IN_ANOTHERS_NAME)
    assert not operation.needs_fresh or operation.refuses_impersonation


@pytest.mark.parametrize("operation", CATALOG, ids=names)
def test_refusals_are_documented(document: dict[str, Any], operation: AnyOperation) -> None:
    """What is refused so is among the errors, and the document says both."""
    described = document["paths"][operation.path][operation.method.lower()]["description"]
    assert ("sign-in must be of the last ten minutes" in described) == operation.needs_fresh
    assert ("Nobody does it in another's name" in described) == operation.refuses_impersonation
    if operation.needs_fresh or operation.refuses_impersonation:
        assert ForbiddenError in operation.all_errors


def _declare(access) -> AnyOperation:
    return Operation("a.b", "POST", "/v1/{tenant}", TenantInput, Tenant, access=access, summary="x")


def test_fresh_and_allowed_in_anothers_name_contradict() -> None:
    """Who acts in another's name has no fresh sign-in: a declaration that says both fails at import."""
    for access in (SignedIn, lambda **given: TenantPermission("users:write", **given)):
        with pytest.raises(TypeError, match="no fresh sign-in"):
            _declare(access(fresh=True, impersonation="allowed"))
        assert not _declare(access(impersonation="allowed")).refuses_impersonation
        assert _declare(access()).refuses_impersonation
    assert _declare(SystemPermission(SYSTEM_PERMISSIONS[0])).refuses_impersonation
