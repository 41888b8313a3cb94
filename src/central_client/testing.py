"""Helpers for tests against a development server."""

import asyncio
import re
import time
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from central_client.messages import Failure, Outcome, Outgoing

if TYPE_CHECKING:
    from central_client.transport import AsyncHttpClient, HttpClient

_CODE = re.compile(r"(?<![0-9])(?:[0-9]{6}|[0-9]{4} [0-9]{4} [0-9]{4})(?![0-9])")
_PAUSE = 0.05
_ATTEMPT_TIMEOUT = 10.0


class Mail(BaseModel):
    """A mail that a development server caught."""

    model_config = ConfigDict(alias_generator=to_camel, validate_by_name=True)

    id: str
    to: str | list[str]
    subject: str = ""
    text: str = ""
    html: str | None = Field(default=None, repr=False)
    sent_at: datetime

    @property
    def code(self) -> str | None:
        """The six or twelve digits in the text, if there are any."""
        found = _CODE.search(self.text)
        return found[0].replace(" ", "") if found else None


class _Mailbox(BaseModel):
    mails: list[Mail]


class DevMailbox:
    """The mails of a server in development (`GET {base_url}/dev/mailbox`), newest first.

    A code is given once: a second `wait_for_code` for the same address waits for the next mail. `http_client`
    is what the blocking methods send by, `async_http_client` what the awaited ones do.
    """

    def __init__(
        self,
        base_url: str,
        *,
        http_client: "HttpClient | None" = None,
        async_http_client: "AsyncHttpClient | None" = None,
    ) -> None:
        self._url = f"{base_url.rstrip('/')}/dev/mailbox"
        self._client = http_client
        self._async_client = async_http_client
        self._given: set[str] = set()

    def mails(self, *, to: str | None = None) -> list[Mail]:
        """Give the mails, newest first; raises `RuntimeError` when there is no mailbox."""
        from central_client.transport import BlockingTransport  # noqa: PLC0415 (httpx is loaded when it is needed)

        transport = BlockingTransport(self._client)
        try:
            return self._read(transport.send(self._request(to)))
        finally:
            transport.close()

    async def mails_async(self, *, to: str | None = None) -> list[Mail]:
        """As `mails`, awaited."""
        from central_client.transport import LoopTransport  # noqa: PLC0415 (httpx is loaded when it is needed)

        transport = LoopTransport(self._async_client)
        try:
            return self._read(await transport.send(self._request(to)))
        finally:
            await transport.aclose()

    def wait_for_code(self, email: str, *, timeout: float = 10.0, after: datetime | None = None) -> str:
        """Give the newest code mailed to `email` and not given before, if need be only one sent after a moment.

        Raises `TimeoutError` after `timeout` seconds without one.
        """
        deadline = time.monotonic() + timeout
        while (code := self._pick(self.mails(to=email), email, after)) is None:
            self._refuse_late(deadline, email)
            time.sleep(_PAUSE)
        return code

    async def wait_for_code_async(self, email: str, *, timeout: float = 10.0, after: datetime | None = None) -> str:  # noqa: ASYNC109 (the blocking twin's signature)
        """As `wait_for_code`, awaited."""
        deadline = time.monotonic() + timeout
        while (code := self._pick(await self.mails_async(to=email), email, after)) is None:
            self._refuse_late(deadline, email)
            await asyncio.sleep(_PAUSE)
        return code

    def _request(self, to: str | None) -> Outgoing:
        query = f"?{urlencode({'to': to})}" if to else ""
        headers = ((b"accept", b"application/json"),)
        return Outgoing("GET", f"{self._url}{query}", headers, None, _ATTEMPT_TIMEOUT)

    def _read(self, outcome: Outcome) -> list[Mail]:
        if isinstance(outcome, Failure):
            raise RuntimeError(f"No mailbox at {self._url}: {outcome.error}") from outcome.error  # noqa: TRY004 (no type is wrong)
        if outcome.status_code != 200:
            raise RuntimeError(f"No mailbox at {self._url}: HTTP {outcome.status_code}; is it a development server?")
        return _Mailbox.model_validate_json(outcome.content).mails

    def _pick(self, mails: list[Mail], email: str, after: datetime | None) -> str | None:
        for mail in mails:
            if mail.id in self._given or not _is_to(mail, email) or mail.code is None:
                continue
            if after is not None and mail.sent_at <= after:
                continue
            self._given.add(mail.id)
            return mail.code
        return None

    def _refuse_late(self, deadline: float, email: str) -> None:
        if time.monotonic() > deadline:
            raise TimeoutError(f"No mail with a code came for {email} to {self._url}")


def _is_to(mail: Mail, email: str) -> bool:
    addresses: list[Any] = mail.to if isinstance(mail.to, list) else [mail.to]
    return any(email.lower() == str(address).lower() for address in addresses)
