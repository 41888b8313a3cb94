"""Row-level security for migrations."""

from typing import Protocol

from .roles import APP_ROLE, SCHEMA, checked_name
from .sight import PLATFORM_ROLE

_PRIVILEGES = "SELECT, INSERT, UPDATE, DELETE"


class Operations(Protocol):
    """The part of `alembic.op` in use."""

    def execute(self, sqltext: str, /) -> None:
        """Run a statement."""
        ...


def enable_rls(
    op: Operations,
    table: str,
    tenant_column: str = "tenant_id",
    *,
    app_role: str = APP_ROLE,
    privileges: str = _PRIVILEGES,
) -> None:
    """Wall a table: the application sees the rows of the tenant that is set, the platform's role sees all.

    `privileges` are what both roles are granted; an append-only table names fewer.
    """
    name = f"{SCHEMA}.{checked_name(table)}"
    mine = f"{checked_name(tenant_column)} = {SCHEMA}.current_tenant()"
    for statement in (
        f"ALTER TABLE {name} ENABLE ROW LEVEL SECURITY",
        f"ALTER TABLE {name} FORCE ROW LEVEL SECURITY",
        f"CREATE POLICY tenant_isolation ON {name} FOR ALL TO {app_role} USING ({mine}) WITH CHECK ({mine})",
        f"CREATE POLICY platform ON {name} FOR ALL TO {PLATFORM_ROLE} USING (true) WITH CHECK (true)",
        f"GRANT {privileges} ON {name} TO {app_role}, {PLATFORM_ROLE}",
    ):
        op.execute(statement)


def enable_platform_rls(op: Operations, table: str, *, privileges: str = _PRIVILEGES) -> None:
    """Wall a table that is no tenant's, though it tells of them: the platform's role alone sees it."""
    name = f"{SCHEMA}.{checked_name(table)}"
    for statement in (
        f"ALTER TABLE {name} ENABLE ROW LEVEL SECURITY",
        f"ALTER TABLE {name} FORCE ROW LEVEL SECURITY",
        f"CREATE POLICY platform ON {name} FOR ALL TO {PLATFORM_ROLE} USING (true) WITH CHECK (true)",
        f"GRANT {privileges} ON {name} TO {PLATFORM_ROLE}",
    ):
        op.execute(statement)


def platform_function(op: Operations, signature: str, *, app_role: str = APP_ROLE) -> None:
    """Hand a SECURITY DEFINER function to the platform's role, and let the application alone call it.

    `signature` is such as `find_session(bytea)`.
    """
    function = f"{SCHEMA}.{signature}"
    for statement in (
        f"GRANT CREATE ON SCHEMA {SCHEMA} TO {PLATFORM_ROLE}",
        f"ALTER FUNCTION {function} OWNER TO {PLATFORM_ROLE}",
        f"REVOKE CREATE ON SCHEMA {SCHEMA} FROM {PLATFORM_ROLE}",
        f"REVOKE ALL ON FUNCTION {function} FROM PUBLIC",
        f"GRANT EXECUTE ON FUNCTION {function} TO {app_role}, {PLATFORM_ROLE}",
    ):
        op.execute(statement)
