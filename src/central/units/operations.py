from types import NoneType

from central.access import TenantPermission, UnitPermission
from central.errors import ConflictError, NotFoundError
from central.kernel.operation import Operation
from central.units.assignments import (
    AssignUnitInput,
    EndUnitAssignmentInput,
    GetUnitAssignmentInput,
    ListUnitAssignmentsInput,
    ListUnitAssignmentsResponse,
    RemoveUnitAssignmentInput,
    UnitAssignment,
    UpdateUnitAssignmentInput,
)
from central.units.models import (
    ArchiveUnitInput,
    CreateUnitInput,
    DeleteUnitInput,
    DeleteUnitResponse,
    GetUnitByCodeInput,
    GetUnitChartInput,
    GetUnitChartResponse,
    GetUnitInput,
    GetUnitPathInput,
    GetUnitPathResponse,
    ListUnitAncestorsInput,
    ListUnitAncestorsResponse,
    ListUnitHistoryInput,
    ListUnitHistoryResponse,
    ListUnitsInput,
    ListUnitsResponse,
    MoveUnitInput,
    ReorderUnitInput,
    RestoreUnitInput,
    Unit,
    UpdateUnitInput,
)

CREATE_UNIT = Operation(
    "units.create",
    "POST",
    "/v1/tenants/{tenant}/units",
    CreateUnitInput,
    Unit,
    access=UnitPermission("units:write", where=(("parent", "below"),)),
    summary="Create a unit",
    errors=(NotFoundError, ConflictError),
    status=201,
    description="A code is unique in its tenant whatever the case. Up to 64 units stand one below the other, and up to "
    "10,000 directly below one.",
)
LIST_UNITS = Operation(
    "units.list",
    "GET",
    "/v1/tenants/{tenant}/units",
    ListUnitsInput,
    ListUnitsResponse,
    access=TenantPermission("units:read"),
    summary="List units: the children of one, all below one, or those that are called so",
    errors=(NotFoundError,),
)
GET_UNIT = Operation(
    "units.get",
    "GET",
    "/v1/tenants/{tenant}/units/{unit}",
    GetUnitInput,
    Unit,
    access=TenantPermission("units:read"),
    summary="Get a unit",
    errors=(NotFoundError,),
)
GET_UNIT_BY_CODE = Operation(
    "units.get_by_code",
    "GET",
    "/v1/tenants/{tenant}/units/by-code/{code}",
    GetUnitByCodeInput,
    Unit,
    access=TenantPermission("units:read"),
    summary="Get the unit that other systems call so",
    errors=(NotFoundError,),
)
LIST_UNIT_ANCESTORS = Operation(
    "units.list_ancestors",
    "GET",
    "/v1/tenants/{tenant}/units/{unit}/ancestors",
    ListUnitAncestorsInput,
    ListUnitAncestorsResponse,
    access=TenantPermission("units:read"),
    summary="List all units above one, the topmost first",
    errors=(NotFoundError,),
)
GET_UNIT_PATH = Operation(
    "units.get_path",
    "GET",
    "/v1/tenants/{tenant}/units/{unit}/path",
    GetUnitPathInput,
    GetUnitPathResponse,
    access=TenantPermission("units:read"),
    summary="Get the way from a unit to another, over the lowest one above both",
    errors=(NotFoundError,),
)
UPDATE_UNIT = Operation(
    "units.update",
    "PATCH",
    "/v1/tenants/{tenant}/units/{unit}",
    UpdateUnitInput,
    Unit,
    access=UnitPermission("units:write", where=(("unit", "at"),)),
    summary="Change what a unit is called and what is known of it",
    errors=(NotFoundError, ConflictError),
)
MOVE_UNIT = Operation(
    "units.move",
    "POST",
    "/v1/tenants/{tenant}/units/{unit}/move",
    MoveUnitInput,
    Unit,
    access=UnitPermission("units:write", where=(("unit", "above"), ("parent", "below"))),
    summary="Move a unit below another one, or to the top, with all below it",
    errors=(NotFoundError, ConflictError),
    description="Never below itself, however many moves happen at the same time.",
)
REORDER_UNIT = Operation(
    "units.reorder",
    "POST",
    "/v1/tenants/{tenant}/units/{unit}/reorder",
    ReorderUnitInput,
    Unit,
    access=UnitPermission("units:write", where=(("unit", "above"),)),
    summary="Give a unit another place among its siblings",
    errors=(NotFoundError, ConflictError),
    description="Its parent stays what it is, also where somebody moves it at the same time.",
)
ARCHIVE_UNIT = Operation(
    "units.archive",
    "POST",
    "/v1/tenants/{tenant}/units/{unit}/archive",
    ArchiveUnitInput,
    Unit,
    access=UnitPermission("units:write", where=(("unit", "above"),)),
    summary="Take a unit out of use, with all below it",
    errors=(NotFoundError, ConflictError),
    description="Nothing is created below it or moved there. Up to 5,000 units at once.",
)
RESTORE_UNIT = Operation(
    "units.restore",
    "POST",
    "/v1/tenants/{tenant}/units/{unit}/restore",
    RestoreUnitInput,
    Unit,
    access=UnitPermission("units:write", where=(("unit", "above"),)),
    summary="Take a unit into use again, with what was archived with it",
    errors=(NotFoundError, ConflictError),
    description="What had been archived before by itself stays so.",
)
DELETE_UNIT = Operation(
    "units.delete",
    "DELETE",
    "/v1/tenants/{tenant}/units/{unit}",
    DeleteUnitInput,
    DeleteUnitResponse,
    access=UnitPermission("units:write", where=(("unit", "above"),)),
    summary="Delete a unit for good",
    errors=(NotFoundError, ConflictError),
    description="Refused while there are units below it, or assignments, unless `cascade` says that they go too, up to "
    "5,000 units. With `dryRun` nothing changes. Its history stays.",
)
LIST_UNIT_HISTORY = Operation(
    "units.list_history",
    "GET",
    "/v1/tenants/{tenant}/units/{unit}/history",
    ListUnitHistoryInput,
    ListUnitHistoryResponse,
    access=TenantPermission("units:read"),
    summary="List what a unit was, newest first",
    errors=(NotFoundError,),
)
GET_UNIT_CHART = Operation(
    "units.as_of",
    "GET",
    "/v1/tenants/{tenant}/unit-chart",
    GetUnitChartInput,
    GetUnitChartResponse,
    access=TenantPermission("units:read"),
    summary="Give the whole chart as it was at a moment, or is now",
    errors=(NotFoundError,),
    description="In the order of the tree. All pages are of the moment of the first.",
)
ASSIGN_UNIT = Operation(
    "units.assign",
    "POST",
    "/v1/tenants/{tenant}/units/{unit}/assignments",
    AssignUnitInput,
    UnitAssignment,
    access=UnitPermission("units:write", where=(("unit", "at"),)),
    summary="Assign a person to a unit, now or from a later moment on",
    errors=(NotFoundError, ConflictError),
    status=201,
    description="Nobody is in a unit twice at the same time, and a unit with a single holder has one at a time. Nobody "
    "gives a role that allows more than they may; only owners make owners.",
)
LIST_UNIT_ASSIGNMENTS = Operation(
    "units.list_assignments",
    "GET",
    "/v1/tenants/{tenant}/unit-assignments",
    ListUnitAssignmentsInput,
    ListUnitAssignmentsResponse,
    access=TenantPermission("units:read"),
    summary="List assignments: of a unit, of a person, of a moment, or those that end soon",
    errors=(NotFoundError,),
)
GET_UNIT_ASSIGNMENT = Operation(
    "units.get_assignment",
    "GET",
    "/v1/tenants/{tenant}/unit-assignments/{assignment}",
    GetUnitAssignmentInput,
    UnitAssignment,
    access=TenantPermission("units:read"),
    summary="Get an assignment",
    errors=(NotFoundError,),
)
UPDATE_UNIT_ASSIGNMENT = Operation(
    "units.update_assignment",
    "PATCH",
    "/v1/tenants/{tenant}/unit-assignments/{assignment}",
    UpdateUnitAssignmentInput,
    UnitAssignment,
    access=UnitPermission("units:write", where=(("assignment", "at"),)),
    summary="Change when an assignment holds, or its role",
    errors=(NotFoundError, ConflictError),
)
END_UNIT_ASSIGNMENT = Operation(
    "units.end_assignment",
    "POST",
    "/v1/tenants/{tenant}/unit-assignments/{assignment}/end",
    EndUnitAssignmentInput,
    UnitAssignment,
    access=UnitPermission("units:write", where=(("assignment", "at"),)),
    summary="End an assignment, now or at a moment",
    errors=(NotFoundError, ConflictError),
    description="One that has not begun is taken back by `units.remove_assignment`.",
)
REMOVE_UNIT_ASSIGNMENT = Operation(
    "units.remove_assignment",
    "DELETE",
    "/v1/tenants/{tenant}/unit-assignments/{assignment}",
    RemoveUnitAssignmentInput,
    NoneType,
    access=UnitPermission("units:write", where=(("assignment", "at"),)),
    summary="Take an assignment back that has not begun",
    errors=(NotFoundError, ConflictError),
    status=204,
    description="What has begun is history, and is ended.",
)

OPERATIONS = (
    CREATE_UNIT,
    LIST_UNITS,
    GET_UNIT,
    GET_UNIT_BY_CODE,
    LIST_UNIT_ANCESTORS,
    GET_UNIT_PATH,
    UPDATE_UNIT,
    MOVE_UNIT,
    REORDER_UNIT,
    ARCHIVE_UNIT,
    RESTORE_UNIT,
    DELETE_UNIT,
    LIST_UNIT_HISTORY,
    GET_UNIT_CHART,
    ASSIGN_UNIT,
    LIST_UNIT_ASSIGNMENTS,
    GET_UNIT_ASSIGNMENT,
    UPDATE_UNIT_ASSIGNMENT,
    END_UNIT_ASSIGNMENT,
    REMOVE_UNIT_ASSIGNMENT,
)
