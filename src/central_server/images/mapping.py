"""Between pictures as the database keeps them and as callers see them."""

from typing import Any, Final

from central.images.models import Image
from central_server.images.links import ImageLinks, path_of
from central_server.images.policy import MESSAGES
from central_server.images.tables import DBImage

_SHOWN: Final = 256
_SMALL: Final = 64


def picture_from(row: DBImage) -> dict[str, Any]:
    """Make what is kept of a picture that is ready where it is shown: a `PicturePublic`."""
    webp = sorted((one for one in row["renditions"] if one["kind"] == "webp"), key=lambda one: one["width"])
    small = next((one for one in webp if one["width"] >= _SMALL), webp[-1])
    shown = next((one for one in webp if one["width"] >= _SHOWN), webp[-1])
    return {
        "image_id": row["id"],
        "path": path_of(row, shown["name"]),
        "small_path": path_of(row, small["name"]),
        "blurhash": row["blurhash"],
    }


def image_from(row: DBImage, links: ImageLinks) -> Image:
    """Make the DTO of a row."""
    code = row["error_code"]
    shown: dict[str, Any] = {name: value for name, value in row.items() if name in Image.model_fields}
    renditions = [
        {
            "url": links.of_rendition(row, one["name"]),
            "content_type": f"image/{one['kind']}",
            "width": one["width"],
            "height": one["height"],
            "size": one["size"],
        }
        for one in row["renditions"]
    ]
    error = None if code is None else {"code": code, "message": MESSAGES[code]}
    return Image.model_validate({**shown, "renditions": renditions, "error": error})
