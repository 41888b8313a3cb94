"""What is archived of roles: all."""

from central_server.infra.db.archiving import archived
from central_server.roles.tables import ROLES

ARCHIVED = (archived(ROLES),)
LEFT_OUT: dict[str, str] = {}
