"""`login` and `login_async`, against a server that is a list of answers."""

import asyncio
import json
import threading
import urllib.request
import webbrowser
from types import SimpleNamespace
from urllib.parse import urlencode

import httpx
import pytest

import central_client
from central_client import (
    AsyncCentral,
    Central,
    ConnectionFailedError,
    ForbiddenError,
    GoneError,
    SettingsError,
    UnauthenticatedError,
    UnavailableError,
    UnreadableAnswerError,
    save_profile,
)
from central_client import login_flow as flow
from central_client.profiles import profile_path, read_profiles
from support.waiting import until

URL = "https://central.test"
PAGE = f"{URL}/t/acme/device"
SESSION = {"set-cookie": "__Host-central_session=new; Path=/; Secure; HttpOnly; SameSite=Lax"}
STARTED = {
    "__type": "StartDeviceSignInResponse",
    "signIn": "signin-01H2XVNZ7C9NXWK3TMCRD9QWMN",
    "deviceCode": "d" * 43,
    "userCode": "WDJB-MJHT",
    "verificationUri": PAGE,
    "verificationUriComplete": f"{PAGE}?code=WDJB-MJHT",
    "expiresAt": "2026-01-02T03:14:05Z",
    "interval": 2,
}
LISTENING = {
    "__type": "StartLoopbackSignInResponse",
    "signIn": STARTED["signIn"],
    "userCode": "WDJB-MJHT",
    "approvalUrl": f"{PAGE}?code=WDJB-MJHT",
    "expiresAt": STARTED["expiresAt"],
}


@pytest.fixture(autouse=True)
def _a_terminal(monkeypatch):
    """Somebody sits at a terminal without a display."""
    for name in ("CI", "GITHUB_ACTIONS", "SSH_CONNECTION", "DISPLAY", "WAYLAND_DISPLAY", "BROWSER"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("central_client.surroundings._is_terminal", lambda _: True)


@pytest.fixture(params=["blocking", "awaited"])
def log_in(request, server):
    """Sign in by either client; gives the client, which has been used once more by then."""

    def blocking(*arguments, **options):
        with httpx.Client(transport=httpx.MockTransport(server)) as http_client:
            client = central_client.login(*arguments, http_client=http_client, **options)
            assert isinstance(client, Central)
            return client

    def awaited(*arguments, **options):
        async def run():
            async with httpx.AsyncClient(transport=httpx.MockTransport(server)) as http_client:
                client = await central_client.login_async(*arguments, http_client=http_client, **options)
                assert isinstance(client, AsyncCentral)
                return client

        with asyncio.Runner() as runner:
            return runner.run(run())

    return blocking if request.param == "blocking" else awaited


@pytest.fixture
def approved(server, bodies):
    """A server where a tool is approved at once."""
    return server.answers_with(STARTED, 201).answers_with(bodies.signed_in, headers=SESSION)


def body(request):
    return json.loads(request.content)


def saved():
    return read_profiles(profile_path())


def test_a_code_is_shown_and_polled_with(log_in, server, approved, naps, capsys):
    """The tool says what it is; the person sees address and code; the client then holds the session, and saves it."""
    client = log_in(URL, tenant="acme", application="My script")
    start, poll = server.requests
    assert start.url.path == "/v1/tenants/acme/auth/device/start"
    assert body(start)["application"] == "My script"
    assert set(body(start)) == {"application", "host", "version"}
    assert (poll.url.path, body(poll)) == ("/v1/tenants/acme/auth/device/poll", {"deviceCode": "d" * 43})
    assert sum(naps) == 2
    assert client.session_token.get_secret_value() == "new"
    assert saved() == {"default": {"base_url": URL, "tenant": "acme", "session": "new"}}
    out, err = capsys.readouterr()
    assert out == ""
    assert PAGE in err
    assert "WDJB-MJHT" in err
    assert "Signed in as ada@example.com." in err
    assert "d" * 43 not in err


def test_the_server_sets_the_pace(log_in, server, bodies, naps):
    """Pending is asked again at the interval, and slowing down adds five seconds from then on (RFC 8628, 3.5)."""
    server.answers_with(STARTED, 201).fails_with(409, "authorization_pending").fails_with(409, "authorization_pending")
    server.fails_with(429, "slow_down", headers={"retry-after": "300"}).fails_with(409, "authorization_pending")
    server.answers_with(bodies.signed_in, headers=SESSION)
    log_in(URL, tenant="acme")
    assert sum(naps) == 2 + 2 + 2 + 300 + 300


def test_a_prompt_of_ones_own(log_in, approved, naps, capsys):
    """`show` is given all there is to show, and nothing is written beside it."""
    prompts = []
    log_in(URL, tenant="acme", show=prompts.append, save=False)
    (prompt,) = prompts
    assert (prompt.way, prompt.code, prompt.place) == ("device", "WDJB-MJHT", f"acme at {URL}")
    assert (prompt.address, prompt.address_with_code) == (PAGE, f"{PAGE}?code=WDJB-MJHT")
    assert capsys.readouterr() == ("", "")
    assert saved() == {}


@pytest.mark.parametrize(
    ("status", "code", "error", "words"),
    [
        (403, "access_denied", ForbiddenError, "refused in the browser"),
        (410, "expired_token", GoneError, "Nobody approved"),
        (403, "user_disabled", ForbiddenError, "^D"),
    ],
)
def test_what_ends_it_is_said(log_in, server, naps, status, code, error, words):
    """To whoever runs the program; and nothing is saved."""
    server.answers_with(STARTED, 201).fails_with(status, code)
    with pytest.raises(error, match=words) as caught:
        log_in(URL, tenant="acme")
    assert caught.value.code == code
    assert saved() == {}


def test_nobody_is_waited_for_longer_than_asked(log_in, server, monkeypatch, naps):
    """After `timeout` seconds it ends, with what to do."""
    server.answers_with(STARTED, 201).fails_with(409, "authorization_pending")
    monkeypatch.setattr(flow, "time", SimpleNamespace(monotonic=lambda: sum(naps)))
    with pytest.raises(GoneError, match="run it again"):
        log_in(URL, tenant="acme", timeout=5)
    assert 5 <= sum(naps) <= 7


def test_a_network_that_comes_and_goes(log_in, server, bodies, naps):
    """Two polls without an answer do not end the wait, three in a row do."""
    down = httpx.ConnectError("down")
    server.answers_with(STARTED, 201)
    for _ in range(8):  # two polls, each tried four times
        server.answers_with(raises=down)
    server.answers_with(bodies.signed_in, headers=SESSION)
    log_in(URL, tenant="acme")
    server.answers.clear()
    server.answers_with(STARTED, 201)
    server.answers_with(raises=down)
    with pytest.raises(ConnectionFailedError):
        log_in(URL, tenant="acme", fresh=True)


def test_a_session_that_is_given_is_checked_and_used(log_in, server, bodies):
    """Nobody is asked, and nothing is saved."""
    server.answers_with(bodies.me)
    client = log_in(URL, tenant="acme", session="mine")
    assert server.paths == ["/v1/tenants/acme/me"]
    assert client.session_token.get_secret_value() == "mine"
    assert saved() == {}


def test_the_environment_is_used(log_in, server, bodies, monkeypatch):
    """As in CI."""
    server.answers_with(bodies.me)
    for name, value in {"URL": URL, "TENANT": "acme", "SESSION": "e", "CONFIG": str(profile_path())}.items():
        monkeypatch.setenv(f"CENTRAL_{name}", value)
    monkeypatch.setenv("CI", "true")
    log_in()
    assert server.last.headers["cookie"] == "__Host-central_session=e"


@pytest.mark.parametrize(("options", "words"), [({"session": "x"}, "was given"), ({}, "CENTRAL_SESSION has ended")])
def test_a_given_session_that_has_ended_is_no_reason_to_ask(log_in, server, monkeypatch, options, words):
    """Whoever set it must set another one: a job does not wait for a person."""
    monkeypatch.setenv("CENTRAL_SESSION", "e")
    server.fails_with(401, "unauthenticated")
    with pytest.raises(UnauthenticatedError, match=words) as caught:
        log_in(URL, tenant="acme", **options)
    assert (caught.value.code, len(server.requests)) == ("session_ended", 1)


def test_a_saved_session_is_used_without_asking(log_in, server, bodies, capsys):
    """It is checked; nothing is shown."""
    save_profile(base_url=URL, tenant="acme", session="kept")
    server.answers_with(bodies.me)
    client = log_in()
    assert client.session_token.get_secret_value() == "kept"
    assert server.paths == ["/v1/tenants/acme/me"]
    assert capsys.readouterr() == ("", "")


def test_a_saved_session_that_has_ended_is_replaced(log_in, server, bodies, naps):
    """By signing in anew, in the same profile; the other profiles stay."""
    save_profile("work", base_url=URL, tenant="acme", session="old")
    save_profile("other", base_url=URL, tenant="globex", session="theirs")
    server.fails_with(401, "unauthenticated").answers_with(STARTED, 201).answers_with(bodies.signed_in, headers=SESSION)
    log_in(profile="work")
    assert saved() == {
        "work": {"base_url": URL, "tenant": "acme", "session": "new"},
        "other": {"base_url": URL, "tenant": "globex", "session": "theirs"},
    }


def test_a_saved_session_is_left_alone_when_the_server_is_away(log_in, server, naps):
    """It may well live: nobody is asked to sign in."""
    save_profile(base_url=URL, tenant="acme", session="kept")
    server.fails_with(503, "database_unavailable")
    with pytest.raises(UnavailableError):
        log_in()
    assert set(server.paths) == {"/v1/tenants/acme/me"}
    assert saved()["default"]["session"] == "kept"


def test_signing_in_anew(log_in, server, approved, naps):
    """`fresh` asks although there is a session, which goes along, for the server to end it."""
    save_profile(base_url=URL, tenant="acme", session="kept")
    log_in(fresh=True)
    assert server.last.headers["cookie"] == "__Host-central_session=kept"
    assert saved()["default"]["session"] == "new"


def test_in_ci_it_ends_at_once(log_in, server, monkeypatch):
    """With what to set, and before anything is sent; unless a way is asked for."""
    monkeypatch.setenv("CI", "true")
    monkeypatch.setattr("central_client.surroundings._is_terminal", lambda _: False)
    with pytest.raises(SettingsError, match="CENTRAL_SESSION"):
        log_in(URL, tenant="acme")
    assert server.requests == []


def test_a_way_that_is_asked_for_is_taken(log_in, approved, naps, monkeypatch):
    """Also in CI."""
    monkeypatch.setenv("CI", "true")
    monkeypatch.setattr("central_client.surroundings._is_terminal", lambda _: False)
    log_in(URL, tenant="acme", how="device")


def test_settings_that_are_missing_or_wrong(log_in, server):
    """Which server, which tenant, which way: before anything is sent."""
    for arguments, options, words in (
        ((), {"tenant": "acme"}, "No server is named"),
        ((URL,), {}, "Which tenant"),
        ((URL,), {"tenant": "acme", "how": "telepathy"}, "'device' or 'loopback'"),
        (("nonsense",), {"tenant": "acme"}, "must be like"),
    ):
        with pytest.raises(SettingsError, match=words):
            log_in(*arguments, **options)
    assert server.requests == []


def test_an_approval_without_a_session_is_an_error(log_in, server, bodies, naps):
    """The promise is a signed-in client."""
    server.answers_with(STARTED, 201).answers_with(bodies.signed_in)
    with pytest.raises(UnreadableAnswerError, match="no session cookie"):
        log_in(URL, tenant="acme")
    assert saved() == {}


@pytest.fixture
def browser(monkeypatch, server):
    """A desktop, whose browser does at once what a person would do there."""
    monkeypatch.setenv("DISPLAY", ":0")
    visits = []

    def come_back(**answer):
        def open_page(address):
            visits.append(address)
            asked = body(server.requests[0])
            query = {"state": asked["state"], **answer}
            threading.Thread(
                target=urllib.request.urlopen, args=(f"{asked['redirectUri']}?{urlencode(query)}",)
            ).start()
            return True

        monkeypatch.setattr(webbrowser, "open", open_page)
        return visits

    return come_back


def test_the_browser_of_the_machine_brings_the_code(log_in, server, bodies, browser, capsys):
    """The page is opened and shown; the code goes back with the verifier of the challenge."""
    visits = browser(code="c" * 43)
    server.answers_with(LISTENING, 201).answers_with(bodies.signed_in, headers=SESSION)
    client = log_in(URL, tenant="acme")
    start, exchange = server.requests
    assert visits == [f"{PAGE}?code=WDJB-MJHT"]
    assert start.url.path == "/v1/tenants/acme/auth/loopback/start"
    assert exchange.url.path == "/v1/tenants/acme/auth/loopback/exchange"
    assert body(exchange)["code"] == "c" * 43
    assert body(exchange)["redirectUri"] == body(start)["redirectUri"]
    assert len(body(exchange)["codeVerifier"]) == 64
    assert client.session_token.get_secret_value() == "new"
    assert saved()["default"]["session"] == "new"
    shown = capsys.readouterr().err
    assert f"{PAGE}?code=WDJB-MJHT" in shown
    assert "c" * 43 not in shown


def test_a_refusal_in_the_browser(log_in, server, browser):
    """Comes back too."""
    browser(error="access_denied")
    server.answers_with(LISTENING, 201)
    with pytest.raises(ForbiddenError, match="refused in the browser"):
        log_in(URL, tenant="acme")


def test_without_a_browser_a_code_is_shown(log_in, server, bodies, monkeypatch, naps, capsys):
    """Where the desktop turns out to have none; unless this way was asked for: then its address is shown."""
    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setattr(webbrowser, "open", lambda _: False)
    server.answers_with(LISTENING, 201).answers_with(STARTED, 201).answers_with(bodies.signed_in, headers=SESSION)
    log_in(URL, tenant="acme")
    assert [path.rpartition("/v1/tenants/acme/auth/")[2] for path in server.paths] == [
        "loopback/start",
        "device/start",
        "device/poll",
    ]
    assert "No browser can be opened here." in capsys.readouterr().err
    server.answers.clear()
    server.answers_with(LISTENING, 201)
    with pytest.raises(GoneError):
        log_in(URL, tenant="acme", how="loopback", fresh=True, timeout=0.001)
    assert f"{PAGE}?code=WDJB-MJHT" in capsys.readouterr().err


def test_ctrl_c_leaves_nothing_behind(server, monkeypatch):
    """The port is given back, the client is closed, nothing is saved; the interrupt is raised."""
    listeners, opened = [], []

    class Watched(flow.LoopbackListener):
        def __enter__(self):
            listeners.append(self)
            return super().__enter__()

    def interrupt(_):
        raise KeyboardInterrupt

    monkeypatch.setattr(flow, "LoopbackListener", Watched)
    monkeypatch.setattr(webbrowser, "open", lambda address: opened.append(address) or True)
    monkeypatch.setattr("central_client.drivers.time.sleep", interrupt)
    server.answers_with(LISTENING, 201)
    with (
        httpx.Client(transport=httpx.MockTransport(server)) as http_client,
        pytest.raises(KeyboardInterrupt) as caught,
    ):
        central_client.login(URL, tenant="acme", how="loopback", http_client=http_client)
    assert caught.value.__traceback__ is not None  # which keeps the frames, and would keep the flow
    (listener,) = listeners
    assert not listener._thread.is_alive()
    assert saved() == {}


async def test_an_awaited_login_leaves_the_loop_to_others(server, bodies, monkeypatch):
    """Other tasks run while a person is waited for, and cancelling it ends it."""

    async def _begun():
        return bool(server.requests)

    monkeypatch.setattr(webbrowser, "open", lambda _: True)
    server.answers_with(LISTENING, 201)
    async with httpx.AsyncClient(transport=httpx.MockTransport(server)) as http_client:
        task = asyncio.create_task(
            central_client.login_async(URL, tenant="acme", how="loopback", http_client=http_client)
        )
        await until(_begun)
        threads = [thread for thread in threading.enumerate() if thread.name == "central sign-in"]
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert len(threads) == 1
    assert not threads[0].is_alive()
