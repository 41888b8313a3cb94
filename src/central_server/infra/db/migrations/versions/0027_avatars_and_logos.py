"""The pictures of people, and the logos of tenants."""

from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

UP = (
    "ALTER TABLE central.users ADD COLUMN avatar JSONB",
    "ALTER TABLE central.tenants ADD COLUMN logo JSONB",
    "GRANT UPDATE (avatar) ON central.users TO central_app, central_platform",
    "GRANT UPDATE (logo) ON central.tenants TO central_app, central_platform",
    "CREATE INDEX ix_users_avatar ON central.users (tenant_id, (avatar ->> 'image_id')) WHERE avatar IS NOT NULL",
)
DOWN = (
    "DROP INDEX central.ix_users_avatar",
    "ALTER TABLE central.users DROP COLUMN avatar",
    "ALTER TABLE central.tenants DROP COLUMN logo",
)


def upgrade() -> None:
    for statement in UP:
        op.execute(statement)


def downgrade() -> None:
    for statement in DOWN:
        op.execute(statement)
