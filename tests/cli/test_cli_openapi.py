"""`openapi`."""

import json
from pathlib import Path

from central.openapi import openapi_document


async def test_the_document(cli, tmp_path: Path) -> None:
    """The same on standard output and in a file."""
    printed = await cli("openapi")
    assert json.loads(printed.out) == openapi_document()
    assert (await cli("openapi", "--output", str(tmp_path / "api.json"))).out == ""
    assert (tmp_path / "api.json").read_text() == printed.out
