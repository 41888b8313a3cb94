from central.jobs.models import GetJobInput
from central.jobs.operations import DOWNLOAD_FILE
from central_server.infra.actor import Actor
from central_server.infra.http.handles import serves
from central_server.infra.http.pages import BrowserRequest, BrowserResponse
from central_server.infra.http.reading import read_fields
from central_server.jobs.files import JobFiles, OpenFile


class JobFileRoutes:
    """Serves the files of jobs."""

    def __init__(self, files: JobFiles) -> None:
        self.files = files

    @serves(DOWNLOAD_FILE)
    async def download(self, request: BrowserRequest) -> BrowserResponse:
        assert isinstance(request.caller, Actor), "the route says that it is for who is signed in"
        return _attachment(await self.files.open(read_fields(GetJobInput, request.path), request.caller))


def _attachment(file: OpenFile) -> BrowserResponse:
    """Hand a file over to be saved, and never shown: what is in it came from users."""
    headers = (
        (b"content-disposition", f'attachment; filename="{file.name}"'.encode("ascii")),
        (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'; sandbox"),
    )
    return BrowserResponse(200, content_type=file.content_type, headers=headers, content=file.content, length=file.size)
