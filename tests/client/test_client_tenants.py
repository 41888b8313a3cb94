"""Which tenant a call is about, and as whom it is made."""

import pytest

from central_client import Central, SettingsError, UnauthenticatedError, ValidationFailedError

SIGN_IN = "__Host-central_signin"
SESSION = "__Host-central_session"
ID = "tenant-01H2XVNZ7C9NXWK3TMCRD9QWMN"


@pytest.fixture
def owner(http_client, server, bodies):
    """Make a client with a tenant and a session of its own."""
    server.answers_with(bodies.me)
    return Central("https://central.test", tenant="acme", session="own", http_client=http_client)


def sign_in(client, server, bodies, token, **where):
    """Sign a client in as the server would; afterwards the server answers with the user."""
    server.answers[:] = []
    server.answers_with(bodies.challenge, 202, headers={"set-cookie": f"{SIGN_IN}=bind; Path=/; Secure; HttpOnly"})
    cookies = [("set-cookie", f"{SESSION}={token}; Path=/; Secure"), ("set-cookie", f"{SIGN_IN}=; Max-Age=0; Path=/")]
    server.answers_with(bodies.signed_in, headers=cookies)
    server.answers_with(bodies.me)
    return client.auth.sign_in_with_email_code(email="ada@example.com", code=lambda _: "123456", **where)


def cookie(server):
    return server.last.headers.get("cookie")


def test_the_clients_tenant_is_filled_in(owner, server):
    """A call is about the client's tenant unless it names one."""
    owner.users.me()
    owner.users.me(tenant="globex")
    assert server.paths == ["/v1/tenants/acme/me", "/v1/tenants/globex/me"]


def test_no_tenant_at_all_is_an_error_before_anything_is_sent(http_client, server):
    """Without a tenant the error says where one could come from."""
    client = Central("https://central.test", http_client=http_client)
    with pytest.raises(ValidationFailedError, match="CENTRAL_TENANT") as caught:
        client.users.me()
    assert caught.value.field_errors[0].code == "tenant_missing"
    assert server.requests == []


def test_operations_outside_tenants_need_none(http_client, server, bodies):
    """An operator's client needs no tenant to create one."""
    server.answers_with(bodies.tenant, 201)
    client = Central("https://central.test", session="own", http_client=http_client)
    assert client.tenants.create(slug="acme", name="Acme", owner_email="a@b.de").slug == "acme"
    assert f"{SESSION}=own" == cookie(server)
    client.tenants.suspend(tenant="acme")
    assert server.paths[-1] == "/v1/tenants/acme/suspend"


def test_an_operation_that_must_name_its_tenant_is_not_filled(owner):
    """Suspending the tenant that one happens to be in takes saying so."""
    with pytest.raises(ValidationFailedError):
        owner.tenants.suspend()


def test_a_named_tenant_is_called_with_the_clients_own_session(owner, server):
    """The server decides what a foreign session may see; the client does not hide the attempt."""
    owner.users.me(tenant="globex")
    assert f"{SESSION}=own" == cookie(server)


def test_a_view_on_another_tenant_begins_signed_out(owner, server):
    """A session belongs to one tenant: it does not go along to another one."""
    globex = owner.tenant("globex")
    globex.users.me()
    assert (server.paths[-1], cookie(server)) == ("/v1/tenants/globex/me", None)
    assert globex.session_token is None
    owner.users.me()
    assert f"{SESSION}=own" == cookie(server)


def test_a_view_on_the_own_tenant_shares_the_session(owner, server):
    """`client.tenant` with the client's own tenant is the client."""
    owner.tenant("acme").users.me()
    assert f"{SESSION}=own" == cookie(server)


def test_a_view_signs_the_client_in_there(owner, server, bodies):
    """Signing in by a view holds for the client, wherever it names that tenant, and leaves its own session."""
    sign_in(owner.tenant("globex"), server, bodies, "there")
    owner.tenant("globex").users.me()
    assert f"{SESSION}=there" == cookie(server)
    owner.users.me(tenant="globex")
    assert f"{SESSION}=there" == cookie(server)
    owner.users.me()
    assert f"{SESSION}=own" == cookie(server)


def test_signing_in_to_a_named_tenant_leaves_the_own_session(owner, server, bodies):
    """`tenant=` at the sign-in does what signing in by a view does."""
    sign_in(owner, server, bodies, "there", tenant="globex")
    owner.users.me()
    assert f"{SESSION}=own" == cookie(server)
    owner.tenant("globex").users.me()
    assert f"{SESSION}=there" == cookie(server)


def test_a_client_without_tenant_is_who_signed_in(http_client, server, bodies):
    """Its calls use that session wherever they go: to its tenant by slug or id, or outside of tenants."""
    client = Central("https://central.test", http_client=http_client)
    sign_in(client, server, bodies, "token", tenant="acme")
    for call in (
        lambda: client.users.me(tenant="acme"),
        lambda: client.users.me(tenant=ID),
        client.tenant("acme").users.me,
        client.tenant(ID).users.me,
        lambda: client.tenants.list().first_page(),
    ):
        if len(server.requests) == 6:
            server.answers[:] = []
            server.answers_with({"tenants": []})
        call()
        assert f"{SESSION}=token" == cookie(server)
    sign_in(client, server, bodies, "second", tenant="globex")
    client.users.me(tenant="acme")
    assert f"{SESSION}=token" == cookie(server)
    client.users.me(tenant="globex")
    assert f"{SESSION}=second" == cookie(server)


def test_a_view_may_have_a_user_of_its_own(owner, server, bodies):
    """A session given to a view stays with it and its views, whatever the client does."""
    member = owner.tenant("acme", session="member")
    member.with_options(timeout=1).users.me()
    assert f"{SESSION}=member" == cookie(server)
    sign_in(owner, server, bodies, "new")
    member.users.me()
    assert f"{SESSION}=member" == cookie(server)
    assert member.session_token.get_secret_value() == "member"
    assert owner.session_token.get_secret_value() == "new"


def test_options_share_the_session(owner, server, bodies):
    """What a view with other options signs in to, the client is signed in to."""
    sign_in(owner.with_options(timeout=3), server, bodies, "new")
    owner.users.me()
    assert f"{SESSION}=new" == cookie(server)


def test_a_session_that_the_server_ends_is_forgotten(owner, server):
    """A cookie that is deleted, also along with an error, is not sent again."""
    server.answers[:] = []
    server.fails_with(401, "unauthenticated", headers={"set-cookie": f"{SESSION}=; Max-Age=0; Path=/; Secure"})
    with pytest.raises(UnauthenticatedError):
        owner.users.me()
    assert owner.session_token is None
    with pytest.raises(UnauthenticatedError):
        owner.users.me()
    assert cookie(server) is None


@pytest.mark.parametrize("tenant", ["", "..", "a/b", "a" * 65])
def test_what_cannot_be_a_tenant_is_refused(client, tenant):
    """A view on nothing is an error at once."""
    with pytest.raises(SettingsError):
        client.tenant(tenant)
