from typing import Any

from central_server.auth_connectors.specs import WARN_OF_SECRETS_DAILY
from central_server.domains.specs import RECHECK_DOMAINS_HOURLY
from central_server.infra.temporal.spec import ScheduleSpec
from central_server.invitations.specs import EXPIRE_INVITATIONS_OFTEN
from central_server.tenant_deletions.specs import DELETE_DUE_TENANTS_OFTEN
from central_server.units.specs import TELL_ASSIGNMENTS_OFTEN
from central_server.upkeep.specs import CLEAN_UP_HOURLY
from central_server.users.specs import END_ROLES_OFTEN

SCHEDULES: tuple[ScheduleSpec[Any, Any], ...] = (
    RECHECK_DOMAINS_HOURLY,
    WARN_OF_SECRETS_DAILY,
    CLEAN_UP_HOURLY,
    EXPIRE_INVITATIONS_OFTEN,
    END_ROLES_OFTEN,
    TELL_ASSIGNMENTS_OFTEN,
    DELETE_DUE_TENANTS_OFTEN,
)
