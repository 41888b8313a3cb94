from types import NoneType

from central.access import SignedIn
from central.errors import ConflictError, ForbiddenError, GoneError, NotFoundError
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
from central.kernel.operation import BrowserRoute, Operation

_WHOSE = "Whoever handed a picture over sees and deletes it; those of others take `users:write`."

CREATE_IMAGE_UPLOAD = Operation(
    "images.create_upload",
    "POST",
    "/v1/tenants/{tenant}/images",
    CreateImageUploadInput,
    ImageUploadPrivate,
    access=SignedIn(),
    summary="Say which picture is to come, and get where to send it",
    errors=(ForbiddenError, NotFoundError, ConflictError),
    status=201,
    description="In Python, `client.images.upload(…)` does all the steps. An avatar may come from everybody; a logo "
    "takes `tenant:write`, content `users:write`. What is not sent and completed within the hour is forgotten.",
    secret=True,
)
COMPLETE_IMAGE_UPLOAD = Operation(
    "images.complete_upload",
    "POST",
    "/v1/tenants/{tenant}/images/{image}/complete",
    CompleteImageUploadInput,
    Image,
    access=SignedIn(),
    summary="Say that a picture's file is there, and have the renditions made",
    errors=(NotFoundError, ConflictError, GoneError),
    description="For whoever created the upload. Saying it again changes nothing.",
)
GET_IMAGE = Operation(
    "images.get",
    "GET",
    "/v1/tenants/{tenant}/images/{image}",
    GetImageInput,
    Image,
    access=SignedIn(),
    summary="Get a picture: its state, and links to its renditions",
    errors=(NotFoundError,),
    description=_WHOSE,
)
LIST_IMAGES = Operation(
    "images.list",
    "GET",
    "/v1/tenants/{tenant}/images",
    ListImagesInput,
    ListImagesResponse,
    access=SignedIn(),
    summary="List pictures, newest first",
    errors=(NotFoundError,),
    description="One's own; with `users:write`, all of the tenant.",
)
DELETE_IMAGE = Operation(
    "images.delete",
    "DELETE",
    "/v1/tenants/{tenant}/images/{image}",
    DeleteImageInput,
    NoneType,
    access=SignedIn(),
    summary="Delete a picture",
    errors=(NotFoundError,),
    status=204,
    description=f"{_WHOSE} Its links lead nowhere a moment later; what browsers have kept of it they may "
    "go on showing.",
)
SEND_CONTENT = BrowserRoute(
    "images.send_content",
    "PUT",
    "/uploads/{tenant}/{image}",
    "Where the file of a picture goes, for who has the headers that `images.create_upload` gave.",
)
SHOW_FILE = BrowserRoute(
    "images.show",
    "GET",
    "/pictures/{tenant}/{image}/{digest}/{name}",
    "A rendition of a picture; its link is the way in.",
    "picture",
)

OPERATIONS = (CREATE_IMAGE_UPLOAD, COMPLETE_IMAGE_UPLOAD, GET_IMAGE, LIST_IMAGES, DELETE_IMAGE)
