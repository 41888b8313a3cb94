"""Finding what has ended, of all tenants, by when that was."""

from alembic import op

revision = "0014"
down_revision = "0012"
branch_labels = None
depends_on = None

INDEXES = {
    "ix_login_transactions_expires_at": "login_transactions (expires_at)",
    "ix_email_codes_expires_at": "email_codes (expires_at)",
    "ix_email_verifications_expires_at": "email_verifications (expires_at)",
    "ix_connector_tests_expires_at": "connector_tests (expires_at)",
    "ix_tool_sign_ins_ended": "tool_sign_ins (expires_at)",
    "ix_sessions_ended": "sessions (LEAST(expires_at, ended_at))",
}


def upgrade() -> None:
    for name, columns in INDEXES.items():
        op.execute(f"CREATE INDEX {name} ON central.{columns}")


def downgrade() -> None:
    for name in reversed(INDEXES):
        op.execute(f"DROP INDEX central.{name}")
