"""Acting in somebody's name: which session is sent, which is learned, and what the block leaves behind."""

import pytest
from pydantic import SecretStr

from central_client import ForbiddenError, UnauthenticatedError, UnreadableAnswerError

USER = "user-01H2XVNZ7C9NXWK3TMCRD9QWMN"
VIEW = {"set-cookie": "__Host-central_session=view; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=1800"}
CLEARED = {"set-cookie": "__Host-central_session=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax; Secure"}


@pytest.fixture
def begun(bodies):
    session = {**bodies.signed_in["session"], "__type": "Session", "userId": USER}
    del session["current"]
    return {"__type": "ImpersonateUserResponse", "user": bodies.user, "session": session}


@pytest.fixture
def admin(client):
    client._caller.shared.credentials.own.give_session(SecretStr("admin"))
    return client


def cookies(server):
    return [request.headers.get("cookie") for request in server.requests]


def test_view_has_a_session_of_its_own(admin, server, bodies, begun):
    """It begins with the client's session; the view sends its own, and so does the client, until the view signs out."""
    server.answers_with(begun, 201, headers=VIEW).answers_with(bodies.me).answers_with(bodies.me)
    server.answers_with(None, 204, headers=CLEARED).answers_with(bodies.me)
    with admin.impersonate(user=USER, reason="x") as view:
        view.users.me()
        admin.users.me()
    admin.users.me()
    own = "__Host-central_session=admin"
    assert cookies(server) == [own, "__Host-central_session=view", own, "__Host-central_session=view", own]
    assert server.paths[0] == f"/v1/tenants/acme/users/{USER}/impersonate"
    assert server.paths[3] == "/v1/tenants/acme/auth/sign-out"
    assert view.session_token is None


def test_plain_call_keeps_the_session(admin, server, bodies, begun):
    """The operation alone does not turn the client into somebody else."""
    server.answers_with(begun, 201, headers=VIEW).answers_with(bodies.me)
    admin.users.impersonate(user=USER, reason="x")
    admin.users.me()
    assert cookies(server)[-1] == "__Host-central_session=admin"


def test_answer_without_a_session_is_asked_for_again(admin, server, begun):
    """The repetition of a lost answer has no session; a new request has, under a key of its own."""
    server.answers_with(begun, 201).answers_with(begun, 201, headers=VIEW).answers_with(None, 204, headers=CLEARED)
    with admin.impersonate(user=USER, reason="x") as view:
        assert view.session_token.get_secret_value() == "view"
    keys = [request.headers["idempotency-key"] for request in server.requests]
    assert len(set(keys)) == 3


def test_server_that_brings_none(admin, server, begun):
    """Twice without a session is an error, and the client's own session stays."""
    server.answers_with(begun, 201)
    with pytest.raises(UnreadableAnswerError), admin.impersonate(user=USER, reason="x"):
        pass
    assert len(server.requests) == 2
    assert admin.session_token.get_secret_value() == "admin"


def test_end_that_came_before(admin, server, begun):
    """A session that has ended already is no error at the end of the block; another refusal is."""
    server.answers_with(begun, 201, headers=VIEW).fails_with(401, "unauthenticated")
    with admin.impersonate(user=USER, reason="x"):
        pass
    server.answers[:] = []
    server.answers_with(begun, 201, headers=VIEW).fails_with(403, "forbidden")
    with pytest.raises(ForbiddenError), admin.impersonate(user=USER, reason="x"):
        pass


def test_error_of_the_block_goes_before(admin, server, begun):
    """What the block raises comes out, whatever becomes of the sign-out."""
    server.answers_with(begun, 201, headers=VIEW).fails_with(403, "forbidden")
    with pytest.raises(ZeroDivisionError), admin.impersonate(user=USER, reason="x"):
        raise ZeroDivisionError
    assert server.paths[-1] == "/v1/tenants/acme/auth/sign-out"


def test_refusal_opens_no_block(admin, server):
    """Where the server refuses, the block does not run, and nothing is signed out."""
    server.fails_with(401, "unauthenticated")
    with pytest.raises(UnauthenticatedError), admin.impersonate(user=USER, reason="x"):
        pytest.fail("the block ran")
    assert len(server.requests) == 1


def test_view_of_another_tenant(admin, server, bodies, begun):
    """With a tenant the view is of that tenant."""
    server.answers_with(begun, 201, headers=VIEW).answers_with(bodies.me).answers_with(None, 204, headers=CLEARED)
    with admin.impersonate(user=USER, reason="x", tenant="globex") as view:
        view.users.me()
    assert server.paths[1] == "/v1/tenants/globex/me"
    assert cookies(server)[1] == "__Host-central_session=view"


async def test_awaited(async_client, server, bodies, begun):
    """The asynchronous client does the same."""
    server.answers_with(begun, 201, headers=VIEW).answers_with(bodies.me).answers_with(None, 204, headers=CLEARED)
    async with async_client.impersonate(user=USER, reason="x") as view:
        await view.users.me()
    assert cookies(server) == [None, "__Host-central_session=view", "__Host-central_session=view"]
