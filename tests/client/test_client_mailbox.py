"""Reading codes from a development server's mailbox."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest

from central_client.testing import DevMailbox

SENT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def mail(number, text, to="ada@example.com"):
    sent = (SENT + timedelta(seconds=number)).isoformat()
    return {"id": f"m{number}", "to": to, "subject": "Code", "text": text, "html": "<p>", "sentAt": sent}


@pytest.fixture
def mailbox(server, http_client):
    return DevMailbox("http://central.test/", http_client=http_client)


def test_the_newest_code_to_an_address(mailbox, server):
    """Others' mails, mails without a code and longer numbers do not count; addresses have no case."""
    mails = [
        mail(4, "999999", "bob@example.com"),
        mail(3, "No code: 1234567"),
        mail(2, "Your code is 123456.", "ADA@example.com"),
        mail(1, "Your code is 111111."),
    ]
    server.answers_with({"mails": mails})
    assert mailbox.wait_for_code("ada@example.com") == "123456"
    assert server.paths == ["/dev/mailbox?to=ada%40example.com"]
    assert server.last.headers["accept"] == "application/json"


def test_long_code_is_read_in_its_groups(mailbox, server):
    """Twelve digits in groups of four are one code, given without the spaces; other groups are none."""
    server.answers_with({"mails": [mail(2, "Ring 4821 9034 117"), mail(1, "Your code: 4821 9034 1177.")]})
    assert mailbox.wait_for_code("ada@example.com") == "482190341177"


def test_a_code_is_waited_for_and_given_once(mailbox, server):
    """The second code is another mail's."""
    first, second = {"mails": [mail(1, "111111")]}, {"mails": [mail(2, "222222"), mail(1, "111111")]}
    for body in ({"mails": []}, first, first, second):
        server.answers_with(body)
    assert [mailbox.wait_for_code("ada@example.com") for _ in range(2)] == ["111111", "222222"]


def test_only_codes_after_a_moment(mailbox, server):
    """An older mail is passed over, and the wait ends in `TimeoutError`."""
    server.answers_with({"mails": [mail(1, "111111")]})
    with pytest.raises(TimeoutError, match=r"ada@example\.com"):
        mailbox.wait_for_code("ada@example.com", timeout=0.01, after=SENT + timedelta(seconds=1))
    assert mailbox.wait_for_code("ada@example.com", after=SENT) == "111111"


@pytest.mark.parametrize("answer", [{"status": 404}, {"raises": httpx.ConnectError("refused")}])
def test_no_mailbox_is_said_at_once(mailbox, server, answer):
    """Outside of development there is none: no use in waiting."""
    server.answers_with("", **answer)
    with pytest.raises(RuntimeError, match=r"No mailbox at http://central\.test/dev/mailbox"):
        mailbox.wait_for_code("ada@example.com")


async def test_the_mailbox_awaited(server):
    """The same on an event loop, also as the callback of a sign-in."""
    server.answers_with({"mails": []}).answers_with({"mails": [mail(1, "111111")]})
    async with httpx.AsyncClient(transport=httpx.MockTransport(server)) as http_client:
        mailbox = DevMailbox("http://central.test", async_http_client=http_client)
        assert await mailbox.wait_for_code_async("ada@example.com") == "111111"
        with pytest.raises(TimeoutError):
            await mailbox.wait_for_code_async("ada@example.com", timeout=0.01)
    assert (await DevMailbox("http://x", async_http_client=http_client_of(server)).mails_async())[0].id == "m1"


def http_client_of(server):
    return httpx.AsyncClient(transport=httpx.MockTransport(server))
