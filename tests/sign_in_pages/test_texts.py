from pathlib import Path

from central_server.sign_in_pages import texts

_PAGE = Path(__file__).parents[2] / "docs" / "sign-in.md"


def test_every_code_is_documented() -> None:
    """Each code that a page has words for is in the table for integrators."""
    page = _PAGE.read_text()
    assert [code for code in texts._TOLD if f"| `{code}` |" not in page] == []


def test_unknown_codes_have_words_too() -> None:
    """An error that no page has words for is told in its own, and a part that is away as such."""
    assert texts.told("never_heard", 409, "In its own words.").text == "In its own words."
    assert texts.told("connect_failed", 503, "x").heading == "This is not available just now"
