"""What a sign-in listens to, and what it does not."""

import base64
import hashlib
import http.client
import socket
import webbrowser
from urllib.parse import urlencode

import pytest

from central_client.loopback import BrowserOpener, LoopbackListener, Returned

CODE = "c" * 43


@pytest.fixture
def listener():
    with LoopbackListener() as listening:
        yield listening


def ask(listener, target, *, host=None, method="GET"):
    connection = http.client.HTTPConnection(listener.host, timeout=5)
    connection.putrequest(method, target, skip_host=True)
    connection.putheader("host", host or listener.host)
    connection.endheaders()
    answer = connection.getresponse()
    body = answer.read().decode()
    connection.close()
    return answer, body


def target(listener, path="/callback", **query):
    return f"{path}?{urlencode({'code': CODE, 'state': listener.state} | query, doseq=True)}"


def test_it_listens_on_this_machine_alone_with_a_secret_of_its_own(listener):
    """At 127.0.0.1, with a challenge that is the verifier's SHA-256; nothing is shared by two."""
    assert listener.redirect_uri == f"http://{listener.host}/callback"
    assert listener.host.startswith("127.0.0.1:")
    digest = hashlib.sha256(listener.verifier.encode()).digest()
    assert base64.urlsafe_b64decode(listener.challenge + "=") == digest
    with LoopbackListener() as other:
        assert not {other.state, other.verifier, other.host} & {listener.state, listener.verifier, listener.host}


def test_the_code_is_taken_once(listener):
    """The browser gets a page that says where to go on; a second code is refused."""
    answer, body = ask(listener, target(listener))
    assert (answer.status, listener.returned) == (200, Returned(CODE))
    assert "Go back to where you came from" in body
    assert answer.headers["cache-control"] == "no-store"
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    again, _ = ask(listener, target(listener, code="d" * 43))
    assert (again.status, listener.returned) == (404, Returned(CODE))


def test_a_refusal_is_taken(listener):
    """An error without a code, of the same sign-in."""
    answer, body = ask(listener, f"/callback?{urlencode({'error': 'access_denied', 'state': listener.state})}")
    assert (answer.status, listener.returned) == (200, Returned(None))
    assert "refused" in body


@pytest.mark.parametrize(
    "query",
    [
        {"state": "guessed"},
        {"state": ""},
        {"state": "\ud800".encode("utf-8", "surrogatepass")},
        {"code": ""},
        {"code": "x" * 201},
        {"code": ["a", "b"]},
    ],
)
def test_what_is_not_this_sign_in_is_forgotten(listener, query):
    """Whoever sends something else gets an error, and the right one still counts."""
    answer, body = ask(listener, target(listener, **query))
    assert (answer.status, listener.returned) == (404, None)
    assert CODE not in body
    ask(listener, target(listener))
    assert listener.returned == Returned(CODE)


def test_a_second_state_does_not_count(listener):
    """Which of the two is right is nobody's to choose."""
    ask(listener, f"{target(listener)}&state=other")
    assert listener.returned is None


@pytest.mark.parametrize("path", ["/", "/callback/", "/Callback", "/other"])
def test_other_paths_are_nothing(listener, path):
    """There is one path."""
    answer, _ = ask(listener, target(listener, path))
    assert (answer.status, listener.returned) == (404, None)


@pytest.mark.parametrize("host", ["evil.example", "localhost", "127.0.0.1", "evil.example:80"])
def test_other_hosts_are_nothing(listener, host):
    """A page whose name was made to lead here (DNS rebinding) reaches nothing."""
    answer, _ = ask(listener, target(listener), host=host)
    assert (answer.status, listener.returned) == (404, None)


@pytest.mark.parametrize("method", ["POST", "HEAD", "PUT", "OPTIONS"])
def test_other_methods_are_nothing(listener, method):
    """A browser that is sent here comes by GET."""
    answer, _ = ask(listener, target(listener), method=method)
    assert (answer.status, listener.returned) == (501, None)


def test_a_connection_that_says_nothing_is_in_nobodys_way(listener):
    """Browsers open connections before they need them; the one that speaks is answered."""
    with socket.create_connection(listener.host.split(":")), socket.create_connection(listener.host.split(":")):
        ask(listener, target(listener))
    assert listener.returned == Returned(CODE)


def test_nothing_of_a_request_is_printed(listener, capfd):
    """Its address holds the code."""
    ask(listener, target(listener))
    assert capfd.readouterr() == ("", "")


def test_the_port_is_free_again():
    """Whatever ended the sign-in."""
    with LoopbackListener() as listening:
        host, port = listening.host.split(":")
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((host, int(port)))


@pytest.mark.parametrize("address", ["file:///etc/passwd", "javascript:alert(1)", "-flag", "calculator:", ""])
def test_only_web_pages_are_opened(monkeypatch, address):
    """What a server sends is handed to a program of this machine."""
    opened = []
    monkeypatch.setattr(webbrowser, "open", lambda url: opened.append(url) or True)
    opener = BrowserOpener(address)
    opener._thread.join()
    assert (opener.opened, opened) == (False, [])


@pytest.mark.parametrize("error", [webbrowser.Error("none"), OSError("none")])
def test_a_browser_that_is_not_there(monkeypatch, error):
    """Is found out, and nothing is printed."""

    def fail(_):
        raise error

    monkeypatch.setattr(webbrowser, "open", fail)
    opener = BrowserOpener("https://central.test/")
    opener._thread.join()
    assert opener.opened is False
