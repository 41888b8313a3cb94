"""How arguments become a request."""

import uuid

import pytest

from central.access import Anyone
from central.auth_connectors.models import EmailCodeSettingsInput, OidcSettingsInput
from central.auth_connectors.provisioning import ProvisioningInput
from central.kernel.ids import UserId
from central.kernel.model import Input
from central.kernel.operation import Operation
from central_client import Central, ValidationFailedError
from central_client.plan import Plan

USER = UserId("user-01H2XVNZ7C9NXWK3TMCRD9QWMN")


def test_names_in_the_path_go_there_and_the_rest_to_the_body(client, server, bodies):
    """A PATCH puts its ids into the path and its changes, in camelCase, into the body."""
    server.answers_with(bodies.user)
    client.users.update(user=USER, display_name="Ada L.", expected_version=3)
    assert ("PATCH", f"/v1/tenants/acme/users/{USER}") == (server.last.method, server.paths[-1])
    assert server.last_body == {"displayName": "Ada L.", "expectedVersion": 3}


def test_absent_fields_are_not_sent_and_null_is():
    """What is not given is left alone; None is sent as null, which clears."""

    class RenameInput(Input):
        name: str
        nick_name: str | None = None
        colour: str = "red"

    plan = Plan(Operation("x.y", "PATCH", "/v1/{name}", RenameInput, RenameInput, access=Anyone(), summary="x"))
    assert plan.body(RenameInput(name="a")) == b"{}"
    assert plan.body(RenameInput(name="a", nick_name=None)) == b'{"nickName":null}'
    assert plan.body(RenameInput(name="a", colour="red")) == b'{"colour":"red"}'


def test_a_post_without_fields_sends_an_empty_object(client, server, bodies):
    """The server wants JSON on every unsafe call, also where there is nothing to say."""
    server.answers_with(bodies.user)
    client.users.disable(user=USER)
    assert (server.last_body, server.last.headers["content-type"]) == ({}, "application/json")


def test_a_get_puts_the_rest_into_the_query(client, server):
    """Filters of a list travel in the query, only those given, None like absent."""
    server.answers_with({"users": []})
    client.users.list(limit=5, text="a&b ü", state=None, sort="-created_at").first_page()
    assert server.paths == ["/v1/tenants/acme/users?limit=5&text=a%26b%20%C3%BC&sort=-created_at"]
    assert server.last.content == b""
    assert "content-type" not in server.last.headers


@pytest.mark.parametrize(("value", "written"), [(True, "true"), (False, "false")])
def test_a_delete_puts_the_rest_into_the_query_and_booleans_are_words(client, server, value, written):
    """`keep_current` is `true` or `false`, in camelCase."""
    server.answers_with({"revoked": 2})
    assert client.sessions.revoke_all_mine(keep_current=value).revoked == 2
    assert [f"/v1/tenants/acme/me/sessions?keepCurrent={written}"] == server.paths
    assert server.last.method == "DELETE"


def test_secrets_in_inputs_are_sent_as_they_are(client, server, bodies):
    """A client secret reaches the server, by text or by `SecretStr`, and no repr."""
    server.answers_with(bodies.connector)
    settings = OidcSettingsInput(
        kind="oidc", issuer="https://idp.test", client_id="c", client_secret="s3cr3t", scopes=["openid"]
    )
    client.auth_connectors.create(name="IdP", settings=settings, provisioning=ProvisioningInput(just_in_time=True))
    assert server.last_body == {
        "name": "IdP",
        "settings": {
            "kind": "oidc",
            "issuer": "https://idp.test",
            "clientId": "c",
            "clientSecret": "s3cr3t",
            "scopes": ["openid"],
        },
        "provisioning": {"justInTime": True},
    }
    assert "s3cr3t" not in repr(settings)


def test_a_union_may_be_given_as_a_mapping(client, server, bodies):
    """What the types want as a model is read from a mapping too."""
    server.answers_with(bodies.connector)
    client.auth_connectors.create(name="Codes", settings={"kind": "email_code"})
    given = server.last_body
    client.auth_connectors.create(name="Codes", settings=EmailCodeSettingsInput(kind="email_code"))
    assert given == server.last_body == {"name": "Codes", "settings": {"kind": "email_code"}}


@pytest.mark.parametrize(
    ("call", "field"),
    [
        (lambda client: client.users.create(email="nobody"), "email"),
        (lambda client: client.users.create(), "email"),
        (lambda client: client.users.create(email="a@b.de", colour="red"), "colour"),
        (lambda client: client.users.list(limit=0), "limit"),
        (lambda client: client.users.get(user="tenant-01H2XVNZ7C9NXWK3TMCRD9QWMN"), "user"),
        (lambda client: client.tenants.suspend(tenant=".."), "tenant"),
        (lambda client: client.tenants.suspend(tenant="a/b"), "tenant"),
        (lambda client: client.users.me(tenant="."), "tenant"),
        (lambda client: client.users.me(tenant=""), "tenant"),
    ],
)
def test_wrong_input_is_refused_before_anything_is_sent(client, server, call, field):
    """`ValidationFailedError` names the field, and nothing was sent, not even for a list that nobody reads."""
    with pytest.raises(ValidationFailedError) as caught:
        call(client)
    assert [field] == [error.field for error in caught.value.field_errors]
    assert server.requests == []


def test_wrong_input_is_not_repeated(client):
    """An error about a secret does not hold the secret."""
    with pytest.raises(ValidationFailedError) as caught:
        client.auth_connectors.create(
            name="x", settings={"kind": "oidc", "issuer": 1, "client_id": "c", "client_secret": "s3cr3t" * 999}
        )
    assert "s3cr3t" not in f"{caught.value!r} {caught.value} {caught.value.__dict__}"
    assert caught.value.__context__ is None


@pytest.mark.parametrize("value", ["", ".", ".."])
def test_no_path_is_built_from_dot_segments(value):
    """Even an input that lets them pass makes no such path: HTTP libraries collapse them into another one."""

    class LaxInput(Input):
        name: str

    plan = Plan(Operation("x.y", "DELETE", "/v1/things/{name}", LaxInput, LaxInput, access=Anyone(), summary="x"))
    assert plan.path(LaxInput(name="a/../?b"), None) == "/v1/things/a%2F..%2F%3Fb"
    with pytest.raises(ValidationFailedError):
        plan.path(LaxInput(name=value), None)


def test_constant_headers(client, server, bodies):
    """Every request says what sends it and what it reads."""
    server.answers_with(bodies.me)
    client.users.me()
    headers = server.last.headers
    assert headers["user-agent"].startswith("central-python/")
    assert headers["accept"] == "application/json"
    assert "idempotency-key" not in headers


def test_unsafe_calls_carry_a_key_of_their_own(client, server, bodies):
    """POST and PATCH are sent under an `Idempotency-Key`, another one for each call."""
    server.answers_with(bodies.user)
    client.users.create(email="a@b.de")
    client.users.update(user=USER, display_name="A")
    keys = {uuid.UUID(request.headers["idempotency-key"]) for request in server.requests}
    assert len(keys) == 2


def test_options_belong_to_a_view(client, server, bodies):
    """A view sends its key, headers and time-out; the client it came from does not."""
    server.answers_with(bodies.user)
    view = client.with_options(idempotency_key="key-1", headers={"X-Trace": "t"}, timeout=2.5)
    view.users.create(email="a@b.de")
    assert (server.last.headers["idempotency-key"], server.last.headers["x-trace"]) == ("key-1", "t")
    assert server.last.extensions["timeout"] == {"connect": 2.5, "read": 2.5, "write": 2.5, "pool": 2.5}
    client.users.create(email="a@b.de")
    assert "x-trace" not in server.last.headers
    assert server.last.headers["idempotency-key"] != "key-1"
    assert server.last.extensions["timeout"]["read"] == 30.0


@pytest.mark.parametrize("kind", ["https://central.test/", "https://central.test/prefix", "https://central.test:8443"])
def test_a_base_url_may_have_a_port_and_a_path(kind, http_client, server, bodies):
    """Paths are put behind whatever the base URL says."""
    server.answers_with(bodies.me)
    Central(kind, tenant="acme", http_client=http_client).users.me()
    assert f"{kind.rstrip('/')}/v1/tenants/acme/me" == str(server.last.url)


async def test_the_asynchronous_client_sends_the_same(async_client, client, server, bodies):
    """Both clients make the same request of the same arguments, but for its key."""
    server.answers_with(bodies.user)
    created = await async_client.users.create(email="a@b.de", roles=["admin"])
    assert created == client.users.create(email="a@b.de", roles=["admin"])
    first, second = server.requests
    assert (first.method, first.url, first.content) == (second.method, second.url, second.content)
    first.headers["idempotency-key"] = second.headers["idempotency-key"] = "x"
    assert first.headers.raw == second.headers.raw
