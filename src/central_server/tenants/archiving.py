"""What is archived of a tenant itself. Its slugs are taken anew where it is imported, as those of a new tenant are."""

from sqlalchemy import not_

from central_server.infra.db.archiving import LeftOut, archived
from central_server.tenants.tables import TENANT_SLUGS, TENANTS

TENANT = archived(
    TENANTS,
    LeftOut(state="it is active where it is imported", delete_after="the same"),
    as_platform=True,
)
SLUGS = archived(
    TENANT_SLUGS,
    LeftOut(
        skeleton="it is made of the slug",
        claims_skeleton="the first that looks so claims it: those come first",
        created_at="they are taken where it is imported",
    ),
    order=(not_(TENANT_SLUGS.c.claims_skeleton), TENANT_SLUGS.c.slug),
)
ARCHIVED = (TENANT, SLUGS)
LEFT_OUT: dict[str, str] = {}
