"""What goes of units when a tenant is deleted."""

from central_server.infra.db.erasing import Erasure, erase
from central_server.units.queries.erasing import ERASE_UNITS
from central_server.units.tables import UNIT_ASSIGNMENTS, UNIT_PATHS, UNIT_VERSIONS, UNITS

ERASURES = (erase(UNIT_ASSIGNMENTS), erase(UNIT_VERSIONS), Erasure((UNITS, UNIT_PATHS), ERASE_UNITS))
