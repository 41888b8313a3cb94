"""What goes of invitations when a tenant is deleted."""

from central_server.infra.db.erasing import erase
from central_server.invitations.tables import INVITATIONS

ERASURES = (erase(INVITATIONS),)
