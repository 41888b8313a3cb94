"""What an archive of a tenant holds, in the order in which it can be inserted; and what it does not hold, and why."""

from typing import Final

from central_server.auth.archiving import ARCHIVED as AUTH
from central_server.auth.archiving import LEFT_OUT as NOT_AUTH
from central_server.auth_connectors.archiving import ARCHIVED as AUTH_CONNECTORS
from central_server.auth_connectors.archiving import LEFT_OUT as NOT_AUTH_CONNECTORS
from central_server.auth_connectors.archiving import SECRETS as CLIENT_SECRETS
from central_server.domains.archiving import ARCHIVED as DOMAINS
from central_server.events.archiving import ARCHIVED as EVENTS
from central_server.events.archiving import LEFT_OUT as NOT_EVENTS
from central_server.images.archiving import ARCHIVED as IMAGES
from central_server.images.archiving import LEFT_OUT as NOT_IMAGES
from central_server.infra.db.archiving import Archived
from central_server.infra.http.archiving import LEFT_OUT as NOT_ANSWERS
from central_server.invitations.archiving import ARCHIVED as INVITATIONS
from central_server.jobs.archiving import LEFT_OUT as NOT_JOBS
from central_server.roles.archiving import ARCHIVED as ROLES
from central_server.sessions.archiving import LEFT_OUT as NOT_SESSIONS
from central_server.tenants.archiving import ARCHIVED as TENANT
from central_server.tool_sign_ins.archiving import LEFT_OUT as NOT_TOOL_SIGN_INS
from central_server.units.archiving import ARCHIVED as UNITS
from central_server.users.archiving import ARCHIVED as USERS
from central_server.users.archiving import GRANTS
from central_server.users.archiving import LEFT_OUT as NOT_USERS
from central_server.webhooks.archiving import ARCHIVED as WEBHOOKS
from central_server.webhooks.archiving import LEFT_OUT as NOT_WEBHOOKS
from central_server.webhooks.archiving import SIGNING_SECRETS

ARCHIVED: Final[tuple[Archived, ...]] = (
    *TENANT,
    *ROLES,
    *USERS,
    *IMAGES,
    *AUTH_CONNECTORS,
    *GRANTS,
    *UNITS,
    *DOMAINS,
    *AUTH,
    *INVITATIONS,
    *WEBHOOKS,
    *EVENTS,
)
SEALED: Final[tuple[Archived, ...]] = (CLIENT_SECRETS, SIGNING_SECRETS)
"""What is in files that are sealed with a passphrase, or in none."""

FILES_MEMBER: Final = "images.files"
"""The files of pictures, one behind the other in the order of the rows, which say how long each is."""

LEFT_OUT: Final[dict[str, str]] = {
    **NOT_USERS,
    **NOT_AUTH_CONNECTORS,
    **NOT_AUTH,
    **NOT_EVENTS,
    **NOT_ANSWERS,
    **NOT_JOBS,
    **NOT_IMAGES,
    **NOT_SESSIONS,
    **NOT_TOOL_SIGN_INS,
    **NOT_WEBHOOKS,
    "tenant_deletions": "receipts of the platform",
    "tenant_import_claims": "of tenants that are not there yet",
}
"""Tables with tenants that no archive holds, each with the reason."""


def sealed_member(archived: Archived) -> str:
    """Name the file that holds the rows of a table, sealed."""
    return f"{archived.table.name}.sealed"
