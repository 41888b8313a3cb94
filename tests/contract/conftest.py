from typing import Any

import pytest

from central.openapi import openapi_document


@pytest.fixture(scope="session")
def document() -> dict[str, Any]:
    """The OpenAPI document, which takes half a second to make."""
    return openapi_document()
