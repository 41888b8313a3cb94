from central_server.assignment_exports.activities.export_assignments import ExportAssignmentsActivity
from central_server.assignment_imports.activities.import_assignments import ImportAssignmentsActivity
from central_server.auth.activities.delete_ended_sign_ins import DeleteEndedSignInsActivity
from central_server.auth_connectors.activities.delete_ended_tests import DeleteEndedTestsActivity
from central_server.auth_connectors.activities.warn_of_secrets import WarnOfSecretsActivity
from central_server.domains.activities.recheck_domains import RecheckDomainsActivity
from central_server.event_exports.activities.export_events import ExportEventsActivity
from central_server.events.activities.delete_old_events import DeleteOldEventsActivity
from central_server.images.activities.delete_staged_files import DeleteStagedFilesActivity
from central_server.images.activities.process_image import ProcessImageActivity
from central_server.infra.http.activities.delete_answers import DeleteAnswersActivity
from central_server.infra.outbox.activities.delete_receipts import DeleteReceiptsActivity
from central_server.infra.outbox.activities.hand_over import HandOverActivity
from central_server.invitations.activities.expire_invitations import ExpireInvitationsActivity
from central_server.jobs.activities.delete_ended_jobs import DeleteEndedJobsActivity
from central_server.jobs.activities.give_up_job import GiveUpJobActivity
from central_server.media.activities.ping import PingActivity
from central_server.session_revocations.activities.revoke_sessions import RevokeSessionsActivity
from central_server.sessions.activities.delete_ended_sessions import DeleteEndedSessionsActivity
from central_server.tenant_archives.activities.archive_tenant import ArchiveTenantActivity
from central_server.tenant_archives.activities.delete_import_leftovers import DeleteImportLeftoversActivity
from central_server.tenant_archives.activities.import_tenant import ImportTenantActivity
from central_server.tenant_deletions.activities.delete_tenant import DeleteTenantActivity
from central_server.tenant_deletions.activities.start_due_deletions import StartDueDeletionsActivity
from central_server.tool_sign_ins.activities.delete_ended_tool_sign_ins import DeleteEndedToolSignInsActivity
from central_server.unit_exports.activities.export_units import ExportUnitsActivity
from central_server.unit_imports.activities.import_units import ImportUnitsActivity
from central_server.units.activities.tell_assignments import TellAssignmentsActivity
from central_server.user_exports.activities.export_users import ExportUsersActivity
from central_server.user_imports.activities.import_users import ImportUsersActivity
from central_server.users.activities.delete_ended_verifications import DeleteEndedVerificationsActivity
from central_server.users.activities.end_roles import EndRolesActivity
from central_server.webhooks.activities.delete_ended_deliveries import DeleteEndedDeliveriesActivity

CORE_ACTIVITIES: tuple[type, ...] = (
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
    TellAssignmentsActivity,
    GiveUpJobActivity,
    DeleteEndedJobsActivity,
    ImportUsersActivity,
    ImportUnitsActivity,
    ExportUnitsActivity,
    ImportAssignmentsActivity,
    ExportAssignmentsActivity,
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
    DeleteStagedFilesActivity,
)
MEDIA_ACTIVITIES: tuple[type, ...] = (PingActivity, ProcessImageActivity, GiveUpJobActivity)
