"""Every answer that is no success is the error that it stands for."""

import httpx
import pytest

from central.errors import ERRORS_BY_STATUS, WIRE_ERRORS
from central_client import (
    CentralError,
    ConnectionFailedError,
    UnavailableError,
    UnexpectedStatusError,
    UnreadableAnswerError,
    ValidationFailedError,
)


@pytest.fixture
def failing(client, naps):
    return client.with_options(max_retries=0)


@pytest.mark.parametrize("error", WIRE_ERRORS)
def test_an_error_of_the_server_is_raised_as_the_same_class(failing, server, error):
    """Class, code, message, request id, fields and delay are those that the server gave."""
    wrong = [{"field": "email", "code": "email", "message": "No address"}]
    server.fails_with(
        error.status, "some_code", headers={"retry-after": "7"}, requestId="req-1", fieldErrors=wrong, detail="Why."
    )
    with pytest.raises(CentralError) as caught:
        failing.users.me()
    raised = caught.value
    assert error is type(raised)
    assert (raised.code, raised.message, raised.request_id, raised.retry_after) == ("some_code", "Why.", "req-1", 7.0)
    assert [each.field for each in raised.field_errors] == ["email"]


@pytest.mark.parametrize("status", sorted(ERRORS_BY_STATUS))
@pytest.mark.parametrize("body", ["<html>Bad</html>", "", b"\xff\xfe", "[1]", "{", '{"detail": 5}', "[" * 100_000])
def test_a_body_that_is_no_problem_still_gives_the_class(failing, server, status, body):
    """A proxy's page, nothing, or broken JSON: the status says what it is, and the request id is in the header."""
    kind = "text/html" if body in {"", "<html>Bad</html>"} else "application/problem+json"
    server.answers_with(body, status, headers={"content-type": kind, "x-request-id": "req-2"})
    with pytest.raises(CentralError) as caught:
        failing.users.me()
    assert ERRORS_BY_STATUS[status] is type(caught.value)
    assert f"HTTP {status}" in caught.value.message
    assert kind in caught.value.message
    assert caught.value.request_id == "req-2"
    assert "<html>" not in str(caught.value)


@pytest.mark.parametrize(("status", "code"), [(502, "bad_gateway"), (504, "gateway_timeout")])
def test_a_gateway_that_finds_no_server_is_unavailability(failing, server, status, code):
    """502 and 504 are what 503 is to a caller."""
    server.answers_with("", status)
    with pytest.raises(UnavailableError) as caught:
        failing.users.me()
    assert code == caught.value.code


@pytest.mark.parametrize("status", [405, 418, 431, 451, 501, 599])
def test_an_unknown_status_is_kept(failing, server, status):
    """What this version does not know is `UnexpectedStatusError` with the status."""
    server.fails_with(status, "new_thing")
    with pytest.raises(UnexpectedStatusError) as caught:
        failing.users.me()
    assert (status, "new_thing") == (caught.value.http_status, caught.value.code)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(server, bodies, status):
    """A session goes where the base URL says, also when the caller's client follows redirects."""
    from central_client import Central

    server.answers_with("", status, headers={"location": "https://evil.test/"})
    with httpx.Client(transport=httpx.MockTransport(server), follow_redirects=True) as http_client:
        client = Central("https://central.test", tenant="acme", session="t", http_client=http_client)
        with pytest.raises(UnexpectedStatusError, match="redirect"):
            client.users.me()
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("body", "where"), [("<html>", "the body"), ("", "the body"), ("[]", "the body"), ({"id": "user-x"}, "id")]
)
def test_a_success_that_cannot_be_read(failing, server, body, where):
    """A success with an unreadable body names the operation and the fields, not their values."""
    server.answers_with(body)
    with pytest.raises(UnreadableAnswerError, match=rf"users.me: .* no UserPrivate; see .*{where}") as caught:
        failing.users.me()
    assert "user-x" not in str(caught.value)


def test_an_operation_without_output_reads_no_body(client, server):
    """204 gives None, whatever comes along."""
    server.answers_with("", 204)
    assert client.users.delete(user="user-01H2XVNZ7C9NXWK3TMCRD9QWMN") is None


def test_malformed_field_errors_do_not_hide_the_error(failing, server):
    """Of a newer server's field errors those that can be read are kept."""
    server.fails_with(422, "validation_failed", fieldErrors=[{"field": "a", "code": "b", "message": "c"}, 5, {}])
    with pytest.raises(ValidationFailedError) as caught:
        failing.users.me()
    assert [each.field for each in caught.value.field_errors] == ["a"]


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (httpx.ConnectError("refused"), "connection_failed"),
        (httpx.ReadTimeout(""), "timeout"),
        (httpx.RemoteProtocolError("hung up"), "connection_failed"),
        (httpx.InvalidURL("what"), "connection_failed"),
        (httpx.DecodingError("gzip"), "connection_failed"),
    ],
)
def test_no_answer_says_whom_and_why(failing, server, error, code):
    """`ConnectionFailedError` names the server, the attempts and the reason, and keeps the cause."""
    server.answers_with(raises=error)
    reason = str(error) or "ReadTimeout"
    with pytest.raises(ConnectionFailedError, match=f"https://central.test after 1 attempt: {reason}") as caught:
        failing.users.me()
    assert (code, error) == (caught.value.code, caught.value.__cause__)


def test_other_exceptions_pass(failing, server):
    """A bug below is not dressed up as a network fault."""
    server.answers_with(raises=ZeroDivisionError())
    with pytest.raises(ZeroDivisionError):
        failing.users.me()


async def test_the_asynchronous_client_raises_the_same(async_client, server, naps):
    """Errors do not differ between the two clients."""
    server.fails_with(404, "user_not_found")
    with pytest.raises(CentralError) as caught:
        await async_client.users.me()
    assert caught.value.code == "user_not_found"
    server.answers[:] = []
    server.answers_with(raises=httpx.ConnectError("refused"))
    with pytest.raises(ConnectionFailedError, match="after 4 attempts: refused"):
        await async_client.users.me()
    server.answers[:] = []
    server.answers_with(raises=ZeroDivisionError())
    with pytest.raises(ZeroDivisionError):
        await async_client.users.me()
