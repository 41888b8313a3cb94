from central.images.operations import SEND_CONTENT, SHOW_FILE
from central_server.images.files import ImageFiles
from central_server.images.links import SHOWN_HEADERS, TOKEN_HEADER, read_place, read_rendition
from central_server.images.uploads import ImageUploads
from central_server.infra.http.handles import serves
from central_server.infra.http.pages import BrowserRequest, BrowserResponse


class ImageFileRoutes:
    """Takes the files of pictures, and serves the renditions: always as the picture that they are."""

    def __init__(self, uploads: ImageUploads, files: ImageFiles) -> None:
        self.uploads = uploads
        self.files = files

    @serves(SEND_CONTENT)
    async def send(self, request: BrowserRequest) -> BrowserResponse:
        token = request.headers.get(TOKEN_HEADER.encode(), b"").decode("latin-1")
        await self.uploads.receive(read_place(request.path, "upload"), token, request.body)
        return BrowserResponse(204)

    @serves(SHOW_FILE)
    async def show(self, request: BrowserRequest) -> BrowserResponse:
        rendition = read_rendition(request.path)
        content = await self.files.open(rendition)
        shown = (b"content-disposition", f'inline; filename="picture.{rendition.ending}"'.encode())
        kind = f"image/{rendition.ending}"
        return BrowserResponse(200, content_type=kind, headers=(*SHOWN_HEADERS, shown), content=content)
