"""The composition root: which parts there are, and how each is made. Knows every domain, and no web framework."""

from collections.abc import Iterable
from typing import Any

import wireup
from prometheus_client import CollectorRegistry

from central_server.auth.accepting import InvitationAcceptance
from central_server.auth.activities.delete_ended_sign_ins import DeleteEndedSignInsActivity
from central_server.auth.activities.send_sign_in_code import SendSignInCodeActivity
from central_server.auth.code_budget import CodeBudget
from central_server.auth.codes import EmailCodes
from central_server.auth.connector_checks import ConnectorChecks
from central_server.auth.connector_routes import ConnectorRoutes
from central_server.auth.connector_tests import ConnectorTests
from central_server.auth.devices import KnownDevices
from central_server.auth.ended import EndedSignIns
from central_server.auth.gate import SessionGate
from central_server.auth.identities import Identities
from central_server.auth.identity_links import IdentityLinks
from central_server.auth.impersonation import Impersonations
from central_server.auth.invitation_routes import InvitedRoutes
from central_server.auth.issuing import SessionIssuer
from central_server.auth.listeners import LISTENERS as AUTH_LISTENERS
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
from central_server.events.feed import FeedNews
from central_server.events.routes import EventRoutes
from central_server.events.service import EventService
from central_server.infra.addresses import Places
from central_server.infra.config import Settings, SettingsError
from central_server.infra.db import Database
from central_server.infra.dns import TxtResolver, parse_server
from central_server.infra.http.activities.delete_answers import DeleteAnswersActivity
from central_server.infra.http.cookies import CookieNames
from central_server.infra.http.forms import FormTokens
from central_server.infra.http.kept_answers import KeptAnswers
from central_server.infra.mail import Mailer, MailTemplates, mailer_from_url
from central_server.infra.oidc import Providers
from central_server.infra.outbound import OutboundClient
from central_server.infra.outbox import Listeners, Outbox, Relay
from central_server.infra.rate_limits.keys import BucketKeys
from central_server.infra.rate_limits.limiter import RateLimiter, Stores
from central_server.infra.rate_limits.memory import MemoryBuckets
from central_server.infra.rate_limits.policy import RULES
from central_server.infra.rate_limits.postgres import PostgresBuckets
from central_server.infra.rate_limits.refusals import Refusals
from central_server.infra.rate_limits.settled import SettledBuckets
from central_server.infra.temporal.client import TemporalConnection, TemporalTls
from central_server.infra.temporal.dispatcher import TemporalDispatcher
from central_server.infra.vault import KeyRing, SigningKeys, Vault
from central_server.invitations.acceptances import Acceptances
from central_server.invitations.activities.expire_invitations import ExpireInvitationsActivity
from central_server.invitations.activities.send_invitation import SendInvitationActivity
from central_server.invitations.batches import InvitationBatches
from central_server.invitations.expiry import InvitationExpiry
from central_server.invitations.links import InvitationLinks
from central_server.invitations.listeners import LISTENERS as INVITATION_LISTENERS
from central_server.invitations.mailing import InvitationMails
from central_server.invitations.routes import InvitationRoutes
from central_server.invitations.service import InvitationService
from central_server.jobs.activities.give_up_job import GiveUpJobActivity
from central_server.jobs.activities.stop_job import StopJobActivity
from central_server.jobs.listeners import LISTENERS as JOB_LISTENERS
from central_server.jobs.routes import JobRoutes
from central_server.jobs.runs import JobRuns
from central_server.jobs.service import JobService
from central_server.media.activities.ping import PingActivity
from central_server.roles.routes import RoleRoutes
from central_server.roles.service import RoleService
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
from central_server.tenants.routes import TenantRoutes
from central_server.tenants.service import TenantService
from central_server.tenants.session_policies import SessionPolicyService
from central_server.tool_sign_ins.activities.delete_ended_tool_sign_ins import DeleteEndedToolSignInsActivity
from central_server.tool_sign_ins.deciding import ToolDecisions
from central_server.tool_sign_ins.ended import EndedToolSignIns
from central_server.tool_sign_ins.finishing import ToolSessions
from central_server.tool_sign_ins.routes import ToolSignInRoutes
from central_server.tool_sign_ins.starting import ToolStarts
from central_server.user_imports.activities.import_users import ImportUsersActivity
from central_server.user_imports.importing import UserImporter
from central_server.user_imports.judging import RowJudge
from central_server.user_imports.listeners import LISTENERS as USER_IMPORT_LISTENERS
from central_server.user_imports.missing import MissingUsers
from central_server.user_imports.routes import UserImportRoutes
from central_server.user_imports.service import UserImportService
from central_server.users.activities.delete_ended_verifications import DeleteEndedVerificationsActivity
from central_server.users.activities.end_roles import EndRolesActivity
from central_server.users.activities.send_email_change_notice import SendEmailChangeNoticeActivity
from central_server.users.activities.send_email_verification import SendEmailVerificationActivity
from central_server.users.attributes import UserAttributes
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
from central_server.users.listeners import LISTENERS as USER_LISTENERS
from central_server.users.merging import UserMerging
from central_server.users.role_ends import RoleEnds
from central_server.users.routes import UserRoutes
from central_server.users.service import UserService
from central_server.users.session_routes import UserSessionRoutes
from central_server.users.verifications import EmailVerifications

ROUTES: tuple[type, ...] = (
    TenantRoutes,
    UserRoutes,
    UserSessionRoutes,
    UserDetailRoutes,
    UserEmailRoutes,
    RoleGrantRoutes,
    RoleRoutes,
    AuthConnectorRoutes,
    ConnectorRoutes,
    DomainRoutes,
    AuthRoutes,
    SignInPageRoutes,
    ToolSignInRoutes,
    SessionRoutes,
    InvitationRoutes,
    InvitedRoutes,
    EventRoutes,
    JobRoutes,
    UserImportRoutes,
)
ACTIVITIES: tuple[type, ...] = (
    SendSignInCodeActivity,
    SendEmailVerificationActivity,
    SendEmailChangeNoticeActivity,
    RecheckDomainsActivity,
    WarnOfSecretsActivity,
    SendInvitationActivity,
    DeleteEndedSignInsActivity,
    DeleteEndedTestsActivity,
    DeleteAnswersActivity,
    DeleteEndedSessionsActivity,
    DeleteEndedToolSignInsActivity,
    DeleteEndedVerificationsActivity,
    ExpireInvitationsActivity,
    EndRolesActivity,
    StopJobActivity,
    GiveUpJobActivity,
    ImportUsersActivity,
    PingActivity,
)
SERVICES: tuple[type, ...] = (
    JobService,
    JobRuns,
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
    UserEmails,
    EmailVerifications,
    UserMerging,
    AccessExplainer,
    UserBatches,
    UserImportService,
    RowJudge,
    MissingUsers,
    UserImporter,
    ClientSecrets,
    AuthConnectorService,
    ConnectorTrials,
    DomainService,
    TenantService,
    SessionPolicyService,
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
)


def make_database(settings: Settings) -> Database:
    """Make the pools; nothing connects before `start`."""
    replica = settings.database_replica_url
    return Database(
        settings.database_url.get_secret_value(),
        replica_url=replica.get_secret_value() if replica else None,
        max_size=settings.database_pool_size,
        min_size=min(2, settings.database_pool_size),
        acquire_timeout=settings.database_pool_timeout,
    )


def make_temporal(settings: Settings) -> TemporalConnection:
    """Make the connection to Temporal, which connects at its first use."""
    return TemporalConnection(
        settings.temporal_address,
        namespace=settings.temporal_namespace,
        tls=TemporalTls() if settings.temporal_tls else None,
        api_key=settings.temporal_api_key.get_secret_value() if settings.temporal_api_key else None,
    )


def make_dispatcher(temporal: TemporalConnection) -> TemporalDispatcher:
    """Make what starts workflows."""
    return TemporalDispatcher(temporal)


def make_vault(settings: Settings) -> Vault:
    """Make the vault of the configured keys; `SettingsError` for keys that are none."""
    try:
        return Vault(KeyRing.parse(settings.vault_keys.get_secret_value(), "CENTRAL_VAULT_KEYS"))
    except ValueError as error:
        raise SettingsError(str(error)) from None


def make_signing_keys(settings: Settings) -> SigningKeys:
    """Make the signing keys; `SettingsError` for keys that are none."""
    try:
        return SigningKeys.parse(settings.signing_keys.get_secret_value(), "CENTRAL_SIGNING_KEYS")
    except ValueError as error:
        raise SettingsError(str(error)) from None


def make_mailer(settings: Settings) -> Mailer:
    """Make what sends mail; `SettingsError` for an address that is none."""
    try:
        return mailer_from_url(settings.mail_url.get_secret_value(), sender=settings.mail_from)
    except ValueError as error:
        raise SettingsError(f"CENTRAL_MAIL_URL or CENTRAL_MAIL_FROM: {error}") from None


def make_templates() -> MailTemplates:
    """Make the templates of mails."""
    return MailTemplates("central_server.auth", "central_server.users", "central_server.invitations")


def make_resolver(settings: Settings) -> TxtResolver:
    """Make what looks up the proofs of domains."""
    return TxtResolver([parse_server(text) for text in settings.dns_resolvers], timeout=settings.dns_timeout)


def make_outbound(settings: Settings) -> OutboundClient:
    """Make the one client for requests to others."""
    return OutboundClient(allow_loopback=settings.development)


def make_providers(outbound: OutboundClient) -> Providers:
    """Make the cache of what OpenID providers say of themselves."""
    return Providers(outbound)


def make_listeners() -> Listeners:
    """Collect the listeners of all domains."""
    return Listeners((*AUTH_LISTENERS, *USER_LISTENERS, *INVITATION_LISTENERS, *JOB_LISTENERS, *USER_IMPORT_LISTENERS))


def make_outbox(listeners: Listeners) -> Outbox:
    """Make what writes events."""
    return Outbox(listeners)


def make_relay(database: Database, dispatcher: TemporalDispatcher, listeners: Listeners) -> Relay:
    """Make what hands events on."""
    return Relay(database, dispatcher, listeners)


def make_cookies(settings: Settings) -> CookieNames:
    """Make the names of the cookies."""
    return CookieNames(secure=settings.secure_cookies)


def make_places(settings: Settings) -> Places:
    """Make what says where an address is; `SettingsError` for a file that cannot be read."""
    return Places(settings.geoip_database)


def make_registry() -> CollectorRegistry:
    """Make the registry of this process's metrics."""
    return CollectorRegistry()


def make_settled_buckets(buckets: PostgresBuckets) -> SettledBuckets:
    """Make what counts on the way of requests, and settles with the database."""
    return SettledBuckets(buckets)


def make_refusals(registry: CollectorRegistry) -> Refusals:
    """Make what counts refused requests, for this process's metrics."""
    refusals = Refusals()
    registry.register(refusals)
    return refusals


def make_rate_limiter(
    settings: Settings, settled: SettledBuckets, exact: PostgresBuckets, keys: BucketKeys, refusals: Refusals
) -> RateLimiter:
    """Make what counts requests, where the settings say."""
    stores: Stores | None = None
    if settings.rate_limits == "postgres":
        stores = Stores(near=settled, exact=exact)
    elif settings.rate_limits == "memory":
        memory = MemoryBuckets()
        stores = Stores(near=memory, exact=memory)
    limits = {rule.name: getattr(settings, f"rate_limit_{rule.name}") for rule in RULES}
    return RateLimiter(stores, limits, keys, refusals)


FACTORIES = (
    make_database,
    make_temporal,
    make_dispatcher,
    make_vault,
    make_signing_keys,
    make_mailer,
    make_templates,
    make_resolver,
    make_outbound,
    make_providers,
    make_listeners,
    make_outbox,
    make_relay,
    make_cookies,
    make_places,
    make_registry,
    make_settled_buckets,
    make_refusals,
    make_rate_limiter,
)
_INJECTABLES: tuple[Any, ...] = tuple(wireup.injectable(part) for part in (*FACTORIES, *SERVICES, *ROUTES, *ACTIVITIES))


def build_container(settings: Settings) -> wireup.AsyncContainer:
    """Make the container; the graph is checked now, and the parts are made when they are first asked for."""
    return wireup.create_async_container(injectables=[*_INJECTABLES, wireup.instance(settings, as_type=Settings)])


async def resolve(container: wireup.AsyncContainer, parts: Iterable[type]) -> list[object]:
    """Make parts, so that a fault in one is found at the start."""
    return [await container.get(part) for part in parts]
