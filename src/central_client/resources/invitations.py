from central.invitations import operations
from central_client.call import IO, Call, PagedCall, Resource


class Invitations(Resource[IO]):
    """The invitations into a tenant."""

    create = Call(operations.CREATE_INVITATION)
    create_many = Call(operations.CREATE_INVITATIONS)
    list = PagedCall(operations.LIST_INVITATIONS)
    get = Call(operations.GET_INVITATION)
    resend = Call(operations.RESEND_INVITATION)
    revoke = Call(operations.REVOKE_INVITATION)
    get_public = Call(operations.GET_INVITATION_PUBLIC)
    accept = Call(operations.ACCEPT_INVITATION)
