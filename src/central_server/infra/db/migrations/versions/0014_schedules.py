"""Finding what has ended, of all tenants, by when that was; and which invitations were told to have run out."""

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
    "ix_user_roles_ending": "user_roles (expires_at) WHERE expires_at IS NOT NULL",
    "ix_invitations_run_out": "invitations (expires_at) WHERE state = 'pending' AND expiry_told_at IS NULL",
}


def upgrade() -> None:
    op.execute("ALTER TABLE central.invitations ADD COLUMN expiry_told_at TIMESTAMP WITH TIME ZONE")
    for name, columns in INDEXES.items():
        op.execute(f"CREATE INDEX {name} ON central.{columns}")


def downgrade() -> None:
    for name in reversed(INDEXES):
        op.execute(f"DROP INDEX central.{name}")
    op.execute("ALTER TABLE central.invitations DROP COLUMN expiry_told_at")
