"""The two cookies: what is taken from the server, what is sent, and where no trace of them is left."""

import threading
from http.cookies import SimpleCookie

import httpx
import pytest
from pydantic import SecretStr

from central_client import Central, ConnectionFailedError, SettingsError
from central_client.credentials import Credentials

SECRET = "s3cr3t-session-token"


def test_a_given_token_is_sent_under_the_name_of_the_scheme():
    """`__Host-` goes before the name over https, and cannot over http."""
    credentials = Credentials(SecretStr("t"))
    assert credentials.header(secure=True) == b"__Host-central_session=t"
    assert credentials.header(secure=False) == b"central_session=t"


@pytest.mark.parametrize(
    ("line", "kept"),
    [
        ("central_session=a; Path=/; HttpOnly", "a"),
        ("__Host-central_session=a; Secure; Max-Age=60", "a"),
        ("central_session = a ;Max-Age=00100", "a"),
        ("central_session=a; Expires=Wed, 01 Jan 2098 00:00:00 GMT", "a"),
        ("central_session=a; Expires=nonsense", "a"),
        ("central_session=a; Max-Age=60; Expires=Thu, 01 Jan 1970 00:00:00 GMT", "a"),
        ("central_session=a; Max-Age=0", None),
        ("central_session=a; max-age=-1", None),
        ("central_session=a; Expires=Thu, 01 Jan 1970 00:00:00 GMT", None),
        ("central_session=", None),
        ("other=a", "before"),
        ("central_session_=a", "before"),
        ("central_session=a b", "before"),
        ('central_session="a"', "before"),
        ("", "before"),
    ],
)
def test_reading_set_cookie(line, kept):
    """Ours are kept until they are deleted or over; others, and malformed ones, are not ours to keep."""
    credentials = Credentials(SecretStr("before"))
    credentials.learn([line])
    session = credentials.session
    assert kept == (session.get_secret_value() if session else None)


def test_a_cookie_goes_back_under_the_name_it_came_with():
    """Once only, also where it replaces one that was given by hand."""
    credentials = Credentials(SecretStr("old"))
    credentials.learn(["central_session=new; Path=/", "central_signin=bind"])
    cookies = SimpleCookie(credentials.header(secure=True).decode())
    assert {n: m.value for n, m in cookies.items()} == {"central_session": "new", "central_signin": "bind"}


@pytest.mark.parametrize("token", ["a b", "a;b", "a\r\nx: y", "ä", 'a"b', "a,b"])
def test_a_token_that_is_none_is_refused_and_not_repeated(token):
    """No header can be smuggled in by a session token."""
    with pytest.raises(SettingsError) as caught:
        Central("https://central.test", session=token).session_token  # noqa: B018 (reading it resolves the settings)
    assert token not in str(caught.value)


def test_our_cookies_leave_the_jar_of_a_callers_client(server, bodies):
    """The caller's client keeps its own cookies and gets none of ours; ours are sent once."""
    headers = [("set-cookie", "__Host-central_session=a; Path=/; Secure"), ("set-cookie", "theirs=1; Path=/")]
    server.answers_with(bodies.me, headers=headers)
    with httpx.Client(transport=httpx.MockTransport(server), cookies={"before": "1"}) as http_client:
        client = Central("https://central.test", tenant="acme", http_client=http_client)
        client.users.me()
        client.users.me()
        assert {"before", "theirs"} == {cookie.name for cookie in http_client.cookies.jar}
    assert server.last.headers["cookie"] == "__Host-central_session=a"


def test_our_own_client_keeps_no_cookies(respx_mock, bodies):
    """The connections that we open ourselves remember nobody."""
    route = respx_mock.get("https://central.test/v1/tenants/acme/me").respond(
        json=bodies.me, headers=[("set-cookie", "theirs=1; Path=/"), ("set-cookie", "__Host-central_session=a; Path=/")]
    )
    with Central("https://central.test", tenant="acme") as client:
        client.users.me()
        client.users.me()
        transport = client._caller.shared.transport()
        assert len(transport._own.cookies) == 0
    assert route.calls.last.request.headers["cookie"] == "__Host-central_session=a"


def test_no_repr_shows_a_secret(server, http_client):
    """Nothing that ends in a log or a traceback by its repr holds the token, or a header's value."""
    server.answers_with(raises=httpx.ConnectError("refused"))
    client = Central("https://central.test", tenant="acme", session=SECRET, http_client=http_client, max_retries=0)
    view = client.with_options(headers={"x-secret": SECRET}, idempotency_key=SECRET).tenant("globex", session=SECRET)
    with pytest.raises(ConnectionFailedError) as caught:
        view.users.me()
    seen: list[object] = [client, view, view.users, view.users.me, view.users.list(), view.session_token]
    for core in (client._caller, view._caller):
        seen += [core, core.options, core.store, core.store.own, core.shared, core.shared.given, core.scope()]
        seen += [core.shared.settings()]
    flow = client._caller.call(type(client.users).me.plan, type(client.users).me.plan.check({}))
    seen += [next(flow), caught.value, caught.value.__dict__, caught.value.__cause__]
    assert not [each for each in seen if SECRET in repr(each) or SECRET in str(each)]


def test_sessions_are_handed_over(client, server, bodies):
    """`session_token` of one client is the session of the next."""
    server.answers_with(bodies.me, headers={"set-cookie": "__Host-central_session=abc; Path=/"})
    assert client.session_token is None
    client.users.me()
    token = client.session_token
    assert "abc" not in repr(token)
    assert Central("https://central.test", session=token).session_token.get_secret_value() == "abc"


def test_threads_read_whole_headers():
    """While one thread replaces cookies, others see one state or the other, never a mixture."""
    credentials = Credentials(SecretStr("a"))
    seen, done = set(), threading.Event()

    def read() -> None:
        while not done.is_set():
            seen.add(credentials.header(secure=True))

    readers = [threading.Thread(target=read) for _ in range(4)]
    for reader in readers:
        reader.start()
    for turn in range(300):
        letter = "ab"[turn % 2]
        credentials.learn([f"__Host-central_session={letter}", f"__Host-central_signin={letter}"])
    done.set()
    for reader in readers:
        reader.join()
    whole = {f"__Host-central_session={x}; __Host-central_signin={x}".encode() for x in "ab"}
    assert seen <= whole | {b"__Host-central_session=a"}
