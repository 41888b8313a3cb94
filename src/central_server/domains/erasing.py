"""What goes of domains when a tenant is deleted: its own become free for others to claim."""

from central_server.domains.tables import DOMAINS
from central_server.infra.db.erasing import erase

ERASURES = (erase(DOMAINS),)
