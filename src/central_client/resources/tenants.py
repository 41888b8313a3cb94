from central.tenant_deletions import operations as deletions
from central.tenants import operations
from central_client.call import IO, Call, PagedCall, Resource


class Tenants(Resource[IO]):
    """The tenants of the system: for operators, and each tenant's own people."""

    create = Call(operations.CREATE_TENANT)
    list = PagedCall(operations.LIST_TENANTS)
    get_public = Call(operations.GET_TENANT_PUBLIC)
    get = Call(operations.GET_TENANT)
    rename = Call(operations.RENAME_TENANT)
    set_branding = Call(operations.SET_TENANT_BRANDING)
    suspend = Call(operations.SUSPEND_TENANT)
    reactivate = Call(operations.REACTIVATE_TENANT)
    delete = Call(deletions.DELETE_TENANT)
    delete_own = Call(deletions.DELETE_OWN_TENANT)
    restore = Call(deletions.RESTORE_TENANT)
    list_deletions = PagedCall(deletions.LIST_TENANT_DELETIONS)
    get_deletion = Call(deletions.GET_TENANT_DELETION)
    get_session_policy = Call(operations.GET_SESSION_POLICY)
    update_session_policy = Call(operations.UPDATE_SESSION_POLICY)
