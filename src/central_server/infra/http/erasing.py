"""What goes of kept answers when a tenant is deleted."""

from central_server.infra.db.erasing import erase
from central_server.infra.http.tables import IDEMPOTENCY_KEYS

ERASURES = (erase(IDEMPOTENCY_KEYS),)
