"""What is archived of people."""

from central_server.infra.db.archiving import LeftOut, archived
from central_server.users.tables import ATTRIBUTE_RULES, USER_EMAILS, USER_EXTERNAL_IDS, USER_ROLES, USERS

PEOPLE = archived(
    USERS,
    LeftOut(system_permissions="operators are those of a server; no archive makes one elsewhere"),
    as_platform=True,
)
ARCHIVED = (
    archived(ATTRIBUTE_RULES),
    PEOPLE,
    archived(USER_EMAILS),
    archived(USER_EXTERNAL_IDS),
)
GRANTS = (archived(USER_ROLES),)
"""After the roles and the connectors that they refer to."""

LEFT_OUT = {
    "email_verifications": "codes of ten minutes, which the other server cannot check",
    "email_changes": "mails that this server is about to send",
}
