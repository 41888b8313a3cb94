from central.images.models import (
    CompleteImageUploadInput,
    CreateImageUploadInput,
    DeleteImageInput,
    GetImageInput,
    Image,
    ImageUploadPrivate,
    ListImagesInput,
    ListImagesResponse,
)
from central.images.operations import (
    COMPLETE_IMAGE_UPLOAD,
    CREATE_IMAGE_UPLOAD,
    DELETE_IMAGE,
    GET_IMAGE,
    LIST_IMAGES,
)
from central_server.images.service import ImageService
from central_server.images.uploads import ImageUploads
from central_server.infra.actor import Actor
from central_server.infra.http.handles import handles


class ImageRoutes:
    """Serves the operations on pictures."""

    def __init__(self, images: ImageService, uploads: ImageUploads) -> None:
        self.images = images
        self.uploads = uploads

    @handles(CREATE_IMAGE_UPLOAD)
    async def create_upload(self, input: CreateImageUploadInput, actor: Actor) -> ImageUploadPrivate:
        return await self.uploads.TX_create(input, actor)

    @handles(COMPLETE_IMAGE_UPLOAD)
    async def complete_upload(self, input: CompleteImageUploadInput, actor: Actor) -> Image:
        return await self.uploads.TX_complete(input, actor)

    @handles(GET_IMAGE)
    async def get(self, input: GetImageInput, actor: Actor) -> Image:
        return await self.images.get(input, actor)

    @handles(LIST_IMAGES)
    async def list(self, input: ListImagesInput, actor: Actor) -> ListImagesResponse:
        return await self.images.list(input, actor)

    @handles(DELETE_IMAGE)
    async def delete(self, input: DeleteImageInput, actor: Actor) -> None:
        await self.images.TX_delete_image(input, actor)
