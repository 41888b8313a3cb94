"""What goes when a tenant is deleted, in this order: each domain says what of its own, and what may stay says why."""

from typing import Final

from central_server.auth.erasing import ERASURES as AUTH
from central_server.auth_connectors.erasing import ERASURES as AUTH_CONNECTORS
from central_server.domains.erasing import ERASURES as DOMAINS
from central_server.events.erasing import ERASURES as EVENTS
from central_server.images.erasing import ERASURES as IMAGES
from central_server.infra.db.erasing import Erasure
from central_server.infra.http.erasing import ERASURES as ANSWERS
from central_server.invitations.erasing import ERASURES as INVITATIONS
from central_server.jobs.erasing import ERASURES as JOBS
from central_server.roles.erasing import ERASURES as ROLES
from central_server.sessions.erasing import ERASURES as SESSIONS
from central_server.tool_sign_ins.erasing import ERASURES as TOOL_SIGN_INS
from central_server.units.erasing import ERASURES as UNITS
from central_server.users.erasing import ERASURES as USERS
from central_server.webhooks.erasing import ERASURES as WEBHOOKS

ERASURES: Final[tuple[Erasure, ...]] = (
    *JOBS,
    *IMAGES,
    *WEBHOOKS,
    *TOOL_SIGN_INS,
    *INVITATIONS,
    *SESSIONS,
    *ANSWERS,
    *AUTH,
    *DOMAINS,
    *UNITS,
    *USERS,
    *AUTH_CONNECTORS,
    *ROLES,
    *EVENTS,
)
KEPT: Final = {
    "tenant_slugs": "no other tenant ever gets them: docs/decisions/0004-slugs-are-kept-for-ever.md",
    "tenant_deletions": "the receipt",
}
"""Tables with tenants that a deletion leaves alone, each with the reason."""

ABSENT: Final = {"tenant_import_claims": "there is one of a tenant only while the tenant is not there"}
"""Tables that have no row of a tenant that could be deleted, each with the reason."""
