"""What goes of roles when a tenant is deleted."""

from central_server.infra.db.erasing import erase
from central_server.roles.tables import ROLES

ERASURES = (erase(ROLES),)
