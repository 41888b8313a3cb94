"""Handing over pictures: say what is to come, send it, complete it, and wait."""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple, Protocol, TypeAlias

from central.images.models import Image, ImageContentType, ImageUploadPrivate, ImageUsage
from central.jobs.models import Job
from central.users.models import User, UserPrivate
from central_client.core import Core
from central_client.following import Watch, wait_flow
from central_client.messages import Flow
from central_client.plan import Plan

_PIECE: Final = 64 * 1024
_MAGIC: Final[tuple[tuple[int, bytes, ImageContentType], ...]] = (
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"\x89PNG", "image/png"),
    (8, b"WEBP", "image/webp"),
    (4, b"ftypavi", "image/avif"),
)


class Readable(Protocol):
    """Something open for reading bytes."""

    def read(self) -> bytes:
        """Read all that is left."""
        ...


Picture: TypeAlias = str | Path | bytes | Readable
"""A path, the bytes of a file, or a file that is open for reading bytes."""

Shown: TypeAlias = Callable[[int, int], None] | None


class UploadPlans(NamedTuple):
    """The operations that it takes."""

    create: Plan[ImageUploadPrivate]
    complete: Plan[Image]
    get: Plan[Image]
    job: Plan[Job]


def upload_plans() -> UploadPlans:
    """Give them."""
    from central_client.resources.images import Images  # noqa: PLC0415 (it imports this module when it is needed)
    from central_client.resources.jobs import Jobs  # noqa: PLC0415 (as above)

    return UploadPlans(Images.create_upload.plan, Images.complete_upload.plan, Images.get.plan, Jobs.get.plan)


class Owner(NamedTuple):
    """Whose avatar a picture becomes; without an id, the caller's."""

    me: Plan[UserPrivate]
    set_image: Plan[User]
    user: str | None

    def flow(self, core: Core[Any], upload: Flow[Image], tenant: str | None) -> Flow[Image]:
        """Hand the picture over, and give it to them."""
        where = {} if tenant is None else {"tenant": tenant}
        user = self.user or (yield from core.call(self.me, self.me.check(where))).id
        image = yield from upload
        yield from core.call(self.set_image, self.set_image.check({"user": user, "image": image.id, **where}))
        return image


def upload_flow(
    core: Core[Any],
    plans: UploadPlans,
    picture: Picture,
    usage: ImageUsage,
    tenant: str | None,
    timeout: float | None,
    shown: Shown,
    *,
    wait: bool,
) -> Flow[Image]:
    """Do it all; without `wait`, give the picture that is still to be made."""
    content = read_picture(picture)
    where = {} if tenant is None else {"tenant": tenant}
    upload = yield from core.call(plans.create, plans.create.check({**_described(content, usage), **where}))
    headers = {**upload.headers, "content-length": str(len(content))}
    yield from core.send_to(upload.method, upload.url, headers, _Body(content, shown))
    which = {"image": upload.image, **where}
    image = yield from core.call(plans.complete, plans.complete.check(which))
    if not wait or image.job_id is None:
        return image
    yield from wait_flow(core, Watch(plans.job, image.job_id, tenant), timeout, None)
    return (yield from core.call(plans.get, plans.get.check(which)))


def read_picture(picture: Picture) -> bytes:
    """Read a picture's file; it has 20 MB at most, or the server refuses it."""
    if isinstance(picture, bytes):
        return picture
    return Path(picture).read_bytes() if isinstance(picture, str | Path) else picture.read()


def _described(content: bytes, usage: ImageUsage) -> Mapping[str, Any]:
    for at, magic, kind in _MAGIC:
        if content[at : at + len(magic)] == magic:
            sha256 = hashlib.sha256(content).hexdigest()
            return {"usage": usage, "content_type": kind, "size": len(content), "sha256": sha256}
    raise ValueError("this is no JPEG, PNG, WebP or AVIF")


class _Body:
    """A file that tells how far it has gone."""

    def __init__(self, content: bytes, shown: Shown) -> None:
        self._content = content
        self._shown = shown

    def pieces(self) -> Iterator[bytes]:
        total = len(self._content)
        for start in range(0, total, _PIECE):
            yield self._content[start : start + _PIECE]
            if self._shown is not None:
                self._shown(min(start + _PIECE, total), total)
