import pytest
from mail_support import mail
from pydantic import ValidationError

from central.kernel.ids import EventId
from central_server.infra.mail import message_id_for


@pytest.mark.parametrize("breaking", ["\r\nBcc: eve@example.com", "\nX: y", "\r", "\x00", "\u2028x"])
@pytest.mark.parametrize("field", ["to", "subject", "message_id"])
def test_no_field_becomes_another_header(field: str, breaking: str):
    """Line breaks and control characters inside a field are refused."""
    good = {"to": "ada@example.com", "subject": "xy", "message_id": "<a@b>"}[field]
    for value in (good + breaking + "x", good[:1] + breaking + good[1:]):
        with pytest.raises(ValidationError):
            mail(**{field: value})
    with pytest.raises(ValidationError):
        mail(headers={"X-Thing": f"a{breaking}b"})
    with pytest.raises(ValidationError):
        mail(headers={f"X-Thing{breaking}": "a"})


def test_a_line_break_at_the_end_never_gets_through():
    """What ends in a line break is trimmed or refused, never kept."""
    assert mail(to="ada@example.com\n", subject="x\r\n").to == "ada@example.com"
    assert mail(subject="x\r\n").subject == "x"
    with pytest.raises(ValidationError):
        mail(message_id="<a@b>\n")
    with pytest.raises(ValidationError):
        mail(headers={"X-Thing\n": "a"})


@pytest.mark.parametrize(
    "to", ["a@example.com, b@example.com", "Eve <eve@example.com>", "a@example.com>", "", "a b@c.d"]
)
def test_one_recipient(to: str):
    """A mail goes to one bare address."""
    with pytest.raises(ValidationError):
        mail(to=to)


@pytest.mark.parametrize("name", ["To", "bcc", "Subject", "Message-ID", "Content-Type"])
def test_our_headers_are_ours(name: str):
    """Callers' headers cannot repeat those that the mail has by itself."""
    with pytest.raises(ValidationError):
        mail(headers={name: "x"})


def test_message_id_is_the_events():
    """The same event has the same Message-ID, always."""
    event = EventId.new()
    assert message_id_for(event, "central.example") == f"<{event}@central.example>"
    assert mail(message_id=message_id_for(event, "central.example"))


def test_errors_do_not_repeat_addresses():
    """A refused mail's error names the field and not what was in it."""
    with pytest.raises(ValidationError) as caught:
        mail(to="secret@example.com\r\nx")
    assert "secret" not in str(caught.value)
