from central.domains import operations
from central_client.call import IO, Call, PagedCall, Resource


class Domains(Resource[IO]):
    """The domains of a tenant, and their proofs."""

    create = Call(operations.CREATE_DOMAIN)
    list = PagedCall(operations.LIST_DOMAINS)
    get = Call(operations.GET_DOMAIN)
    update = Call(operations.UPDATE_DOMAIN)
    verify = Call(operations.VERIFY_DOMAIN)
    delete = Call(operations.DELETE_DOMAIN)
