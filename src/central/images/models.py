from collections.abc import Mapping
from datetime import datetime
from html import escape
from typing import Annotated, Final, Literal, Self, TypeAlias

from pydantic import Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from central.kernel.ids import ImageId, JobId, UserId
from central.kernel.model import Output, Resource, TenantInput
from central.kernel.pages import Page, TenantPageInput
from central.kernel.unknown import UnknownValue

ImageUsage: TypeAlias = Literal["avatar", "logo", "content"]
ImageContentType: TypeAlias = Literal["image/jpeg", "image/png", "image/webp", "image/avif"]
ImageState: TypeAlias = Literal["pending", "processing", "ready", "failed"]
ImageReason: TypeAlias = Literal[
    "unknown_type",
    "unsupported_type",
    "too_many_pixels",
    "too_many_frames",
    "broken",
    "too_slow",
    "too_much_memory",
    "decoder_crashed",
    "too_large",
    "checksum_differs",
    "upload_missing",
    "cancelled",
    "gave_up",
]
Sha256: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]

MIB: Final = 1024 * 1024
MOST_BYTES: Final[Mapping[ImageUsage, int]] = {"avatar": 10 * MIB, "logo": 10 * MIB, "content": 20 * MIB}
"""How large the file of a picture may be, by what it is for."""


class ImageRendition(Output):
    """A picture in one size and one format. The link needs no sign-in, and always leads to the same bytes."""

    url: str
    content_type: str = Field(description="`image/avif`, `image/webp`, `image/jpeg` or `image/png`.")
    width: int
    height: int
    size: int = Field(description="In bytes.")


class PicturePublic(Output):
    """A picture of somebody or something, as anyone may see it. Paths are below the server's address."""

    image_id: ImageId
    path: str = Field(description="In WebP, 256 pixels wide, or less where the picture has less.")
    small_path: str = Field(description="In WebP, 64 or 128 pixels wide, or less.")
    blurhash: str


class ImageError(Output):
    """Why a file did not become a picture."""

    code: ImageReason | UnknownValue
    message: str = Field(description="The same for people.")


class Image(Resource):
    """A picture that was handed over, and what the server made of it; the file itself is not kept."""

    id: ImageId
    usage: ImageUsage | UnknownValue
    state: ImageState | UnknownValue = Field(description="`pending` waits for a worker; `ready` and `failed` are ends.")
    error: ImageError | None = None
    width: int | None = Field(default=None, description="Of the file, upright, in pixels; null until it is ready.")
    height: int | None = None
    blurhash: str | None = Field(default=None, description="What to show until the picture is there (BlurHash).")
    renditions: list[ImageRendition] = Field(
        default_factory=list[ImageRendition], description="The largest first; empty until it is ready."
    )
    job_id: JobId | None = Field(default=None, description="The job that makes it.")
    created_by: UserId | None = Field(default=None, description="Null when that user was deleted.")
    created_at: datetime
    version: int

    def _repr_html_(self) -> str | None:
        """Show the picture where there are pages: in a notebook."""
        if not self.renditions:
            return None
        shown = next((one for one in self.renditions if one.content_type == "image/webp"), self.renditions[0])
        return f'<img src="{escape(shown.url)}" width="{shown.width:d}" height="{shown.height:d}" alt="">'


class ImageUploadPrivate(Resource):
    """Where to send the file of a picture: `method` and `headers` as they are, to `url`, without cookies."""

    image: ImageId = Field(description="What it becomes; `images.complete_upload` takes it.")
    usage: ImageUsage | UnknownValue
    url: str = Field(repr=False, description="Of this server, or of its bucket.")
    method: str = "PUT"
    headers: dict[str, str] = Field(
        repr=False, description="To be sent with it. They let whoever has them send the file."
    )
    expires_at: datetime = Field(description="Until then the file is taken.")


class CreateImageUploadInput(TenantInput):
    """Which picture is to come."""

    usage: ImageUsage
    content_type: ImageContentType = Field(description="What it is said to be; what it is the server finds out.")
    size: int = Field(ge=1, le=max(MOST_BYTES.values()), description="In bytes, exactly.")
    sha256: Sha256 | None = Field(default=None, description="Of the file, to have it checked.")

    @model_validator(mode="after")
    def _fits(self) -> Self:
        most = MOST_BYTES[self.usage]
        if self.size > most:
            raise PydanticCustomError("too_large", "A picture of this usage has up to {most} bytes", {"most": most})
        return self


class CompleteImageUploadInput(TenantInput):
    """Whose file is there."""

    image: ImageId


class GetImageInput(TenantInput):
    """Which picture to get."""

    image: ImageId


class ListImagesInput(TenantPageInput):
    """Which pictures to list, newest first: one's own, and with `users:write` everybody's."""

    usage: ImageUsage | None = None


class ListImagesResponse(Page[Image]):
    """One page of pictures."""

    images: list[Image]


class DeleteImageInput(TenantInput):
    """Which picture to delete."""

    image: ImageId
