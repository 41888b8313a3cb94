from central.auth_connectors import operations
from central_client.call import IO, Call, PagedCall, Resource


class AuthConnectors(Resource[IO]):
    """The ways into a tenant."""

    create = Call(operations.CREATE_AUTH_CONNECTOR)
    list = PagedCall(operations.LIST_AUTH_CONNECTORS)
    list_public = PagedCall(operations.LIST_AUTH_CONNECTORS_PUBLIC)
    get = Call(operations.GET_AUTH_CONNECTOR)
    update = Call(operations.UPDATE_AUTH_CONNECTOR)
    disable = Call(operations.DISABLE_AUTH_CONNECTOR)
    enable = Call(operations.ENABLE_AUTH_CONNECTOR)
    delete = Call(operations.DELETE_AUTH_CONNECTOR)
    add_secret = Call(operations.ADD_CLIENT_SECRET)
    remove_secret = Call(operations.REMOVE_CLIENT_SECRET)
    start_test = Call(operations.START_CONNECTOR_TEST)
    get_test = Call(operations.GET_CONNECTOR_TEST)
    check = Call(operations.CHECK_AUTH_CONNECTOR)
