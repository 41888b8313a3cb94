"""The mailbox of a development server: the mails that it would have sent, to look at."""

from html import escape

from pydantic_core import to_json

from central.catalog import BROWSER_ROUTES
from central_server.infra.http.handles import serves
from central_server.infra.http.pages import BrowserRequest, BrowserResponse
from central_server.infra.mail import DirectoryMailer, StoredMail

_ROUTE = next(route for route in BROWSER_ROUTES if route.name == "dev.mailbox")
_STYLE = (
    "body{font:16px/1.5 system-ui;margin:2rem auto;max-width:50rem;padding:0 1rem}article{border:1px solid #8884;"
    "border-radius:8px;padding:1rem;margin:1rem 0}pre{white-space:pre-wrap}:root{color-scheme:light dark}"
)
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"


class DevMailboxRoutes:
    """Serves the mailbox, to people as a page and to programs as JSON. In development only."""

    def __init__(self, mailbox: DirectoryMailer) -> None:
        self.mailbox = mailbox

    @serves(_ROUTE)
    async def show(self, request: BrowserRequest) -> BrowserResponse:
        """Give the mails, newest first; `?to=` gives those to one address."""
        mails = await self.mailbox.mails()
        if (to := request.query.get("to")) is not None:
            mails = [mail for mail in mails if mail.to.lower() == to.lower()]
        if b"application/json" in request.headers.get(b"accept", b""):
            body = to_json({"mails": [mail.model_dump(mode="json", by_alias=True) for mail in mails]})
            return BrowserResponse(200, body, "application/json")
        return BrowserResponse(200, _page(mails).encode(), "text/html; charset=utf-8", policy=_POLICY)


def _page(mails: list[StoredMail]) -> str:
    articles = "".join(
        f"<article><h2>{escape(mail.subject)}</h2><p>To {escape(mail.to)}, {mail.sent_at:%H:%M:%S}</p>"
        f"<pre>{escape(mail.text)}</pre></article>"
        for mail in mails
    )
    shown = articles or "<p>No mail yet. Reload this page after a sign-in has begun.</p>"
    return (
        f"<!doctype html><html lang=en><meta charset=utf-8><title>Mailbox</title><style>{_STYLE}</style>"
        f"<h1>Mailbox</h1>{shown}"
    )
