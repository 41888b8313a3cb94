"""JSON between PostgreSQL and Python, on the connection itself."""

from collections.abc import Callable
from typing import Any, Final, Protocol, final

from pydantic_core import from_json, to_json

_JSONB_VERSION = b"\x01"


@final
class _JsonNull:
    """The JSON value `null`, which is not SQL's NULL: asyncpg writes `None` as the latter."""

    __slots__ = ()


JSON_NULL: Final = _JsonNull()


class CodecHost(Protocol):
    """A connection, as far as codecs go."""

    async def set_type_codec(
        self,
        typename: str,
        /,
        *,
        schema: str,
        encoder: Callable[[Any], bytes],
        decoder: Callable[[bytes], Any],
        format: str,  # noqa: A002 (asyncpg's)
    ) -> None:
        """Convert a type by functions of ours."""
        ...


def encode_json(value: Any) -> bytes:
    """Write any value that pydantic can write as JSON."""
    return b"null" if value is JSON_NULL else to_json(value)


def _encode_jsonb(value: Any) -> bytes:
    return _JSONB_VERSION + encode_json(value)


def _decode_jsonb(value: bytes) -> Any:
    return from_json(value[1:])


async def register_codecs(connection: CodecHost) -> None:
    """Make `json` and `jsonb` Python values in both directions."""
    await connection.set_type_codec(
        "json", schema="pg_catalog", encoder=encode_json, decoder=from_json, format="binary"
    )
    await connection.set_type_codec(
        "jsonb", schema="pg_catalog", encoder=_encode_jsonb, decoder=_decode_jsonb, format="binary"
    )
