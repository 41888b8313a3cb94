"""Webhook endpoints come with archives: disabled for that reason, and not for what happened before they came."""

from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

_TABLE = "central.webhook_endpoints"
_UP = f"""
ALTER TABLE {_TABLE}
    ADD COLUMN imported_at TIMESTAMP WITH TIME ZONE,
    DROP CONSTRAINT ck_webhook_endpoints_disabled_reason,
    ADD CONSTRAINT ck_webhook_endpoints_disabled_reason
        CHECK (disabled_reason IN ('by_hand', 'failing', 'gone', 'imported'))
"""
# The version before knows no such reason; that an endpoint is disabled is what matters.
_MEANWHILE = f"UPDATE {_TABLE} SET disabled_reason = 'by_hand' WHERE disabled_reason = 'imported'"  # noqa: S608 (a name)
_DOWN = f"""
ALTER TABLE {_TABLE}
    DROP CONSTRAINT ck_webhook_endpoints_disabled_reason,
    ADD CONSTRAINT ck_webhook_endpoints_disabled_reason CHECK (disabled_reason IN ('by_hand', 'failing', 'gone')),
    DROP COLUMN imported_at
"""


def upgrade() -> None:
    op.execute(_UP)


def downgrade() -> None:
    op.execute(_MEANWHILE)
    op.execute(_DOWN)
