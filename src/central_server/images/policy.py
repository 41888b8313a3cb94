"""Who may hand over which pictures, what is made of them, and when there are too many."""

from collections.abc import Mapping
from typing import Final

from central.access import TenantPermissionName
from central.errors import ConflictError, ForbiddenError, GoneError, NotFoundError
from central.images.models import ImageReason, ImageUsage
from central_server.images.tables import DBImage
from central_server.infra.actor import Actor
from central_server.infra.pictures.recipes import Recipe

RECIPES: Final[Mapping[ImageUsage, Recipe]] = {
    "avatar": Recipe("square", (64, 128, 256, 512)),
    "logo": Recipe("inside", (128, 256, 512)),
    # 1920 is reached from a picture of 4,000 pixels, as cameras of telephones make them, by decoding half of it.
    "content": Recipe("width", (320, 640, 1280, 1920)),
}
PERMISSIONS: Final[Mapping[ImageUsage, TenantPermissionName | None]] = {
    "avatar": None,
    "logo": "tenant:write",
    "content": "users:write",
}
"""What it takes to hand a picture over; everybody may have an avatar."""

MOST_OF_CREATOR: Final[Mapping[ImageUsage, int]] = {"avatar": 20, "logo": 100, "content": 10_000}
"""How many pictures one user may have, those that are still to be sent among them."""

MESSAGES: Final[Mapping[ImageReason, str]] = {
    "unknown_type": "The file is no picture.",
    "unsupported_type": "Pictures of this type are not taken; send a JPEG, PNG, WebP or AVIF.",
    "too_many_pixels": "The picture has more than 50 megapixels.",
    "too_many_frames": "The animation has more than 100 frames.",
    "broken": "The file cannot be read to its end.",
    "too_slow": "The file takes too long to read.",
    "too_much_memory": "The file takes too much memory to read.",
    "decoder_crashed": "The file cannot be read.",
    "too_large": "The file is larger than it was said to be.",
    "checksum_differs": "The file is another one than its SHA-256 says.",
    "upload_missing": "The file has gone.",
    "cancelled": "Making the picture was cancelled.",
    "gave_up": "The picture could not be made; the server's logs say why.",
}


def may_see_all(actor: Actor) -> bool:
    """Whether the actor sees and deletes the pictures of others."""
    return "users:write" in actor.permissions


def check_may_upload(usage: ImageUsage, actor: Actor) -> None:
    """Refuse a usage that takes a permission that the actor does not hold."""
    permission = PERMISSIONS[usage]
    if permission is not None and permission not in actor.permissions:
        raise ForbiddenError(f"Pictures of this usage need the permission {permission}.", code="permission_missing")


def check_room(usage: ImageUsage, count: int) -> None:
    """Refuse one picture more than somebody may have."""
    if count >= MOST_OF_CREATOR[usage]:
        raise ConflictError("You have too many pictures of this usage; delete some first.", code="too_many_images")


def check_may_see(row: DBImage | None, actor: Actor) -> DBImage:
    """Give the picture; `NotFoundError` for none, one of others, and one whose file is still to be sent."""
    if row is None or row["state"] == "uploading" or not (row["created_by"] == actor.user_id or may_see_all(actor)):
        raise NotFoundError.of("image")
    return row


def check_shows(row: DBImage, usage: ImageUsage) -> DBImage:
    """Give the picture, to be shown as this; `ConflictError` for one that is not ready, or of another usage."""
    if row["usage"] != usage:
        raise ConflictError(f"This picture was not handed over as {usage}.", code="other_usage")
    if row["state"] != "ready":
        raise ConflictError(f"This picture is not ready: it is {row['state']}.", code="image_not_ready")
    return row


def check_own_upload(row: DBImage | None, actor: Actor) -> DBImage:
    """Give an upload that the actor has created, complete or not; `NotFoundError` for any other."""
    if row is None or row["created_by"] != actor.user_id:
        raise NotFoundError.of("image")
    return row


def check_arrived(row: DBImage, size: int | None) -> None:
    """Refuse to go on with a file that has not come, or not as it was said; `GoneError` when its time is over."""
    if not row["upload_open"]:
        raise GoneError("This upload was not completed within its time; create another.", code="upload_expired")
    if size is None:
        raise ConflictError("The file has not been sent yet.", code="upload_incomplete")
    if size != row["size"]:
        raise ConflictError("The file that was sent has another size than was said.", code="size_differs")
