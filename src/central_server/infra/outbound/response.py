"""The answer to an outbound request, read to its end."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn, cast

from central_server.infra.outbound.errors import NotJsonError


@dataclass(frozen=True, slots=True)
class OutboundResponse:
    """Status, headers by lower-case name, and the whole body."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> dict[str, Any]:
        """Read the body as a JSON object (RFC 8259, UTF-8); raises `NotJsonError`."""
        document = self._document()
        if not isinstance(document, dict):
            raise NotJsonError("The answer is JSON, but not an object.")
        return cast("dict[str, Any]", document)

    def json_list(self) -> list[object]:
        """Read the body as a JSON array; raises `NotJsonError`."""
        document = self._document()
        if not isinstance(document, list):
            raise NotJsonError("The answer is JSON, but not an array.")
        return cast("list[object]", document)

    def _document(self) -> object:
        try:
            return cast("object", json.loads(self.body.decode("utf-8"), parse_constant=_refuse_constant))
        except (ValueError, RecursionError):
            raise NotJsonError("The answer is not JSON.") from None

    def __repr__(self) -> str:
        return f"OutboundResponse({self.status}, {len(self.body)} bytes)"


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")
