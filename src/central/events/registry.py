"""Every event that there is: the one list, and the union that readers get."""

from typing import Annotated, TypeAlias

from pydantic import Tag

from central.assignment_exports.events import AssignmentExportRequested
from central.assignment_imports.events import AssignmentImportRequested
from central.auth.events import (
    EmailCodeRequested,
    SignInFailed,
)
from central.auth_connectors.events import (
    AuthConnectorCreated,
    AuthConnectorDeleted,
    AuthConnectorDisabled,
    AuthConnectorEnabled,
    AuthConnectorUpdated,
    ClientSecretAdded,
    ClientSecretExpiring,
    ClientSecretRemoved,
    ConnectorTestEnded,
    ConnectorTestStarted,
)
from central.domains.events import (
    DomainCreated,
    DomainDeleted,
    DomainFailing,
    DomainLapsed,
    DomainUpdated,
    DomainVerified,
)
from central.event_exports.events import EventExportRequested
from central.events.events import EventRetentionChanged
from central.identities.events import (
    IdentityLinked,
    IdentityUnlinked,
)
from central.images.events import ImageDeleted, ImageFailed, ImageProcessingRequested, ImageReady
from central.invitations.events import (
    InvitationAccepted,
    InvitationCreated,
    InvitationExpired,
    InvitationMailed,
    InvitationMailRefused,
    InvitationMailRequested,
    InvitationRevoked,
    InvitationUpdated,
)
from central.jobs.events import (
    JobCancelRequested,
    JobEnded,
    JobStarted,
)
from central.kernel.events import Event
from central.kernel.unknown import UNKNOWN_TAG, kind_or_unknown
from central.roles.events import (
    RoleCreated,
    RoleDeleted,
    RoleUpdated,
)
from central.session_revocations.events import SessionRevocationRequested
from central.sessions.events import (
    SessionsEnded,
    SessionStarted,
)
from central.tenant_archives.events import TenantArchiveRequested, TenantImported, TenantImportRequested
from central.tenant_deletions.events import TenantDeletionRequested, TenantRestored
from central.tenants.events import (
    SessionPolicyChanged,
    TenantBrandingChanged,
    TenantCreated,
    TenantLogoChanged,
    TenantReactivated,
    TenantRenamed,
    TenantSuspended,
)
from central.tool_sign_ins.events import (
    ToolSignedIn,
    ToolSignInApproved,
    ToolSignInDenied,
)
from central.unit_exports.events import UnitExportRequested
from central.unit_imports.events import UnitImportRequested
from central.units.events import (
    UnitArchived,
    UnitAssignmentCreated,
    UnitAssignmentEnded,
    UnitAssignmentRemoved,
    UnitAssignmentStarted,
    UnitAssignmentUpdated,
    UnitCreated,
    UnitDeleted,
    UnitMoved,
    UnitReordered,
    UnitRestored,
    UnitUpdated,
)
from central.user_exports.events import UserExportRequested
from central.user_imports.events import UserImportRequested
from central.users.events import (
    AttributeRulesChanged,
    UserAvatarChanged,
    UserCreated,
    UserDeleted,
    UserDisabled,
    UserEmailAdded,
    UserEmailMadePrimary,
    UserEmailRemoved,
    UserEmailVerificationRequested,
    UserEmailVerified,
    UserEnabled,
    UserExternalIdRemoved,
    UserExternalIdSet,
    UserMerged,
    UserPrimaryEmailChanged,
    UserRoleEnded,
    UserRoleGranted,
    UserRoleRevoked,
    UserTagsChanged,
    UserUpdated,
)
from central.webhooks.events import (
    WebhookEndpointCreated,
    WebhookEndpointDeleted,
    WebhookEndpointDisabled,
    WebhookEndpointEnabled,
    WebhookEndpointUpdated,
    WebhookPing,
    WebhookRedeliveryRequested,
    WebhookSecretRotated,
)

EVENTS: tuple[type[Event], ...] = (
    EmailCodeRequested,
    SignInFailed,
    AuthConnectorCreated,
    AuthConnectorDeleted,
    AuthConnectorDisabled,
    AuthConnectorEnabled,
    AuthConnectorUpdated,
    ClientSecretAdded,
    ClientSecretExpiring,
    ClientSecretRemoved,
    ConnectorTestEnded,
    ConnectorTestStarted,
    DomainCreated,
    DomainDeleted,
    DomainFailing,
    DomainLapsed,
    DomainUpdated,
    DomainVerified,
    AssignmentExportRequested,
    AssignmentImportRequested,
    UnitExportRequested,
    UnitImportRequested,
    UnitArchived,
    UnitAssignmentCreated,
    UnitAssignmentEnded,
    UnitAssignmentRemoved,
    UnitAssignmentStarted,
    UnitAssignmentUpdated,
    UnitCreated,
    UnitDeleted,
    UnitMoved,
    UnitReordered,
    UnitRestored,
    UnitUpdated,
    IdentityLinked,
    IdentityUnlinked,
    InvitationAccepted,
    InvitationCreated,
    InvitationExpired,
    InvitationMailRefused,
    InvitationMailRequested,
    InvitationMailed,
    InvitationRevoked,
    InvitationUpdated,
    RoleCreated,
    RoleDeleted,
    RoleUpdated,
    SessionStarted,
    SessionsEnded,
    SessionPolicyChanged,
    TenantBrandingChanged,
    TenantCreated,
    TenantArchiveRequested,
    TenantImportRequested,
    TenantImported,
    TenantDeletionRequested,
    TenantRestored,
    TenantReactivated,
    TenantRenamed,
    TenantSuspended,
    ToolSignInApproved,
    ToolSignInDenied,
    ToolSignedIn,
    AttributeRulesChanged,
    UserCreated,
    UserDeleted,
    UserDisabled,
    UserEmailAdded,
    UserEmailMadePrimary,
    UserEmailRemoved,
    UserEmailVerificationRequested,
    UserEmailVerified,
    UserEnabled,
    UserExternalIdRemoved,
    UserExternalIdSet,
    UserMerged,
    UserPrimaryEmailChanged,
    UserRoleGranted,
    UserRoleRevoked,
    UserTagsChanged,
    UserUpdated,
    UserRoleEnded,
    JobStarted,
    JobCancelRequested,
    JobEnded,
    UserImportRequested,
    WebhookEndpointCreated,
    WebhookEndpointDeleted,
    WebhookEndpointDisabled,
    WebhookEndpointEnabled,
    WebhookEndpointUpdated,
    WebhookPing,
    WebhookRedeliveryRequested,
    WebhookSecretRotated,
    UserExportRequested,
    EventExportRequested,
    EventRetentionChanged,
    SessionRevocationRequested,
    ImageProcessingRequested,
    ImageReady,
    ImageFailed,
    ImageDeleted,
    UserAvatarChanged,
    TenantLogoChanged,
)


class UnknownEvent(Event):
    """An event of a kind that this version does not know; its fields are in `model_extra`."""

    kind: str


AnyEvent: TypeAlias = Annotated[
    Annotated[EmailCodeRequested, Tag("auth.email_code.requested")]
    | Annotated[SignInFailed, Tag("auth.sign_in.failed")]
    | Annotated[AuthConnectorCreated, Tag("auth_connector.created")]
    | Annotated[AuthConnectorDeleted, Tag("auth_connector.deleted")]
    | Annotated[AuthConnectorDisabled, Tag("auth_connector.disabled")]
    | Annotated[AuthConnectorEnabled, Tag("auth_connector.enabled")]
    | Annotated[AuthConnectorUpdated, Tag("auth_connector.updated")]
    | Annotated[ClientSecretAdded, Tag("auth_connector.secret.added")]
    | Annotated[ClientSecretExpiring, Tag("auth_connector.secret.expiring")]
    | Annotated[ClientSecretRemoved, Tag("auth_connector.secret.removed")]
    | Annotated[ConnectorTestEnded, Tag("auth_connector.test.ended")]
    | Annotated[ConnectorTestStarted, Tag("auth_connector.test.started")]
    | Annotated[DomainCreated, Tag("domain.created")]
    | Annotated[DomainDeleted, Tag("domain.deleted")]
    | Annotated[DomainFailing, Tag("domain.failing")]
    | Annotated[DomainLapsed, Tag("domain.lapsed")]
    | Annotated[DomainUpdated, Tag("domain.updated")]
    | Annotated[DomainVerified, Tag("domain.verified")]
    | Annotated[AssignmentExportRequested, Tag("unit.assignment_export.requested")]
    | Annotated[AssignmentImportRequested, Tag("unit.assignment_import.requested")]
    | Annotated[UnitExportRequested, Tag("unit.export.requested")]
    | Annotated[UnitImportRequested, Tag("unit.import.requested")]
    | Annotated[UnitArchived, Tag("unit.archived")]
    | Annotated[UnitAssignmentCreated, Tag("unit.assignment_created")]
    | Annotated[UnitAssignmentEnded, Tag("unit.assignment_ended")]
    | Annotated[UnitAssignmentRemoved, Tag("unit.assignment_removed")]
    | Annotated[UnitAssignmentStarted, Tag("unit.assignment_started")]
    | Annotated[UnitAssignmentUpdated, Tag("unit.assignment_updated")]
    | Annotated[UnitCreated, Tag("unit.created")]
    | Annotated[UnitDeleted, Tag("unit.deleted")]
    | Annotated[UnitMoved, Tag("unit.moved")]
    | Annotated[UnitReordered, Tag("unit.reordered")]
    | Annotated[UnitRestored, Tag("unit.restored")]
    | Annotated[UnitUpdated, Tag("unit.updated")]
    | Annotated[IdentityLinked, Tag("identity.linked")]
    | Annotated[IdentityUnlinked, Tag("identity.unlinked")]
    | Annotated[InvitationAccepted, Tag("invitation.accepted")]
    | Annotated[InvitationCreated, Tag("invitation.created")]
    | Annotated[InvitationExpired, Tag("invitation.expired")]
    | Annotated[InvitationMailRefused, Tag("invitation.mail_refused")]
    | Annotated[InvitationMailRequested, Tag("invitation.mail_requested")]
    | Annotated[InvitationMailed, Tag("invitation.mailed")]
    | Annotated[InvitationRevoked, Tag("invitation.revoked")]
    | Annotated[InvitationUpdated, Tag("invitation.updated")]
    | Annotated[RoleCreated, Tag("role.created")]
    | Annotated[RoleDeleted, Tag("role.deleted")]
    | Annotated[RoleUpdated, Tag("role.updated")]
    | Annotated[SessionStarted, Tag("session.started")]
    | Annotated[SessionsEnded, Tag("sessions.ended")]
    | Annotated[SessionPolicyChanged, Tag("tenant.session_policy_changed")]
    | Annotated[TenantBrandingChanged, Tag("tenant.branding_changed")]
    | Annotated[TenantCreated, Tag("tenant.created")]
    | Annotated[TenantArchiveRequested, Tag("tenant.archive_requested")]
    | Annotated[TenantImportRequested, Tag("tenant.import_requested")]
    | Annotated[TenantImported, Tag("tenant.imported")]
    | Annotated[TenantDeletionRequested, Tag("tenant.deletion_requested")]
    | Annotated[TenantRestored, Tag("tenant.restored")]
    | Annotated[TenantReactivated, Tag("tenant.reactivated")]
    | Annotated[TenantRenamed, Tag("tenant.renamed")]
    | Annotated[TenantSuspended, Tag("tenant.suspended")]
    | Annotated[ToolSignInApproved, Tag("auth.tool_sign_in.approved")]
    | Annotated[ToolSignInDenied, Tag("auth.tool_sign_in.denied")]
    | Annotated[ToolSignedIn, Tag("auth.tool_sign_in.finished")]
    | Annotated[AttributeRulesChanged, Tag("attribute_rules.changed")]
    | Annotated[UserCreated, Tag("user.created")]
    | Annotated[UserDeleted, Tag("user.deleted")]
    | Annotated[UserDisabled, Tag("user.disabled")]
    | Annotated[UserEmailAdded, Tag("user.email.added")]
    | Annotated[UserEmailMadePrimary, Tag("user.email.made_primary")]
    | Annotated[UserEmailRemoved, Tag("user.email.removed")]
    | Annotated[UserEmailVerificationRequested, Tag("user.email.verification_requested")]
    | Annotated[UserEmailVerified, Tag("user.email.verified")]
    | Annotated[UserEnabled, Tag("user.enabled")]
    | Annotated[UserExternalIdRemoved, Tag("user.external_id.removed")]
    | Annotated[UserExternalIdSet, Tag("user.external_id.set")]
    | Annotated[UserMerged, Tag("user.merged")]
    | Annotated[UserPrimaryEmailChanged, Tag("user.primary_email.changed")]
    | Annotated[UserRoleGranted, Tag("user.role.granted")]
    | Annotated[UserRoleRevoked, Tag("user.role.revoked")]
    | Annotated[UserTagsChanged, Tag("user.tags.changed")]
    | Annotated[UserUpdated, Tag("user.updated")]
    | Annotated[UserRoleEnded, Tag("user.role.ended")]
    | Annotated[JobStarted, Tag("job.started")]
    | Annotated[JobCancelRequested, Tag("job.cancel_requested")]
    | Annotated[JobEnded, Tag("job.ended")]
    | Annotated[UserImportRequested, Tag("user.import.requested")]
    | Annotated[WebhookEndpointCreated, Tag("webhook_endpoint.created")]
    | Annotated[WebhookEndpointDeleted, Tag("webhook_endpoint.deleted")]
    | Annotated[WebhookEndpointDisabled, Tag("webhook_endpoint.disabled")]
    | Annotated[WebhookEndpointEnabled, Tag("webhook_endpoint.enabled")]
    | Annotated[WebhookEndpointUpdated, Tag("webhook_endpoint.updated")]
    | Annotated[WebhookPing, Tag("webhook.ping")]
    | Annotated[WebhookRedeliveryRequested, Tag("webhook_endpoint.redelivery_requested")]
    | Annotated[WebhookSecretRotated, Tag("webhook_endpoint.secret_rotated")]
    | Annotated[UserExportRequested, Tag("user.export.requested")]
    | Annotated[EventExportRequested, Tag("event.export.requested")]
    | Annotated[EventRetentionChanged, Tag("tenant.event_retention_changed")]
    | Annotated[SessionRevocationRequested, Tag("sessions.revocation.requested")]
    | Annotated[ImageProcessingRequested, Tag("image.processing_requested")]
    | Annotated[ImageReady, Tag("image.ready")]
    | Annotated[ImageFailed, Tag("image.failed")]
    | Annotated[ImageDeleted, Tag("image.deleted")]
    | Annotated[UserAvatarChanged, Tag("user.avatar_changed")]
    | Annotated[TenantLogoChanged, Tag("tenant.logo_changed")]
    | Annotated[UnknownEvent, Tag(UNKNOWN_TAG)],
    kind_or_unknown(*(event.model_fields["kind"].default for event in EVENTS)),
]
"""An event of any kind, told apart by `kind`."""
