"""Pictures that are ready, as another server says that they are: judged as what a child process hands back is."""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from central.images.models import ImageContentType, ImageUsage
from central.kernel.ids import ImageId

MOST_FILE_BYTES: Final = 64 * 1024 * 1024
"""Of a rendition: as many as the process that makes them may write."""

_MOST_RENDITIONS: Final = 64
_Side = Annotated[int, Field(ge=1, le=65_535)]
_Blurhash = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z#$%*+,\-.:;=?@\[\]^_{|}~]{28}$")]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True, extra="ignore", hide_input_in_errors=True)


class ReadyRendition(_Part):
    """A file of a picture: its name, which says what it is, and its length in bytes."""

    name: str
    kind: Literal["avif", "webp", "jpeg", "png"]
    width: _Side
    height: _Side
    size: int = Field(ge=1, le=MOST_FILE_BYTES)

    @model_validator(mode="after")
    def _is_named_after_itself(self) -> Self:
        if self.name != f"{self.width}x{self.height}.{self.kind}":
            raise ValueError("a rendition is named otherwise")
        return self


class ReadyPicture(_Part):
    """What a row of `images` must say of a picture that is ready, so that it can be shown and its files be found."""

    id: ImageId
    usage: ImageUsage
    content_type: ImageContentType
    digest: str = Field(pattern=r"^[0-9a-f]{32}$")
    width: _Side
    height: _Side
    blurhash: _Blurhash
    renditions: Annotated[list[ReadyRendition], Field(min_length=1, max_length=_MOST_RENDITIONS)]

    @model_validator(mode="after")
    def _has_what_is_shown(self) -> Self:
        names = {one.name for one in self.renditions}
        if len(names) != len(self.renditions) or all(one.kind != "webp" for one in self.renditions):
            raise ValueError("a rendition is there twice, or none that is shown")
        return self


def read_ready(row: Mapping[str, Any]) -> ReadyPicture:
    """Judge a row; pydantic's `ValidationError` for what is no picture that is ready."""
    return ReadyPicture.model_validate(dict(row))
