"""What the clients offer: the catalog's operations, and nothing that the catalog does not know."""

import inspect
import subprocess
import sys
from typing import Any

import pytest

import central_client
from central import errors
from central.catalog import CATALOG
from central_client import AsyncCentral, Central
from central_client.call import Call, PagedCall, Resource
from central_client.client import CentralBase

FAMILIES = (
    "tenants",
    "users",
    "emails",
    "roles",
    "explain",
    "auth_connectors",
    "domains",
    "identities",
    "sessions",
    "auth",
    "invitations",
    "units",
    "events",
    "webhooks",
    "images",
    "jobs",
)


def offered(client: Central | AsyncCentral) -> dict[str, Any]:
    families = {name: getattr(client, name) for name in dir(CentralBase) if name in FAMILIES}
    return {
        f"{family}.{name}": call.operation
        for family, resource in families.items()
        for name, call in vars(type(resource)).items()
        if isinstance(call, Call | PagedCall)
    }


@pytest.mark.parametrize("kind", [Central, AsyncCentral])
def test_every_operation_is_one_method_and_every_method_one_operation(kind):
    """Both clients offer the catalog under its names: nothing is missing, nothing is added or renamed."""
    assert {operation.name: operation for operation in CATALOG} == offered(kind("http://central.test"))


@pytest.mark.parametrize("kind", [Central, AsyncCentral])
def test_every_resource_is_a_family(kind):
    """No family of resources is left out of the check above."""
    client = kind("http://central.test")
    resources = [
        name
        for name in dir(client)
        if not name.startswith("_") and name != "session_token" and isinstance(getattr(client, name), Resource)
    ]
    assert sorted(FAMILIES) == resources


@pytest.mark.parametrize("kind", [Central, AsyncCentral])
def test_a_list_is_a_pager_wherever_the_answer_is_a_page(kind):
    """An operation whose answer is a page is a paged call, any other a plain one."""
    for operation in CATALOG:
        family, _, verb = operation.name.partition(".")
        call = vars(type(getattr(kind("http://central.test"), family)))[verb]
        assert isinstance(call, PagedCall) == hasattr(operation.output, "items_field"), operation.name


@pytest.mark.parametrize("kind", [Central, AsyncCentral])
def test_methods_describe_themselves(kind):
    """A method has its name, its documentation with the errors, and a signature of keywords."""
    create = kind("http://central.test").users.create
    assert (create.__name__, create.__qualname__) == ("create", "Users.create")
    assert create.__doc__.startswith("Create a user.\n")
    assert "ConflictError (409)" in create.__doc__
    parameters = inspect.signature(create).parameters
    assert list(parameters)[:4] == ["tenant", "email", "display_name", "roles"]
    assert {inspect.Parameter.KEYWORD_ONLY} == {parameter.kind for parameter in parameters.values()}
    assert parameters["email"].default is inspect.Parameter.empty
    assert "email: str" in str(inspect.signature(create))


@pytest.mark.parametrize("kind", [Central, AsyncCentral])
def test_methods_are_made_once_per_resource(kind):
    """The same attribute is the same object, so that a look-up in a loop costs nothing."""
    client = kind("http://central.test")
    assert client.users.create is client.users.create
    assert client.users is client.users


def test_an_operation_is_taken_apart_once_for_all_clients():
    """Two clients share the plan of an operation, and the class gives it away."""
    assert type(Central("http://a.test").users).create is type(AsyncCentral("http://b.test").users).create


def test_exports_are_pinned():
    """The public names are exactly these, and each leads somewhere."""
    expected = {
        "AsyncCentral",
        "AsyncPager",
        "Central",
        "Page",
        "Pager",
        "gather",
        "login",
        "login_async",
        "save_profile",
        "SettingsError",
        "UnreadableAnswerError",
        "FieldError",
        "CentralError",
        "UnexpectedStatusError",
        "ConnectionFailedError",
        *(error.__name__ for error in errors.WIRE_ERRORS),
        "AuthConnectorId",
        "DomainId",
        "EventId",
        "IdentityId",
        "InvitationId",
        "JobFailedError",
        "JobId",
        "SessionId",
        "SignInId",
        "SignInPrompt",
        "TenantId",
        "UserId",
        "WebhookDeliveryId",
        "WebhookEndpointId",
        "WebhookVerificationError",
    }
    assert sorted(expected) == sorted(central_client.__all__)
    assert all(getattr(central_client, name).__name__ == name for name in expected)
    assert expected <= set(dir(central_client))


def test_an_unknown_name_is_an_attribute_error():
    """The lazy module answers as any module does."""
    with pytest.raises(AttributeError, match="has no attribute 'Centrall'"):
        _ = central_client.Centrall


def test_importing_loads_nothing_and_a_client_loads_no_http_library():
    """Neither the import nor the constructor pays for what is not used yet."""
    script = (
        "import sys, central_client; assert not {'pydantic', 'httpx'} & set(sys.modules); "
        "client = central_client.Central('http://central.test'); "
        "assert not {'httpx', 'central.users.operations'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


def test_only_one_module_knows_httpx():
    """The HTTP library is imported in `transport` alone."""
    from pathlib import Path

    sources = Path(central_client.__file__).parent.rglob("*.py")
    assert [path.name for path in sources if "import httpx" in path.read_text()] == ["transport.py"]


def test_a_constructor_does_no_io(monkeypatch):
    """A client that nobody calls opens nothing: no file, no socket, no TLS context."""
    import builtins
    import socket

    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("I/O")

    monkeypatch.setattr(builtins, "open", refuse)
    monkeypatch.setattr("pathlib.Path.open", refuse)
    monkeypatch.setattr(socket, "socket", refuse)
    for kind in (Central, AsyncCentral):
        repr(kind(profile="work").tenant("globex").with_options(timeout=1).users.create)
