"""What is archived of units: all, with what they were."""

from central_server.infra.db.archiving import archived
from central_server.units.tables import UNIT_ASSIGNMENTS, UNIT_PATHS, UNIT_VERSIONS, UNITS

ARCHIVED = (
    archived(UNITS),
    archived(UNIT_PATHS),
    archived(UNIT_VERSIONS),
    archived(UNIT_ASSIGNMENTS),
)
LEFT_OUT: dict[str, str] = {}
