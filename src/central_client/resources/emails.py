from central.emails import operations
from central_client.call import IO, Call, PagedCall, Resource


class Emails(Resource[IO]):
    """The addresses of a tenant's people, and of one's own."""

    list = PagedCall(operations.LIST_USER_EMAILS)
    add = Call(operations.ADD_USER_EMAIL)
    make_primary = Call(operations.MAKE_USER_EMAIL_PRIMARY)
    remove = Call(operations.REMOVE_USER_EMAIL)
    list_mine = PagedCall(operations.LIST_MY_EMAILS)
    add_mine = Call(operations.ADD_MY_EMAIL)
    start_verification = Call(operations.START_EMAIL_VERIFICATION)
    verify = Call(operations.VERIFY_MY_EMAIL)
    make_mine_primary = Call(operations.MAKE_MY_EMAIL_PRIMARY)
    remove_mine = Call(operations.REMOVE_MY_EMAIL)
