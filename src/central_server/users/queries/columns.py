"""What the statements on people share: how one is named, and what is read of them."""

from sqlalchemy import ARRAY, DateTime, Text, and_, bindparam, column, func, literal_column, select, table
from sqlalchemy.dialects.postgresql import JSONB

from central.kernel.ids import AuthConnectorId, TenantId, UnitId, UserId
from central_server.infra.db import RichIdColumn
from central_server.users.tables import USER_EXTERNAL_IDS, USER_ROLES, USERS

TENANT = bindparam("tenant_id", type_=RichIdColumn(TenantId))
ID = bindparam("id", type_=RichIdColumn(UserId))
USER = bindparam("user_id", type_=RichIdColumn(UserId))
OF_TENANT = bindparam("of_tenant", type_=RichIdColumn(TenantId))
OF_ID = bindparam("of_id", type_=RichIdColumn(UserId))
OF_USER = bindparam("of_user", type_=RichIdColumn(UserId))
IS_ONE = and_(USERS.c.tenant_id == TENANT, USERS.c.id == ID)
IS_CHANGED_ONE = and_(USERS.c.tenant_id == OF_TENANT, USERS.c.id == OF_ID)

HELD_NOW = USER_ROLES.c.expires_at.is_(None) | (USER_ROLES.c.expires_at > func.now())
OF_THIS_USER = and_(USER_ROLES.c.tenant_id == USERS.c.tenant_id, USER_ROLES.c.user_id == USERS.c.id)
_held = select(USER_ROLES.c.role).where(OF_THIS_USER, HELD_NOW).order_by(USER_ROLES.c.role).correlate(USERS)
ROLES_NOW = func.array(_held.scalar_subquery(), type_=ARRAY(Text)).label("roles")
_lasting = (
    select(USER_ROLES.c.role)
    .where(OF_THIS_USER, USER_ROLES.c.expires_at.is_(None), USER_ROLES.c.connector_id.is_(None))
    .correlate(USERS)
)
LASTING_ROLES = func.array(_lasting.scalar_subquery(), type_=ARRAY(Text)).label("lasting_roles")
_named = (
    select(func.jsonb_object_agg(USER_EXTERNAL_IDS.c.source, USER_EXTERNAL_IDS.c.external_id))
    .where(USER_EXTERNAL_IDS.c.tenant_id == USERS.c.tenant_id, USER_EXTERNAL_IDS.c.user_id == USERS.c.id)
    .correlate(USERS)
)
EXTERNAL_IDS = func.coalesce(_named.scalar_subquery(), literal_column("'{}'::jsonb"), type_=JSONB).label("external_ids")

PLAIN_COLUMNS = tuple(column for column in USERS.c if column.name not in {"tenant_id", "system_permissions"})
COLUMNS = (*PLAIN_COLUMNS, ROLES_NOW, EXTERNAL_IDS)

IDENTITIES = table(
    "identities",
    column("tenant_id", RichIdColumn(TenantId)),
    column("user_id", RichIdColumn(UserId)),
    column("connector_id", RichIdColumn(AuthConnectorId)),
)
"""Who people are at providers, as far as it is about whose: the sign-in domain, above this one, owns the table."""
UNIT_ASSIGNMENTS = table(
    "unit_assignments",
    column("tenant_id", RichIdColumn(TenantId)),
    column("user_id", RichIdColumn(UserId)),
    column("unit_id", RichIdColumn(UnitId)),
    column("role", Text),
    column("starts_at", DateTime(timezone=True)),
    column("ends_at", DateTime(timezone=True)),
)
"""Who is in which unit, as far as it is about whose: the domain of units, above this one, owns the table."""
TENANTS = table("tenants", column("id", RichIdColumn(TenantId)), column("name", Text))
"""What tenants are called, for mails; their domain, above this one, owns the table."""
