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
    update_me = Call(operations.UPDATE_ME)
    my_permissions = Call(operations.GET_MY_PERMISSIONS)
    get_by_external_id = Call(operations.GET_USER_BY_EXTERNAL_ID)
    get_many = PagedCall(operations.GET_MANY_USERS)
    count = Call(operations.COUNT_USERS)
    set_tags = Call(operations.SET_TAGS)
    remove_tags = Call(operations.REMOVE_TAGS)
    set_external_id = Call(operations.SET_EXTERNAL_ID)
    remove_external_id = Call(operations.REMOVE_EXTERNAL_ID)
    merge = Call(operations.MERGE_USERS)
    get_attribute_rules = Call(operations.GET_ATTRIBUTE_RULES)
    set_attribute_rules = Call(operations.SET_ATTRIBUTE_RULES)
    impersonate = Call(operations.IMPERSONATE_USER, keeps_session=True)
