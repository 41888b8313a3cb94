"""The composition root: which parts there are, and how each is made. Knows every domain, and no web framework."""

from collections.abc import Iterable
from typing import Any

import wireup

from central_server import image_parts as images
from central_server import job_parts as jobs
from central_server import unit_parts as units
from central_server.auth.accepting import InvitationAcceptance
from central_server.auth.activities.delete_ended_sign_ins import DeleteEndedSignInsActivity
from central_server.auth.code_budget import CodeBudget
from central_server.auth.codes import EmailCodes
from central_server.auth.connector_checks import ConnectorChecks
from central_server.auth.connector_test_routes import ConnectorTestRoutes
from central_server.auth.connector_tests import ConnectorTests
from central_server.auth.devices import KnownDevices
from central_server.auth.ended import EndedSignIns
from central_server.auth.gate import SessionGate
from central_server.auth.handlers import MailSignInCode
from central_server.auth.identities import Identities
from central_server.auth.identity_links import IdentityLinks
from central_server.auth.identity_routes import IdentityRoutes
from central_server.auth.impersonation import Impersonations
from central_server.auth.invitation_routes import InvitedRoutes
from central_server.auth.issuing import SessionIssuer
from central_server.auth.logins import LoginTransactions
from central_server.auth.provider_answers import ProviderAnswers
from central_server.auth.provider_sessions import ProviderSessions
from central_server.auth.provider_sign_in import ProviderSignIn
from central_server.auth.providers import ProviderKinds
from central_server.auth.provisioner import Provisioner
from central_server.auth.refusals import SignInRefusals
from central_server.auth.routes import AuthRoutes
from central_server.auth_connectors.activities.delete_ended_tests import DeleteEndedTestsActivity
from central_server.auth_connectors.activities.warn_of_secrets import WarnOfSecretsActivity
from central_server.auth_connectors.client_secrets import ClientSecrets
from central_server.auth_connectors.ended import EndedTests
from central_server.auth_connectors.routes import AuthConnectorRoutes
from central_server.auth_connectors.service import AuthConnectorService
from central_server.auth_connectors.trials import ConnectorTrials
from central_server.domains.activities.recheck_domains import RecheckDomainsActivity
from central_server.domains.routes import DomainRoutes
from central_server.domains.service import DomainService
from central_server.event_exports.activities.export_events import ExportEventsActivity
from central_server.event_exports.exporting import EventExporter
from central_server.event_exports.routes import EventExportRoutes
from central_server.event_exports.service import EventExportService
from central_server.events.activities.delete_old_events import DeleteOldEventsActivity
from central_server.events.feed import FeedNews
from central_server.events.retention import EventRetentionService
from central_server.events.routes import EventRoutes
from central_server.events.service import EventService
from central_server.events.stream_routes import EventStreamRoutes
from central_server.events.streaming import EventStreams
from central_server.images.handlers import DeleteImageFiles
from central_server.infra.config import Settings
from central_server.infra.http.activities.delete_answers import DeleteAnswersActivity
from central_server.infra.http.forms import FormTokens
from central_server.infra.http.kept_answers import KeptAnswers
from central_server.infra.outbox import HandingOver
from central_server.infra.outbox.activities.delete_receipts import DeleteReceiptsActivity
from central_server.infra.outbox.activities.hand_over import HandOverActivity
from central_server.infra.outbox.dead_letters import DeadLetters
from central_server.infra.outbox.receipts import EndedHandovers
from central_server.infra.rate_limits.keys import BucketKeys
from central_server.infra.rate_limits.postgres import PostgresBuckets
from central_server.invitations.acceptances import Acceptances
from central_server.invitations.activities.expire_invitations import ExpireInvitationsActivity
from central_server.invitations.batches import InvitationBatches
from central_server.invitations.expiry import InvitationExpiry
from central_server.invitations.handlers import MailInvitation
from central_server.invitations.links import InvitationLinks
from central_server.invitations.mailing import InvitationMails
from central_server.invitations.routes import InvitationRoutes
from central_server.invitations.service import InvitationService
from central_server.jobs.handlers import StopJob
from central_server.media.activities.ping import PingActivity
from central_server.parts import FACTORIES, make_event_handlers
from central_server.roles.routes import RoleRoutes
from central_server.roles.service import RoleService
from central_server.session_revocations.activities.revoke_sessions import RevokeSessionsActivity
from central_server.session_revocations.revoking import SessionRevoker
from central_server.session_revocations.routes import SessionRevocationRoutes
from central_server.session_revocations.service import SessionRevocationService
from central_server.sessions.activities.delete_ended_sessions import DeleteEndedSessionsActivity
from central_server.sessions.ended import EndedSessions
from central_server.sessions.routes import SessionRoutes
from central_server.sessions.service import SessionService
from central_server.sessions.touches import SessionTouches
from central_server.sign_in_pages.address_pages import AddressPages
from central_server.sign_in_pages.address_sign_ins import AddressSignIns
from central_server.sign_in_pages.connector_test_pages import ConnectorTestPages
from central_server.sign_in_pages.error_pages import SignInErrorPages
from central_server.sign_in_pages.invitation_pages import InvitationPages
from central_server.sign_in_pages.rendering import PageRenderer
from central_server.sign_in_pages.routes import SignInPageRoutes
from central_server.sign_in_pages.sign_out_pages import SignOutPages
from central_server.sign_in_pages.tenant_pages import TenantPages
from central_server.sign_in_pages.tool_pages import ToolPages
from central_server.sign_in_pages.visits import Visits
from central_server.tenant_archives.activities.archive_tenant import ArchiveTenantActivity
from central_server.tenant_archives.activities.delete_import_leftovers import DeleteImportLeftoversActivity
from central_server.tenant_archives.activities.import_tenant import ImportTenantActivity
from central_server.tenant_archives.claims import TenantClaims
from central_server.tenant_archives.exporting import TenantExporter
from central_server.tenant_archives.importing import TenantImporter
from central_server.tenant_archives.packing import PicturePacker
from central_server.tenant_archives.passphrases import Passphrases
from central_server.tenant_archives.routes import TenantArchiveRoutes
from central_server.tenant_archives.sealed_secrets import SealedSecrets
from central_server.tenant_archives.service import TenantArchiveService
from central_server.tenant_archives.unpacking import PictureUnpacker
from central_server.tenant_deletions.activities.delete_tenant import DeleteTenantActivity
from central_server.tenant_deletions.activities.start_due_deletions import StartDueDeletionsActivity
from central_server.tenant_deletions.eraser import TenantEraser
from central_server.tenant_deletions.routes import TenantDeletionRoutes
from central_server.tenant_deletions.service import TenantDeletionService
from central_server.tenants.handlers import ForgetLogo
from central_server.tenants.logo_routes import TenantLogoRoutes
from central_server.tenants.logos import TenantLogos
from central_server.tenants.routes import TenantRoutes
from central_server.tenants.service import TenantService
from central_server.tenants.session_policies import SessionPolicyService
from central_server.tool_sign_ins.activities.delete_ended_tool_sign_ins import DeleteEndedToolSignInsActivity
from central_server.tool_sign_ins.deciding import ToolDecisions
from central_server.tool_sign_ins.ended import EndedToolSignIns
from central_server.tool_sign_ins.finishing import ToolSessions
from central_server.tool_sign_ins.routes import ToolSignInRoutes
from central_server.tool_sign_ins.starting import ToolStarts
from central_server.user_exports.activities.export_users import ExportUsersActivity
from central_server.user_exports.exporting import UserExporter
from central_server.user_exports.routes import UserExportRoutes
from central_server.user_exports.service import UserExportService
from central_server.user_imports.activities.import_users import ImportUsersActivity
from central_server.user_imports.importing import UserImporter
from central_server.user_imports.judging import RowJudge
from central_server.user_imports.missing import MissingUsers
from central_server.user_imports.routes import UserImportRoutes
from central_server.user_imports.service import UserImportService
from central_server.users.activities.delete_ended_verifications import DeleteEndedVerificationsActivity
from central_server.users.activities.end_roles import EndRolesActivity
from central_server.users.attributes import UserAttributes
from central_server.users.avatar_routes import UserAvatarRoutes
from central_server.users.avatars import UserAvatars
from central_server.users.batches import UserBatches
from central_server.users.detail_routes import UserDetailRoutes
from central_server.users.details import UserDetails
from central_server.users.directory import UserDirectory
from central_server.users.email_changes import EmailChanges
from central_server.users.email_routes import UserEmailRoutes
from central_server.users.emails import UserEmails
from central_server.users.ended import EndedVerifications
from central_server.users.explaining import AccessExplainer
from central_server.users.grant_routes import RoleGrantRoutes
from central_server.users.grants import RoleGrants
from central_server.users.guard import UserGuard
from central_server.users.handlers import ForgetAvatar, MailEmailChange, MailEmailVerification
from central_server.users.merging import UserMerging
from central_server.users.role_ends import RoleEnds
from central_server.users.routes import UserRoutes
from central_server.users.service import UserService
from central_server.users.session_routes import UserSessionRoutes
from central_server.users.verifications import EmailVerifications
from central_server.webhooks.activities.delete_ended_deliveries import DeleteEndedDeliveriesActivity
from central_server.webhooks.claiming import DeliveryClaims
from central_server.webhooks.deliveries import WebhookDeliveries
from central_server.webhooks.ended import EndedDeliveries
from central_server.webhooks.handlers import TellOwners
from central_server.webhooks.mailing import WebhookMails
from central_server.webhooks.planning import DeliveryPlanner
from central_server.webhooks.recording import DeliveryOutcomes
from central_server.webhooks.removing import EndpointRemoval
from central_server.webhooks.requests import WebhookRequests
from central_server.webhooks.routes import WebhookRoutes
from central_server.webhooks.service import WebhookService
from central_server.webhooks.signing_secrets import SigningSecrets

ROUTES: tuple[type, ...] = (
    TenantRoutes,
    TenantDeletionRoutes,
    TenantArchiveRoutes,
    UserRoutes,
    UserSessionRoutes,
    UserDetailRoutes,
    UserEmailRoutes,
    RoleGrantRoutes,
    RoleRoutes,
    *units.ROUTES,
    AuthConnectorRoutes,
    ConnectorTestRoutes,
    IdentityRoutes,
    DomainRoutes,
    AuthRoutes,
    SignInPageRoutes,
    ToolSignInRoutes,
    SessionRoutes,
    InvitationRoutes,
    InvitedRoutes,
    EventRoutes,
    EventStreamRoutes,
    *jobs.ROUTES,
    UserImportRoutes,
    WebhookRoutes,
    UserExportRoutes,
    EventExportRoutes,
    SessionRevocationRoutes,
    *images.ROUTES,
    UserAvatarRoutes,
    TenantLogoRoutes,
)
ACTIVITIES: tuple[type, ...] = (
    HandOverActivity,
    DeleteReceiptsActivity,
    RecheckDomainsActivity,
    WarnOfSecretsActivity,
    DeleteEndedSignInsActivity,
    DeleteEndedTestsActivity,
    DeleteAnswersActivity,
    DeleteEndedSessionsActivity,
    DeleteEndedToolSignInsActivity,
    DeleteEndedVerificationsActivity,
    ExpireInvitationsActivity,
    EndRolesActivity,
    *units.ACTIVITIES,
    *jobs.ACTIVITIES,
    ImportUsersActivity,
    DeleteEndedDeliveriesActivity,
    StartDueDeletionsActivity,
    DeleteTenantActivity,
    ArchiveTenantActivity,
    ImportTenantActivity,
    DeleteImportLeftoversActivity,
    ExportUsersActivity,
    ExportEventsActivity,
    RevokeSessionsActivity,
    DeleteOldEventsActivity,
    *images.ACTIVITIES,
    PingActivity,
)
HANDLERS: tuple[type, ...] = (
    MailSignInCode,
    MailEmailVerification,
    MailEmailChange,
    MailInvitation,
    StopJob,
    TellOwners,
    DeleteImageFiles,
    ForgetAvatar,
    ForgetLogo,
)
SERVICES: tuple[type, ...] = (
    DeadLetters,
    EndedHandovers,
    *jobs.SERVICES,
    *images.SERVICES,
    SessionTouches,
    SessionService,
    RoleService,
    UserGuard,
    RoleGrants,
    UserAttributes,
    EmailChanges,
    UserService,
    UserDirectory,
    UserDetails,
    UserAvatars,
    UserEmails,
    EmailVerifications,
    UserMerging,
    AccessExplainer,
    UserBatches,
    UserImportService,
    RowJudge,
    MissingUsers,
    UserImporter,
    *units.SERVICES,
    UserExportService,
    UserExporter,
    EventRetentionService,
    EventExportService,
    EventExporter,
    SessionRevocationService,
    SessionRevoker,
    ClientSecrets,
    AuthConnectorService,
    ConnectorTrials,
    DomainService,
    TenantService,
    SessionPolicyService,
    TenantLogos,
    TenantDeletionService,
    TenantEraser,
    Passphrases,
    TenantArchiveService,
    TenantClaims,
    PicturePacker,
    PictureUnpacker,
    InvitationLinks,
    InvitationService,
    InvitationBatches,
    InvitationMails,
    Acceptances,
    SessionIssuer,
    SessionGate,
    EmailCodes,
    Identities,
    IdentityLinks,
    Provisioner,
    LoginTransactions,
    ProviderKinds,
    ProviderAnswers,
    ConnectorTests,
    ConnectorChecks,
    ProviderSignIn,
    KnownDevices,
    CodeBudget,
    PostgresBuckets,
    BucketKeys,
    Impersonations,
    InvitationAcceptance,
    ProviderSessions,
    SignInRefusals,
    FormTokens,
    Visits,
    PageRenderer,
    AddressSignIns,
    AddressPages,
    TenantPages,
    ToolPages,
    ConnectorTestPages,
    InvitationPages,
    SignOutPages,
    SignInErrorPages,
    FeedNews,
    EventService,
    EventStreams,
    ToolStarts,
    ToolDecisions,
    ToolSessions,
    EndedSignIns,
    EndedTests,
    KeptAnswers,
    EndedSessions,
    EndedToolSignIns,
    EndedVerifications,
    InvitationExpiry,
    RoleEnds,
    HandingOver,
    SigningSecrets,
    WebhookService,
    EndpointRemoval,
    WebhookDeliveries,
    WebhookMails,
    DeliveryPlanner,
    DeliveryClaims,
    DeliveryOutcomes,
    WebhookRequests,
    EndedDeliveries,
    SealedSecrets,
    TenantExporter,
    TenantImporter,
)


# The container looks at the parts in this order, and finds out which values of theirs have defaults only then: whatever
# takes a part stands behind it.
_INJECTABLES: tuple[Any, ...] = tuple(
    wireup.injectable(part) for part in (*FACTORIES, *SERVICES, *HANDLERS, make_event_handlers, *ROUTES, *ACTIVITIES)
)


def build_container(settings: Settings) -> wireup.AsyncContainer:
    """Make the container; the graph is checked now, and the parts are made when they are first asked for."""
    return wireup.create_async_container(injectables=[*_INJECTABLES, wireup.instance(settings, as_type=Settings)])


async def resolve(container: wireup.AsyncContainer, parts: Iterable[type]) -> list[object]:
    """Make parts, so that a fault in one is found at the start."""
    return [await container.get(part) for part in parts]
