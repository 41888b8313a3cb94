"""Addresses as they are compared, in columns of their own.

Row-level security lets an index be used only for what leaks nothing, and `lower` is not said to leak nothing: whoever
looked for an address read all those of the tenant.
"""

from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

TABLES = ("users", "user_emails", "email_codes", "invitations")
INDEXES = {
    "ix_users_email": "INDEX ix_users_email ON central.users (tenant_id, {key}, id)",
    "uq_user_emails_email": "UNIQUE INDEX uq_user_emails_email ON central.user_emails (tenant_id, {key})",
    "ix_email_codes_shared": (
        "INDEX ix_email_codes_shared ON central.email_codes (tenant_id, {key}, created_at) WHERE shared"
    ),
    "ix_invitations_email": "INDEX ix_invitations_email ON central.invitations (tenant_id, {key})",
    "uq_invitations_pending": (
        "UNIQUE INDEX uq_invitations_pending ON central.invitations (tenant_id, {key}) WHERE state = 'pending'"
    ),
}


def _index(key: str) -> None:
    for name, definition in INDEXES.items():
        op.execute(f"DROP INDEX central.{name}")
        op.execute(f"CREATE {definition.format(key=key)}")


def upgrade() -> None:
    for table in TABLES:
        op.execute(
            f"ALTER TABLE central.{table} ADD COLUMN email_key TEXT GENERATED ALWAYS AS (lower(email)) STORED NOT NULL"
        )
    _index("email_key")


def downgrade() -> None:
    _index("lower(email)")
    for table in TABLES:
        op.execute(f"ALTER TABLE central.{table} DROP COLUMN email_key")
