"""Pictures come with archives: whose files they are before the tenant is there; and by whom a picture is shown.

Row-level security lets an index be used only for what leaks nothing, and `->>` is not said to leak nothing: whoever
looked for those who show a picture read all people of the tenant who have one.
"""

from alembic import op

from central_server.infra.db.rls import enable_platform_rls

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

CLAIMS = """
CREATE TABLE central.tenant_import_claims (
    tenant_id UUID NOT NULL,
    job_id UUID NOT NULL,
    holder UUID NOT NULL,
    leased_until TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_tenant_import_claims PRIMARY KEY (tenant_id)
)
"""
# What an archive holds of pictures is inserted as it was.
IMPORTING = {"users": "avatar", "tenants": "logo"}


def _index_avatars(column: str, where: str) -> None:
    op.execute("DROP INDEX central.ix_users_avatar")
    op.execute(f"CREATE INDEX ix_users_avatar ON central.users (tenant_id, {column}) WHERE {where} IS NOT NULL")


def upgrade() -> None:
    op.execute(
        "ALTER TABLE central.users ADD COLUMN avatar_image_id TEXT GENERATED ALWAYS AS (avatar ->> 'image_id') STORED"
    )
    _index_avatars("avatar_image_id", "avatar_image_id")
    op.execute(CLAIMS)
    op.execute("CREATE INDEX ix_tenant_import_claims_leased_until ON central.tenant_import_claims (leased_until)")
    enable_platform_rls(op, "tenant_import_claims")
    for table, column in IMPORTING.items():
        op.execute(f"GRANT INSERT ({column}) ON central.{table} TO central_platform")


def downgrade() -> None:
    for table, column in IMPORTING.items():
        op.execute(f"REVOKE INSERT ({column}) ON central.{table} FROM central_platform")
    op.execute("DROP TABLE central.tenant_import_claims")
    _index_avatars("(avatar ->> 'image_id')", "avatar")
    op.execute("ALTER TABLE central.users DROP COLUMN avatar_image_id")
