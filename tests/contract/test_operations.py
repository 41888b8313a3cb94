"""The catalog as a whole: names, paths, handlers and tests, one of each."""

import ast
import re
from collections import Counter
from itertools import pairwise
from pathlib import Path
from types import NoneType

import pytest

from central import catalog
from central.access import Anyone, TenantPermission
from central.catalog import BROWSER_ROUTES, CATALOG
from central.errors import ConflictError, NotFoundError
from central.kernel.model import Response, TenantInput
from central.kernel.operation import AnyOperation, BrowserRoute, Operation
from central.kernel.pages import Page
from central.tenants.models import CreateTenantInput, Tenant
from central.tenants.operations import CREATE_TENANT
from central_server.app import Central
from central_server.container import ROUTES
from central_server.infra.http.handles import marked_methods
from central_server.meta import MetaRoutes
from support.models import contract_modules
from support.place import Stack

TESTS = Path(__file__).parents[1]

# Where an operation's tests are together with others', or in the folder that its subject belongs to.
ELSEWHERE = {
    "auth.sign_out": "sessions/test_sign_out.py",
    "sessions.revoke": "sessions/test_revoke_sessions.py",
    "sessions.revoke_all": "sessions/test_revoke_sessions.py",
    "sessions.revoke_all_mine": "sessions/test_revoke_sessions.py",
    "sessions.revoke_mine": "sessions/test_revoke_sessions.py",
    "users.me": "users/test_me.py",
}

# What keeps a reader's place, or writes a file of what may be read: nothing of what is read changes.
PART_OF_READING = {
    "events.acknowledge",
    "events.start_export",
    "users.start_export",
    "units.start_assignment_export",
    "units.start_export",
}


def _constants() -> dict[str, str]:
    """Give the constant that each operation is declared as."""
    return {
        value.name: name
        for module in contract_modules()
        if module.__name__.endswith(".operations")
        for name, value in vars(module).items()
        if isinstance(value, Operation)
    }


def test_names_and_paths_are_unique() -> None:
    """No two operations or routes share a name, or a method and a path."""
    declared: list[AnyOperation | BrowserRoute] = [*CATALOG, *BROWSER_ROUTES]
    shape = re.compile(r"\{\w+\}")
    for seen in ([one.name for one in declared], [(one.method, shape.sub("{}", one.path)) for one in declared]):
        assert [key for key, count in Counter(seen).items() if count > 1] == []


@pytest.mark.parametrize("operation", CATALOG, ids=lambda operation: operation.name)
def test_operation_is_declared_as_agreed(operation: AnyOperation) -> None:
    """Names are `resource.verb`, paths lie under /v1 and name the tenant, kebab-cased; errors and statuses fit."""
    assert re.fullmatch(r"[a-z_]+\.[a-z_]+", operation.name)
    assert re.fullmatch(r"/v1(/([a-z-]+|\{[a-z_]+\}))+", operation.path)
    assert operation.in_tenant == ("tenant" in operation.path_names and issubclass(operation.input_class, TenantInput))
    assert operation.status in {200, 201, 202, 204}
    assert (operation.status == 204) == (operation.output is NoneType)
    assert operation.summary
    assert not operation.summary.endswith(".")
    if "tenant" in operation.path_names:
        assert NotFoundError in operation.errors
    if issubclass(operation.output, Response) and operation.output is not NoneType:
        assert issubclass(operation.output, Page) or not operation.name.endswith(".list")
    if isinstance(operation.access, TenantPermission):
        reads = operation.access.permission.endswith(":read")
        only_reads = operation.method == "GET" or operation.name in PART_OF_READING
        assert reads == only_reads, "reading needs to read, changing to write"
    assert operation.method != "GET" or operation.status == 200, "GET changes nothing"
    assert "expected_version" not in operation.input_class.model_fields or ConflictError in operation.errors


def test_every_declared_operation_is_in_the_catalog() -> None:
    """An operation that is declared and not listed would be nowhere."""
    listed = {operation.name for operation in CATALOG}
    assert set(_constants()) == listed
    assert len(_constants()) == len(CATALOG)
    for module in contract_modules():
        for value in vars(module).values():
            assert not isinstance(value, BrowserRoute) or value in BROWSER_ROUTES


def test_everything_has_exactly_one_handler() -> None:
    """Each operation and route is served by one method, of one class."""
    served = [
        declared.name for routes in (*ROUTES, MetaRoutes) for declared, _ in marked_methods(object.__new__(routes))
    ]
    expected = [operation.name for operation in CATALOG] + [route.name for route in BROWSER_ROUTES]
    assert sorted(served) == sorted(set(expected) - {"dev.mailbox"})


def test_server_refuses_to_start_without_a_handler(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    """An operation that nobody serves is found at the start, not by a caller."""
    orphan = Operation(
        "tenants.orphan", "POST", "/v1/orphan", CreateTenantInput, Tenant, access=Anyone(), summary="Orphan"
    )
    central = Central(stack.settings)
    monkeypatch.setattr("central_server.app.CATALOG", (*catalog.CATALOG, orphan))
    with pytest.raises(TypeError, match=r"nothing serves: .*tenants\.orphan"):
        central._mount([], parts=None)


@pytest.mark.parametrize("operation", CATALOG, ids=lambda operation: operation.name)
def test_operation_has_a_test_module_that_calls_it(operation: AnyOperation) -> None:
    """An operation's tests are in the file of its name, and there it is called by the client."""
    constant = _constants()[operation.name].lower()
    path = TESTS / ELSEWHERE.get(operation.name, f"{operation.resource}/test_{constant}.py")
    assert path.is_file(), f"there is no {path.relative_to(TESTS)}"
    calls = {
        f"{node.func.value.attr}.{node.func.attr}"
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Attribute)
    }
    assert operation.name in calls, f"{path.relative_to(TESTS)} does not call it"


def test_browser_routes_are_these() -> None:
    """What is no JSON call is this short table; whoever adds to it changes this test."""
    assert [(route.name, route.method, route.path) for route in BROWSER_ROUTES] == [
        ("auth.provider_start", "GET", "/v1/tenants/{tenant}/auth-connectors/{connector}/start"),
        ("auth.provider_callback", "GET", "/v1/tenants/{tenant}/auth-connectors/{connector}/callback"),
        ("events.stream", "GET", "/v1/tenants/{tenant}/events/stream"),
        ("jobs.file", "GET", "/v1/tenants/{tenant}/jobs/{job}/file"),
        ("jobs.stream", "GET", "/v1/tenants/{tenant}/jobs/{job}/stream"),
        ("images.send_content", "PUT", "/uploads/{tenant}/{image}"),
        ("images.show", "GET", "/pictures/{tenant}/{image}/{digest}/{name}"),
        ("users.initials", "GET", "/initials/{letters}/{hue}"),
        ("pages.sign_in", "GET", "/signin"),
        ("pages.find_realm", "POST", "/signin"),
        ("pages.address_code", "GET", "/signin/code"),
        ("pages.verify_address_code", "POST", "/signin/code"),
        ("pages.asset", "GET", "/signin/assets/{name}"),
        ("pages.tenant", "GET", "/t/{tenant}"),
        ("pages.start_code", "POST", "/t/{tenant}"),
        ("pages.code", "GET", "/t/{tenant}/code"),
        ("pages.verify_code", "POST", "/t/{tenant}/code"),
        ("pages.link", "GET", "/t/{tenant}/link/{token}"),
        ("pages.follow_link", "POST", "/t/{tenant}/link/{token}"),
        ("pages.done", "GET", "/t/{tenant}/done"),
        ("pages.colors", "GET", "/t/{tenant}/colors/{name}"),
        ("pages.tool", "GET", "/t/{tenant}/device"),
        ("pages.decide_tool", "POST", "/t/{tenant}/device"),
        ("pages.connector_test", "GET", "/t/{tenant}/connector-tests/{test}"),
        ("pages.start_connector_test", "POST", "/t/{tenant}/connector-tests/{test}"),
        ("pages.invitation", "GET", "/invitations/{tenant}/{token}"),
        ("pages.accept_invitation", "POST", "/invitations/{tenant}/{token}"),
        ("pages.return_to_invitation", "GET", "/invitations/{tenant}"),
        ("pages.sign_out", "GET", "/signout"),
        ("pages.end_session", "POST", "/signout"),
        ("pages.signed_out", "GET", "/signout/done"),
        ("meta.liveness", "GET", "/meta/liveness-probe"),
        ("meta.readiness", "GET", "/meta/readiness-probe"),
        ("meta.openapi", "GET", "/openapi.json"),
        ("meta.docs", "GET", "/docs"),
        ("meta.docs_asset", "GET", "/docs/{name}"),
        ("dev.mailbox", "GET", "/dev/mailbox"),
    ]


def test_open_operations_are_these() -> None:
    """What needs no sign-in is this short table."""
    assert [operation.name for operation in CATALOG if isinstance(operation.access, Anyone)] == [
        "tenants.get_public",
        "auth_connectors.list_public",
        "auth.start_email_code",
        "auth.verify_email_code",
        "auth.start_provider",
        "auth.start_device",
        "auth.poll_device",
        "auth.start_loopback",
        "auth.exchange_loopback_code",
        "invitations.get_public",
        "invitations.accept",
    ]


def test_what_anyone_may_do_is_counted_for_what_it_is() -> None:
    """Whatever changes something without a session is counted as a sign-in or a code, and all but probes somehow."""
    unsafe = {o.name: o.rate_class for o in CATALOG if isinstance(o.access, Anyone) and o.method != "GET"}
    unsafe |= {r.name: r.rate for r in BROWSER_ROUTES if r.name.startswith("auth.") or r.method != "GET"}
    # A tool polls many times for one sign-in, which was counted when it began, and nobody guesses what it polls with;
    # nor what a file is sent with, for which somebody who is signed in has asked.
    uncounted = {name for name, rate in unsafe.items() if rate not in {"sign_in", "code"}}
    assert uncounted == {"auth.poll_device", "images.send_content"}
    classes = [(o.name, o.rate_class) for o in CATALOG] + [(r.name, r.rate) for r in BROWSER_ROUTES]
    assert {name for name, rate in classes if rate == "unlimited"} == {"meta.liveness", "meta.readiness"}


def test_resources_stand_together_in_the_catalog() -> None:
    """The catalog goes resource by resource, as the documentation does."""
    resources = [operation.resource for operation in CATALOG]
    assert sum(a != b for a, b in pairwise(resources)) == len(set(resources)) - 1


def test_declarations_that_contradict_themselves_are_refused() -> None:
    """A name in the path that is no field, and an empty answer with another status, fail at import."""
    with pytest.raises(TypeError, match="no fields"):
        Operation("a.b", "GET", "/v1/{user}", CreateTenantInput, Tenant, access=Anyone(), summary="x")
    with pytest.raises(TypeError, match="by user"):
        Operation("a.b", "GET", "/v1/x", CreateTenantInput, Tenant, access=Anyone(), summary="x", rate="signed_in")
    with pytest.raises(TypeError, match="204"):
        Operation("a.b", "GET", "/v1/x", CreateTenantInput, NoneType, access=Anyone(), summary="x")
    assert CREATE_TENANT.all_errors == tuple(sorted(CREATE_TENANT.all_errors, key=lambda error: error.status))
