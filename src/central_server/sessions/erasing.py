"""What goes of sessions when a tenant is deleted."""

from central_server.infra.db.erasing import erase
from central_server.sessions.tables import SESSIONS

ERASURES = (erase(SESSIONS),)
