from typing import Any

from central_server.auth_connectors.specs import WARN_OF_SECRETS_DAILY
from central_server.domains.specs import RECHECK_DOMAINS_HOURLY
from central_server.infra.temporal.spec import ScheduleSpec
from central_server.upkeep.specs import CLEAN_UP_HOURLY

SCHEDULES: tuple[ScheduleSpec[Any, Any], ...] = (RECHECK_DOMAINS_HOURLY, WARN_OF_SECRETS_DAILY, CLEAN_UP_HOURLY)
