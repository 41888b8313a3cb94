"""Signing in with a mailed code in one call."""

import json

import pytest
from pydantic import SecretStr

from central_client import GoneError, UnauthenticatedError, UnreadableAnswerError, ValidationFailedError

SIGN_IN = {"set-cookie": "__Host-central_signin=bind; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=600"}
SESSION = [
    ("set-cookie", "__Host-central_session=token; Path=/; Secure; HttpOnly; SameSite=Lax"),
    ("set-cookie", "__Host-central_signin=; Path=/; Max-Age=0"),
]


def codes(*given):
    """Be a person who types one code after another."""
    return iter(given).__next__


@pytest.fixture
def started(server, bodies):
    return server.answers_with(bodies.challenge, 202, headers=SIGN_IN)


def test_the_session_is_in_the_client(client, started, server, bodies):
    """The answer says who signed in; the code travels with the binding cookie; the next call with the session."""
    server.answers_with(bodies.signed_in, headers=SESSION).answers_with(bodies.me)
    challenges = []
    signed_in = client.auth.sign_in_with_email_code(
        email="ada@example.com", code=lambda challenge: challenges.append(challenge) or "123456"
    )
    assert signed_in.user.email == "ada@example.com"
    assert [bodies.challenge["signIn"]] == [challenge.sign_in for challenge in challenges]
    assert {"signIn": bodies.challenge["signIn"], "code": "123456"} == server.last_body
    assert server.last.headers["cookie"] == "__Host-central_signin=bind"
    client.users.me()
    assert server.last.headers["cookie"] == "__Host-central_session=token"
    assert client.session_token.get_secret_value() == "token"


def test_a_wrong_code_is_asked_for_again(client, started, server, bodies):
    """Two wrong codes are forgiven; one that cannot be a code is not even sent."""
    server.fails_with(401, "wrong_code").answers_with(bodies.signed_in, headers=SESSION)
    answers = codes("000000", "12345", "123456")
    client.auth.sign_in_with_email_code(email="ada@example.com", code=lambda _: answers())
    assert len(server.requests) == 3


def test_the_third_wrong_code_is_the_last(client, started, server):
    """After three tries the server's answer is raised."""
    server.fails_with(401, "wrong_code")
    asked = []
    with pytest.raises(UnauthenticatedError) as caught:
        client.auth.sign_in_with_email_code(email="ada@example.com", code=lambda _: asked.append(1) or "000000")
    assert (caught.value.code, len(asked), len(server.requests)) == ("wrong_code", 3, 4)


def test_a_malformed_code_is_raised_after_three_tries(client, started, server):
    """The error is about the code."""
    with pytest.raises(ValidationFailedError):
        client.auth.sign_in_with_email_code(email="ada@example.com", code=lambda _: "letters")
    assert len(server.requests) == 1


@pytest.mark.parametrize(("status", "error"), [(410, GoneError), (401, UnauthenticatedError)])
def test_other_errors_end_the_sign_in(client, started, server, status, error):
    """A used-up sign-in is not asked for again."""
    server.fails_with(status, "over")
    with pytest.raises(error):
        client.auth.sign_in_with_email_code(email="ada@example.com", code=lambda _: "000000")
    assert len(server.requests) == 2


@pytest.mark.parametrize("error", [EOFError("nobody"), StopIteration("done")])
def test_what_the_callback_raises_is_raised(client, started, error):
    """The caller's own exception arrives unchanged, whatever it is."""

    def fail(_):
        raise error

    with pytest.raises(type(error)):
        client.auth.sign_in_with_email_code(email="ada@example.com", code=fail)


def test_a_success_without_a_session_is_an_error(client, started, server, bodies):
    """The promise is a signed-in client: a server that sets no cookie does not keep it."""
    server.answers_with(bodies.signed_in)
    with pytest.raises(UnreadableAnswerError, match="no session cookie"):
        client.auth.sign_in_with_email_code(email="ada@example.com", code=lambda _: "123456")


@pytest.mark.parametrize("awaited", [True, False])
async def test_the_asynchronous_client_takes_either_kind_of_callback(async_client, started, server, bodies, awaited):
    """`code` may be a function or a coroutine function."""
    server.fails_with(401, "wrong_code").answers_with(bodies.signed_in, headers=SESSION)
    answers = codes("000000", "123456")

    async def later(_):
        return answers()

    signed_in = await async_client.auth.sign_in_with_email_code(
        email="ada@example.com", code=later if awaited else lambda _: answers()
    )
    assert async_client.session_token.get_secret_value() == "token"
    assert signed_in.session.current


def test_signing_out_forgets_the_session(client, started, server, bodies):
    """The server deletes the cookie, and the client with it."""
    server.answers_with(bodies.signed_in, headers=SESSION)
    server.answers_with("", 204, headers={"set-cookie": "__Host-central_session=; Path=/; Max-Age=0"})
    client.auth.sign_in_with_email_code(email="ada@example.com", code=lambda _: "123456")
    client.auth.sign_out()
    assert client.session_token is None


def test_signing_in_again(client, server, bodies):
    """Whoever is signed in is asked for a new code, with the session that it is to replace."""
    server.answers_with(bodies.me).answers_with(bodies.challenge, 202, headers=SIGN_IN)
    server.answers_with(bodies.signed_in, headers=SESSION)
    client._caller.shared.credentials.own.give_session(SecretStr("old"))
    signed_in = client.auth.sign_in_again(code=lambda _: "123456")
    assert signed_in.user.email == "ada@example.com"
    assert [path.rpartition("/")[2] for path in server.paths] == ["me", "start", "verify"]
    assert json.loads(server.requests[1].content) == {"email": "ada@example.com"}
    assert "__Host-central_session=old" in server.last.headers["cookie"]
    assert client.session_token.get_secret_value() == "token"
