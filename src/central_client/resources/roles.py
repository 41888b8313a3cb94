from central.roles import operations
from central_client.call import IO, Call, PagedCall, Resource


class Roles(Resource[IO]):
    """The roles that a tenant's people can hold."""

    create = Call(operations.CREATE_ROLE)
    list = PagedCall(operations.LIST_ROLES)
    get = Call(operations.GET_ROLE)
    update = Call(operations.UPDATE_ROLE)
    delete = Call(operations.DELETE_ROLE)
    list_grants = PagedCall(operations.LIST_ROLE_GRANTS)
    grant = Call(operations.GRANT_ROLE)
    revoke = Call(operations.REVOKE_ROLE)
