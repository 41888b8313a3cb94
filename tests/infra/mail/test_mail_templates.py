import pytest
from jinja2 import UndefinedError

from central_server.infra.mail import MailTemplates

TEMPLATES = MailTemplates("central_server.auth")

LINK = "https://central.example/t/acme/link/x"


def test_html_is_escaped():
    """What a tenant calls itself is words in both bodies, and markup in neither."""
    name = "<script>alert('x')</script> & Söhne"
    body = TEMPLATES.render("sign_in_code", tenant_name=name, code="012345", link=LINK, minutes=10)
    assert name in body.text
    assert "<script>" not in body.html
    assert "&lt;script&gt;" in body.html
    for text in body:
        assert "012345" in text
        assert "10 minutes" in text


def test_missing_value_is_an_error():
    """A mail with an empty place in it is never made."""
    with pytest.raises(UndefinedError):
        TEMPLATES.render("sign_in_code", tenant_name="Acme", minutes=10)


def test_html_needs_nothing_from_elsewhere():
    """The HTML mail loads nothing, says its language, and has colours for dark screens."""
    html = TEMPLATES.render("sign_in_code", tenant_name="Acme", code="012345", link=LINK, minutes=10).html
    assert "http" not in html.replace(LINK, "")
    assert "<img" not in html
    assert 'lang="en"' in html
    assert "prefers-color-scheme: dark" in html
