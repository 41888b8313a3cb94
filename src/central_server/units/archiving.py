"""What is archived of units: all, with what they were."""

from central_server.infra.db.archiving import LeftOut, archived
from central_server.units.tables import UNIT_ASSIGNMENTS, UNIT_PATHS, UNIT_VERSIONS, UNITS

ARCHIVED = (
    archived(UNITS, LeftOut(name_key="made from the name", code_key="made from the code")),
    archived(UNIT_PATHS),
    archived(UNIT_VERSIONS),
    archived(UNIT_ASSIGNMENTS),
)
LEFT_OUT: dict[str, str] = {}
