"""Between pictures as the database keeps them and as callers see them."""

from typing import Any

from central.images.models import Image
from central_server.images.links import ImageLinks
from central_server.images.policy import MESSAGES
from central_server.images.tables import DBImage


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
