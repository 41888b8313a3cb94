import re
from collections.abc import Mapping
from typing import Final

from central.errors import NotFoundError
from central.images.operations import SEND_CONTENT, SHOW_FILE
from central.kernel.ids import ImageId, TenantId
from central_server.images.files import ImageFiles
from central_server.images.links import TOKEN_HEADER
from central_server.images.uploads import ImageUploads
from central_server.infra.http.handles import serves
from central_server.infra.http.pages import BrowserRequest, BrowserResponse

_DIGEST: Final = re.compile(r"[0-9a-f]{32}", re.ASCII)
_NAME: Final = re.compile(r"[0-9]{1,5}x[0-9]{1,5}\.(avif|webp|jpeg|png)", re.ASCII)
_HEADERS: Final = (
    (b"cache-control", b"public, max-age=31536000, immutable"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'; sandbox"),
    # Pages of other origins may show a picture whose link they were given.
    (b"cross-origin-resource-policy", b"cross-origin"),
)


class ImageFileRoutes:
    """Takes the files of pictures, and serves the renditions: always as the picture that they are."""

    def __init__(self, uploads: ImageUploads, files: ImageFiles) -> None:
        self.uploads = uploads
        self.files = files

    @serves(SEND_CONTENT)
    async def send(self, request: BrowserRequest) -> BrowserResponse:
        tenant, image = _place(request.path, "upload")
        token = request.headers.get(TOKEN_HEADER.encode(), b"").decode("latin-1")
        await self.uploads.receive(tenant, image, token, request.body)
        return BrowserResponse(204)

    @serves(SHOW_FILE)
    async def show(self, request: BrowserRequest) -> BrowserResponse:
        tenant, image = _place(request.path, "picture")
        digest, name = request.path["digest"], request.path["name"]
        if not _DIGEST.fullmatch(digest) or (read := _NAME.fullmatch(name)) is None:
            raise NotFoundError.of("picture")
        content = await self.files.open(tenant, image, digest, name)
        if content is None:
            raise NotFoundError.of("picture")
        shown = (b"content-disposition", f'inline; filename="picture.{read[1]}"'.encode())
        return BrowserResponse(200, content_type=f"image/{read[1]}", headers=(*_HEADERS, shown), content=content)


def _place(path: Mapping[str, str], noun: str) -> tuple[TenantId, ImageId]:
    """Read whose picture it is; what is no id leads nowhere."""
    try:
        return TenantId(path["tenant"]), ImageId(path["image"])
    except ValueError:
        raise NotFoundError.of(noun) from None
