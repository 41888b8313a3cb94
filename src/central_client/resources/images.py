from central.images import operations
from central_client.call import IO, Call, PagedCall, Resource


class Images(Resource[IO]):
    """Pictures in a tenant."""

    create_upload = Call(operations.CREATE_IMAGE_UPLOAD)
    complete_upload = Call(operations.COMPLETE_IMAGE_UPLOAD)
    get = Call(operations.GET_IMAGE)
    list = PagedCall(operations.LIST_IMAGES)
    delete = Call(operations.DELETE_IMAGE)
