"""The fields that describe people, and how filters ask for them."""

from typing import Annotated, TypeAlias

from pydantic import AfterValidator, Field, JsonValue, StringConstraints
from pydantic_core import PydanticCustomError, to_json

from central.kernel.text import one_line

MOST_BYTES = 16_384


def _small(value: dict[str, JsonValue]) -> dict[str, JsonValue]:
    if len(to_json(value)) > MOST_BYTES:
        raise PydanticCustomError("too_large", "This has 16 KiB at most")
    return value


Locale: TypeAlias = Annotated[
    str, StringConstraints(min_length=2, max_length=35, pattern=r"^[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8})*$")
]
"""A language as BCP 47 tags it: `en`, `de-CH`, `zh-Hant-TW`."""

TimeZone: TypeAlias = Annotated[
    str, StringConstraints(min_length=3, max_length=64, pattern=r"^[A-Za-z_]+(?:/[A-Za-z0-9_+-]+){0,2}$")
]
"""A time zone of the IANA database: `Europe/Zurich`. The server knows which there are."""

Key: TypeAlias = Annotated[str, StringConstraints(min_length=1, max_length=63, pattern=r"^[A-Za-z][A-Za-z0-9_.-]*$")]
"""The name of a tag, of an attribute, or of a system that has a name for people."""

Value: TypeAlias = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200), AfterValidator(one_line)
]
"""What a tag, or another system's name for a person, is: one line."""

Tags: TypeAlias = Annotated[dict[Key, Value], Field(max_length=50)]
ExternalIds: TypeAlias = Annotated[dict[Key, Value], Field(max_length=20)]
Attributes: TypeAlias = Annotated[dict[Key, JsonValue], Field(max_length=100), AfterValidator(_small)]

JsonObject: TypeAlias = Annotated[
    dict[Annotated[str, StringConstraints(max_length=200)], JsonValue], Field(max_length=200), AfterValidator(_small)
]
"""A JSON object of up to 16 KiB."""

Filter: TypeAlias = Annotated[
    str,
    StringConstraints(min_length=3, max_length=265, pattern=r"^[A-Za-z][A-Za-z0-9_.-]{0,62}:"),
    AfterValidator(one_line),
]
"""`key:value`; what stands behind the first colon is the value."""

Filters: TypeAlias = Annotated[list[Filter], Field(max_length=10)]
