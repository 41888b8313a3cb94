"""What is archived of webhooks: where a tenant's events go to. What was sent stays where it was sent from.

An endpoint comes disabled, so that a copy of a tenant tells nobody anything before somebody enables it there. Its
signing secrets go the way of client secrets, since they are sealed with this server's keys.
"""

from sqlalchemy import func, or_

from central_server.infra.db.archiving import Instead, LeftOut, archived
from central_server.webhooks.tables import WEBHOOK_ENDPOINTS, WEBHOOK_SECRETS

_STATE = "how it fares on one server; it comes disabled"
ENDPOINTS = archived(
    WEBHOOK_ENDPOINTS,
    LeftOut(
        **dict.fromkeys(("enabled", "disabled_reason", "disabled_at", "failing_since", "last_success_at"), _STATE),
        imported_at="when it came here",
    ),
    instead=Instead(enabled=False, disabled_reason="imported", disabled_at=func.now(), imported_at=func.now()),
)
ARCHIVED = (ENDPOINTS,)
SIGNING_SECRETS = archived(
    WEBHOOK_SECRETS, only=or_(WEBHOOK_SECRETS.c.expires_at.is_(None), WEBHOOK_SECRETS.c.expires_at > func.now())
)
"""Those that are valid. Whoever reads or inserts a row opens or seals its secret."""

LEFT_OUT = dict.fromkeys(("webhook_deliveries", "webhook_attempts"), "what one server has sent, and is to send")
