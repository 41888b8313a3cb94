from central.units import operations
from central_client.call import IO, Call, PagedCall, Resource


class Units(Resource[IO]):
    """The organisation of a tenant: a tree of units."""

    create = Call(operations.CREATE_UNIT)
    list = PagedCall(operations.LIST_UNITS)
    get = Call(operations.GET_UNIT)
    get_by_code = Call(operations.GET_UNIT_BY_CODE)
    list_ancestors = PagedCall(operations.LIST_UNIT_ANCESTORS)
    get_path = PagedCall(operations.GET_UNIT_PATH)
    update = Call(operations.UPDATE_UNIT)
    move = Call(operations.MOVE_UNIT)
    reorder = Call(operations.REORDER_UNIT)
    archive = Call(operations.ARCHIVE_UNIT)
    restore = Call(operations.RESTORE_UNIT)
    delete = Call(operations.DELETE_UNIT)
    list_history = PagedCall(operations.LIST_UNIT_HISTORY)
    as_of = PagedCall(operations.GET_UNIT_CHART)
    assign = Call(operations.ASSIGN_UNIT)
    list_assignments = PagedCall(operations.LIST_UNIT_ASSIGNMENTS)
    get_assignment = Call(operations.GET_UNIT_ASSIGNMENT)
    update_assignment = Call(operations.UPDATE_UNIT_ASSIGNMENT)
    end_assignment = Call(operations.END_UNIT_ASSIGNMENT)
    remove_assignment = Call(operations.REMOVE_UNIT_ASSIGNMENT)
