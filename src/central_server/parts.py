"""How the parts are made that belong to no domain: pools, connections, keys, limits; the container joins them."""

import os
from pathlib import Path

from prometheus_client import CollectorRegistry

from central_server.assignment_exports.listeners import LISTENERS as ASSIGNMENT_EXPORT_LISTENERS
from central_server.assignment_imports.listeners import LISTENERS as ASSIGNMENT_IMPORT_LISTENERS
from central_server.auth.handlers import MailSignInCode
from central_server.auth.listeners import LISTENERS as AUTH_LISTENERS
from central_server.event_exports.listeners import LISTENERS as EVENT_EXPORT_LISTENERS
from central_server.images.handlers import DeleteImageFiles
from central_server.images.listeners import LISTENERS as IMAGE_LISTENERS
from central_server.infra.addresses import Places
from central_server.infra.archives import ArchiveKeys
from central_server.infra.config import Settings, SettingsError
from central_server.infra.db import Database
from central_server.infra.dns import TxtResolver, parse_server
from central_server.infra.http.cookies import CookieNames
from central_server.infra.mail import Mailer, MailTemplates, mailer_from_url
from central_server.infra.object_store import ObjectStore, object_store_from_url
from central_server.infra.oidc import Providers
from central_server.infra.outbound import OutboundClient
from central_server.infra.outbox import EventHandlers, Listeners, Outbox, Relay
from central_server.infra.pictures.processor import PictureProcessor
from central_server.infra.rate_limits.keys import BucketKeys
from central_server.infra.rate_limits.limiter import RateLimiter, Stores
from central_server.infra.rate_limits.memory import MemoryBuckets
from central_server.infra.rate_limits.policy import RULES
from central_server.infra.rate_limits.postgres import PostgresBuckets
from central_server.infra.rate_limits.refusals import Refusals
from central_server.infra.rate_limits.settled import SettledBuckets
from central_server.infra.telemetry import Traces
from central_server.infra.telemetry.starting import start_traces
from central_server.infra.temporal.client import TemporalConnection, TemporalTls
from central_server.infra.temporal.dispatcher import TemporalDispatcher
from central_server.infra.vault import KeyRing, SigningKeys, Vault
from central_server.invitations.handlers import MailInvitation
from central_server.invitations.listeners import LISTENERS as INVITATION_LISTENERS
from central_server.jobs.handlers import StopJob
from central_server.jobs.listeners import LISTENERS as JOB_LISTENERS
from central_server.session_revocations.listeners import LISTENERS as SESSION_REVOCATION_LISTENERS
from central_server.tenant_archives.listeners import LISTENERS as TENANT_ARCHIVE_LISTENERS
from central_server.tenants.handlers import ForgetLogo
from central_server.tenants.listeners import LISTENERS as TENANT_LISTENERS
from central_server.unit_exports.listeners import LISTENERS as UNIT_EXPORT_LISTENERS
from central_server.unit_imports.listeners import LISTENERS as UNIT_IMPORT_LISTENERS
from central_server.user_exports.listeners import LISTENERS as USER_EXPORT_LISTENERS
from central_server.user_imports.listeners import LISTENERS as USER_IMPORT_LISTENERS
from central_server.users.handlers import ForgetAvatar, MailEmailChange, MailEmailVerification
from central_server.users.listeners import LISTENERS as USER_LISTENERS
from central_server.webhooks.claiming import DeliveryClaims
from central_server.webhooks.handlers import TellOwners
from central_server.webhooks.listeners import LISTENERS as WEBHOOK_LISTENERS
from central_server.webhooks.recording import DeliveryOutcomes
from central_server.webhooks.requests import WebhookRequests
from central_server.webhooks.sending import WebhookSender


def make_traces(settings: Settings) -> Traces:
    """Make what tells a collector of this process's work; `SettingsError` where that was asked for and cannot be."""
    return start_traces(settings, os.environ)


def make_database(settings: Settings, traces: Traces) -> Database:
    """Make the pools; nothing connects before `start`."""
    replica = settings.database_replica_url
    return Database(
        settings.database_url.get_secret_value(),
        replica_url=replica.get_secret_value() if replica else None,
        max_size=settings.database_pool_size,
        min_size=min(2, settings.database_pool_size),
        acquire_timeout=settings.database_pool_timeout,
        wrap=traces.connection if traces.is_on else None,
    )


def make_temporal(settings: Settings, traces: Traces) -> TemporalConnection:
    """Make the connection to Temporal, which connects at its first use."""
    return TemporalConnection(
        settings.temporal_address,
        namespace=settings.temporal_namespace,
        tls=TemporalTls() if settings.temporal_tls else None,
        api_key=settings.temporal_api_key.get_secret_value() if settings.temporal_api_key else None,
        interceptors=traces.temporal(),
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


def make_object_store(settings: Settings) -> ObjectStore:
    """Make the storage of files; `SettingsError` for a URL that names none, and for none outside development."""
    url = settings.object_store_url
    if url is None and settings.development:
        url = Path(".central/objects").absolute().as_uri()
    if url is None:
        raise SettingsError(
            f"CENTRAL_OBJECT_STORE_URL is not set. {Settings.model_fields['object_store_url'].description}"
        )
    try:
        return object_store_from_url(url)
    except ValueError as error:
        raise SettingsError(f"CENTRAL_OBJECT_STORE_URL: {error}") from None


def make_pictures() -> PictureProcessor:
    """Make what has pictures made in processes of their own."""
    return PictureProcessor()


def make_templates() -> MailTemplates:
    """Make the templates of mails."""
    return MailTemplates(
        "central_server.auth", "central_server.users", "central_server.invitations", "central_server.webhooks"
    )


def make_resolver(settings: Settings) -> TxtResolver:
    """Make what looks up the proofs of domains."""
    return TxtResolver([parse_server(text) for text in settings.dns_resolvers], timeout=settings.dns_timeout)


def make_archive_keys(settings: Settings, signing: SigningKeys) -> ArchiveKeys:
    """Make what signs archives of tenants and says whose are believed."""
    return ArchiveKeys(signing, settings.trusted_archive_keys)


def make_outbound(settings: Settings, traces: Traces) -> OutboundClient:
    """Make the one client for requests to others."""
    return OutboundClient(allow_loopback=settings.development, traces=traces)


def make_providers(outbound: OutboundClient) -> Providers:
    """Make the cache of what OpenID providers say of themselves."""
    return Providers(outbound)


def make_listeners() -> Listeners:
    """Collect the listeners of all domains."""
    return Listeners(
        (
            *AUTH_LISTENERS,
            *USER_LISTENERS,
            *INVITATION_LISTENERS,
            *JOB_LISTENERS,
            *USER_IMPORT_LISTENERS,
            *WEBHOOK_LISTENERS,
            *TENANT_ARCHIVE_LISTENERS,
            *USER_EXPORT_LISTENERS,
            *UNIT_IMPORT_LISTENERS,
            *UNIT_EXPORT_LISTENERS,
            *ASSIGNMENT_IMPORT_LISTENERS,
            *ASSIGNMENT_EXPORT_LISTENERS,
            *EVENT_EXPORT_LISTENERS,
            *SESSION_REVOCATION_LISTENERS,
            *IMAGE_LISTENERS,
            *TENANT_LISTENERS,
        )
    )


def make_event_handlers(
    listeners: Listeners,
    sign_in_codes: MailSignInCode,
    email_verifications: MailEmailVerification,
    email_changes: MailEmailChange,
    invitations: MailInvitation,
    stopping: StopJob,
    owners: TellOwners,
    images: DeleteImageFiles,
    avatars: ForgetAvatar,
    logos: ForgetLogo,
) -> EventHandlers:
    """Collect what handles events in batches."""
    mails = (sign_in_codes, email_verifications, email_changes, invitations, owners)
    handlers = (*mails, stopping, images, avatars, logos)
    return EventHandlers(listeners, handlers)


def make_outbox(listeners: Listeners, traces: Traces) -> Outbox:
    """Make what writes events."""
    return Outbox(listeners, traces)


def make_relay(database: Database, dispatcher: TemporalDispatcher, listeners: Listeners, traces: Traces) -> Relay:
    """Make what hands events on."""
    return Relay(database, dispatcher, listeners, traces=traces)


def make_webhook_sender(
    database: Database, claims: DeliveryClaims, requests: WebhookRequests, outcomes: DeliveryOutcomes, traces: Traces
) -> WebhookSender:
    """Make what sends webhooks."""
    return WebhookSender(database, claims, requests, outcomes, traces=traces)


def make_cookies(settings: Settings) -> CookieNames:
    """Make the names of the cookies."""
    return CookieNames(secure=settings.secure_cookies)


def make_places(settings: Settings) -> Places:
    """Make what says where an address is; `SettingsError` for a file that cannot be read."""
    return Places(settings.geoip_database)


def make_registry() -> CollectorRegistry:
    """Make the registry of this process's metrics."""
    return CollectorRegistry()


def make_settled_buckets(buckets: PostgresBuckets, traces: Traces) -> SettledBuckets:
    """Make what counts on the way of requests, and settles with the database."""
    return SettledBuckets(buckets, traces=traces)


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
    make_traces,
    make_database,
    make_temporal,
    make_dispatcher,
    make_vault,
    make_signing_keys,
    make_archive_keys,
    make_mailer,
    make_object_store,
    make_pictures,
    make_templates,
    make_resolver,
    make_outbound,
    make_providers,
    make_listeners,
    make_outbox,
    make_relay,
    make_webhook_sender,
    make_cookies,
    make_places,
    make_registry,
    make_settled_buckets,
    make_refusals,
    make_rate_limiter,
)
