"""The tenant of one statement, set by the statement itself: one round trip instead of three.

A statement outside a transaction block is a transaction of its own, so `set_config(..., true)` holds for that
statement alone. What matters is that it runs before the policies read it.
"""

from functools import lru_cache

from sqlalchemy import CTE, Text, Uuid, bindparam, cast, func, select, true

from central.kernel.ids import TenantId

TENANT_SETTING = "central.tenant"
SCOPE_PARAMETER = "scope_tenant"


@lru_cache(maxsize=8192)
def setting_of(tenant: TenantId) -> str:
    """Give the text that `central.tenant` has for a tenant: its UUID, and so safe as a literal."""
    return str(tenant.uuid)


def scoped_select(text: str, parameter: int) -> str:
    """Wrap a SELECT so that `$parameter`, the tenant, is set before the SELECT reads its first row.

    The inner query refers to the outer row, and PostgreSQL can neither flatten it (OFFSET 0) nor reorder it
    (LATERAL): a nested loop makes the outer row, and with it the setting, first. Were it ever otherwise the
    policies would see no tenant, and the result would be empty.
    """
    return (
        f"SELECT q.* FROM (SELECT set_config('{TENANT_SETTING}', ${parameter}::text, true) AS tenant OFFSET 0) scope"  # noqa: S608 (compiled text and a position; all values are parameters)
        f" CROSS JOIN LATERAL (SELECT * FROM ({text}) s WHERE scope.tenant IS NOT NULL OFFSET 0) q"
    )


def tenant_scope() -> CTE:
    """Give a CTE of one row that sets the tenant and returns it as `tenant`, a `uuid`.

    For `insert(t).from_select(["tenant_id", ...], select(scope.c.tenant, ...))`: the row to insert cannot be
    made before the tenant is set. The parameter is filled by the executor.
    """
    setting = func.set_config(TENANT_SETTING, bindparam(SCOPE_PARAMETER, type_=Text), true())
    return select(cast(setting, Uuid).label("tenant")).cte("scope").prefix_with("MATERIALIZED", dialect="postgresql")
