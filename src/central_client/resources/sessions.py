from central.session_revocations import operations as revocations
from central.sessions import operations
from central_client.call import IO, Call, PagedCall, Resource


class Sessions(Resource[IO]):
    """The signed-in browsers and programs of a tenant's users."""

    list_mine = PagedCall(operations.LIST_MY_SESSIONS)
    revoke_mine = Call(operations.REVOKE_MY_SESSION)
    revoke_all_mine = Call(operations.REVOKE_MY_SESSIONS)
    list = PagedCall(operations.LIST_USER_SESSIONS)
    revoke = Call(operations.REVOKE_USER_SESSION)
    revoke_all = Call(operations.REVOKE_USER_SESSIONS)
    search = PagedCall(operations.SEARCH_SESSIONS)
    revoke_matching = Call(operations.REVOKE_MATCHING_SESSIONS)
    start_revocation = Call(revocations.START_SESSION_REVOCATION)
