"""What goes of webhooks when a tenant is deleted: first what was sent, then the endpoints that nothing waits for."""

from central_server.infra.db.erasing import erase
from central_server.webhooks.tables import WEBHOOK_ATTEMPTS, WEBHOOK_DELIVERIES, WEBHOOK_ENDPOINTS, WEBHOOK_SECRETS

ERASURES = (erase(WEBHOOK_ATTEMPTS), erase(WEBHOOK_DELIVERIES), erase(WEBHOOK_SECRETS), erase(WEBHOOK_ENDPOINTS))
