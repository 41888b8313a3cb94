"""What goes of people when a tenant is deleted."""

from central_server.infra.db.erasing import erase, erase_with
from central_server.users.tables import (
    ATTRIBUTE_RULES,
    EMAIL_CHANGES,
    EMAIL_VERIFICATIONS,
    USER_EMAILS,
    USER_EXTERNAL_IDS,
    USER_ROLES,
    USERS,
)

ERASURES = (
    erase(EMAIL_VERIFICATIONS),
    erase(EMAIL_CHANGES),
    erase(USER_EXTERNAL_IDS),
    erase(USER_ROLES),
    erase_with(USERS, USER_EMAILS, "user_id"),
    erase(ATTRIBUTE_RULES),
)
