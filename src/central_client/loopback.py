"""Waits for the browser to come back to this machine (RFC 8252, 7.3), and opens it."""

import base64
import hashlib
import hmac
import secrets
import webbrowser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from types import TracebackType
from typing import Any, NamedTuple, Self
from urllib.parse import parse_qs, urlsplit

_PATH = "/callback"
_SECONDS_OF_REQUEST = 5.0
_LONGEST_CODE = 200
_PAGE = (
    "<!doctype html><html lang=en><meta charset=utf-8><title>Central</title>"
    "<style>body{{font:1.1rem/1.5 system-ui,sans-serif;margin:4rem auto;max-width:32rem;padding:0 1rem}}</style>"
    "<h1>{heading}</h1><p>{text}</p></html>"
)
_HEADERS = (
    ("content-type", "text/html; charset=utf-8"),
    ("cache-control", "no-store"),
    ("referrer-policy", "no-referrer"),
    ("content-security-policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"),
    ("connection", "close"),
)


class Returned(NamedTuple):
    """What the browser brought: a code, or None when the person refused."""

    code: str | None


class LoopbackListener:
    """Listens on 127.0.0.1, on a port that the system chooses, until the browser has come back once.

    Only a request to the one path, for this very host and port, and with the secret `state`, counts: whatever else on
    this machine, or any web page, sends here is answered with an error and forgotten.
    """

    def __init__(self) -> None:
        self.state = secrets.token_urlsafe(32)
        self.verifier = secrets.token_urlsafe(48)
        self.returned: Returned | None = None
        self._came = Event()
        listener = self

        class Handler(_Handler):
            owner = listener

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.host = f"127.0.0.1:{self._server.server_port}"
        self._thread = Thread(target=self._server.serve_forever, args=(0.05,), name="central sign-in", daemon=True)

    @property
    def redirect_uri(self) -> str:
        """Where the browser is to come back to."""
        return f"http://{self.host}{_PATH}"

    @property
    def challenge(self) -> str:
        """What the verifier will be compared with (RFC 7636, S256)."""
        digest = hashlib.sha256(self.verifier.encode()).digest()
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()

    def take(self, target: str, host: str | None) -> bool:
        """Take what a request brings, the first time; whether it is what was waited for."""
        parts = urlsplit(target)
        query = parse_qs(parts.query, keep_blank_values=True)
        (state, *more), codes = query.get("state", [""]), query.get("code", [])
        ours = hmac.compare_digest(state.encode("utf-8", "replace"), self.state.encode()) and not more
        if host != self.host or parts.path != _PATH or not ours or self._came.is_set():
            return False
        if "error" not in query and (len(codes) != 1 or not 0 < len(codes[0]) <= _LONGEST_CODE):
            return False
        self.returned = Returned(None if "error" in query else codes[0])
        self._came.set()
        return True

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(1)


class _Handler(BaseHTTPRequestHandler):
    """Answers one request of a connection; a browser's idle ones end after some seconds."""

    owner: LoopbackListener
    timeout = _SECONDS_OF_REQUEST
    server_version, sys_version = "Central", ""

    def do_GET(self) -> None:
        """Take the answer, and tell the person to go back."""
        if not self.owner.take(self.path, self.headers.get("host")):
            self._send(404, "Nothing is here", "This address waits for one sign-in, which is another one.")
        elif self.owner.returned == Returned(None):
            self._send(200, "Not signed in", "You refused the request. You can close this page.")
        else:
            self._send(200, "Almost there", "Go back to where you came from; you can close this page.")

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (the base's name)
        """Write nothing: the address of the request holds the code."""

    def _send(self, status: int, heading: str, text: str) -> None:
        body = _PAGE.format(heading=heading, text=text).encode()
        self.send_response(status)
        for name, value in (*_HEADERS, ("content-length", str(len(body)))):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


class BrowserOpener:
    """Opens an address in the person's browser, beside what goes on here: some browsers end only when they are closed.

    `opened` is False when there is none; None as long as that is not known.
    """

    def __init__(self, address: str) -> None:
        self.address = address
        self.opened: bool | None = None
        self._thread = Thread(target=self._open, name="central browser", daemon=True)
        self._thread.start()

    def _open(self) -> None:
        # What a server sends is handed to a program of this machine: nothing but a web page.
        if urlsplit(self.address).scheme not in {"http", "https"}:
            self.opened = False
            return
        try:
            self.opened = webbrowser.open(self.address)
        except (webbrowser.Error, OSError):
            self.opened = False
