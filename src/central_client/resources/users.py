from central.users import operations
from central_client.call import IO, Call, PagedCall, Resource


class Users(Resource[IO]):
    """The people of a tenant."""

    me = Call(operations.GET_ME)
    create = Call(operations.CREATE_USER)
    list = PagedCall(operations.LIST_USERS)
    get = Call(operations.GET_USER)
    update = Call(operations.UPDATE_USER)
    disable = Call(operations.DISABLE_USER)
    enable = Call(operations.ENABLE_USER)
    delete = Call(operations.DELETE_USER)
