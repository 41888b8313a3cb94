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
# The version before knows no such reason; that an endpoint is disabled is what matters. Row-level security binds the
# owner, too.
_TO_BEFORE = """
SET LOCAL ROLE central_platform;
UPDATE central.webhook_endpoints SET disabled_reason = 'by_hand' WHERE disabled_reason = 'imported';
RESET ROLE
"""
_DOWN = f"""
ALTER TABLE {_TABLE}
    DROP CONSTRAINT ck_webhook_endpoints_disabled_reason,
    ADD CONSTRAINT ck_webhook_endpoints_disabled_reason CHECK (disabled_reason IN ('by_hand', 'failing', 'gone')),
    DROP COLUMN imported_at
"""


def upgrade() -> None:
    op.execute(_UP)


def downgrade() -> None:
    for statement in _TO_BEFORE.split(";\n"):
        op.execute(statement)
    op.execute(_DOWN)
