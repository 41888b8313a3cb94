"""The one list of all operations, and the short one of what is no JSON call."""

from central.assignment_exports import operations as assignment_exports
from central.assignment_imports import operations as assignment_imports
from central.auth import operations as auth
from central.auth_connectors import operations as auth_connectors
from central.domains import operations as domains
from central.emails import operations as emails
from central.event_exports import operations as event_exports
from central.events import operations as events
from central.explain import operations as explain
from central.identities import operations as identities
from central.images import operations as images
from central.invitations import operations as invitations
from central.jobs import operations as jobs
from central.kernel.operation import AnyOperation, BrowserRoute
from central.roles import operations as roles
from central.session_revocations import operations as session_revocations
from central.sessions import operations as sessions
from central.sign_in_pages.routes import PAGE_ROUTES
from central.tenant_archives import operations as tenant_archives
from central.tenant_deletions import operations as tenant_deletions
from central.tenants import operations as tenants
from central.tool_sign_ins import operations as tool_sign_ins
from central.unit_exports import operations as unit_exports
from central.unit_imports import operations as unit_imports
from central.units import operations as units
from central.user_exports import operations as user_exports
from central.user_imports import operations as user_imports
from central.users import operations as users
from central.webhooks import operations as webhooks

CATALOG: tuple[AnyOperation, ...] = (
    *tenants.OPERATIONS,
    *tenant_deletions.OPERATIONS,
    *tenant_archives.OPERATIONS,
    *users.OPERATIONS,
    *user_imports.OPERATIONS,
    *user_exports.OPERATIONS,
    *emails.OPERATIONS,
    *roles.OPERATIONS,
    *explain.OPERATIONS,
    *units.OPERATIONS,
    *unit_imports.OPERATIONS,
    *unit_exports.OPERATIONS,
    *assignment_imports.OPERATIONS,
    *assignment_exports.OPERATIONS,
    *auth_connectors.OPERATIONS,
    *identities.OPERATIONS,
    *domains.OPERATIONS,
    *auth.OPERATIONS,
    *tool_sign_ins.OPERATIONS,
    *sessions.OPERATIONS,
    *session_revocations.OPERATIONS,
    *invitations.OPERATIONS,
    *events.OPERATIONS,
    *event_exports.OPERATIONS,
    *jobs.OPERATIONS,
    *images.OPERATIONS,
    *webhooks.OPERATIONS,
)

BROWSER_ROUTES: tuple[BrowserRoute, ...] = (
    auth.PROVIDER_START,
    auth.PROVIDER_CALLBACK,
    events.STREAM_EVENTS,
    jobs.DOWNLOAD_FILE,
    jobs.STREAM_JOB,
    images.SEND_CONTENT,
    images.SHOW_FILE,
    users.SHOW_INITIALS,
    *PAGE_ROUTES,
    BrowserRoute("meta.liveness", "GET", "/meta/liveness-probe", "Whether the process answers.", "unlimited"),
    BrowserRoute("meta.readiness", "GET", "/meta/readiness-probe", "Whether every part it needs answers.", "unlimited"),
    BrowserRoute("meta.openapi", "GET", "/openapi.json", "This API as an OpenAPI 3.1 document."),
    BrowserRoute("meta.docs", "GET", "/docs", "This API as a page to read and try."),
    BrowserRoute("meta.docs_asset", "GET", "/docs/{name}", "What the page is made of."),
    BrowserRoute("dev.mailbox", "GET", "/dev/mailbox", "In development only: the mails that were sent."),
)
