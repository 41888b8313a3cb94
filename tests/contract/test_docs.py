from central.docs import api_page
from support.source import ROOT


def test_api_page_is_that_of_the_catalog() -> None:
    """docs/api.md is what `nox -s docs` would write now."""
    assert (ROOT / "docs" / "api.md").read_text() == api_page()
