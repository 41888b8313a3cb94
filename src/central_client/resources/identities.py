from central.identities import operations
from central_client.call import IO, Call, PagedCall, Resource


class Identities(Resource[IO]):
    """Who people are at identity providers."""

    list_mine = PagedCall(operations.LIST_MY_IDENTITIES)
    list = PagedCall(operations.LIST_IDENTITIES)
    unlink = Call(operations.UNLINK_IDENTITY)
