from central_server.assignment_exports.workflows.export_assignments import ExportAssignmentsWorkflow
from central_server.assignment_imports.workflows.import_assignments import ImportAssignmentsWorkflow
from central_server.auth_connectors.workflows.warn_of_secrets import WarnOfSecretsWorkflow
from central_server.domains.workflows.recheck_domains import RecheckDomainsWorkflow
from central_server.event_exports.workflows.export_events import ExportEventsWorkflow
from central_server.infra.outbox.workflows.hand_over import HandOverWorkflow
from central_server.invitations.workflows.expire_invitations import ExpireInvitationsWorkflow
from central_server.session_revocations.workflows.revoke_sessions import RevokeSessionsWorkflow
from central_server.tenant_archives.workflows.archive_tenant import ArchiveTenantWorkflow
from central_server.tenant_archives.workflows.import_tenant import ImportTenantWorkflow
from central_server.tenant_deletions.workflows.delete_due_tenants import DeleteDueTenantsWorkflow
from central_server.tenant_deletions.workflows.delete_tenant import DeleteTenantWorkflow
from central_server.unit_exports.workflows.export_units import ExportUnitsWorkflow
from central_server.unit_imports.workflows.import_units import ImportUnitsWorkflow
from central_server.units.workflows.tell_assignments import TellAssignmentsWorkflow
from central_server.upkeep.workflows.clean_up import CleanUpWorkflow
from central_server.user_exports.workflows.export_users import ExportUsersWorkflow
from central_server.user_imports.workflows.import_users import ImportUsersWorkflow
from central_server.users.workflows.end_roles import EndRolesWorkflow

CORE_WORKFLOWS: tuple[type, ...] = (
    HandOverWorkflow,
    RecheckDomainsWorkflow,
    WarnOfSecretsWorkflow,
    CleanUpWorkflow,
    ExpireInvitationsWorkflow,
    EndRolesWorkflow,
    TellAssignmentsWorkflow,
    ImportUsersWorkflow,
    ImportUnitsWorkflow,
    ExportUnitsWorkflow,
    ImportAssignmentsWorkflow,
    ExportAssignmentsWorkflow,
    DeleteDueTenantsWorkflow,
    DeleteTenantWorkflow,
    ArchiveTenantWorkflow,
    ImportTenantWorkflow,
    ExportUsersWorkflow,
    ExportEventsWorkflow,
    RevokeSessionsWorkflow,
)
