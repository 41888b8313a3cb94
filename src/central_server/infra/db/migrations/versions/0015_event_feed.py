"""Where each event stands in the feed, who did it and to what; and up to where consumers have read."""

from alembic import op

from central_server.infra.db.rls import enable_rls

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

UP = """
CREATE SEQUENCE central.outbox_positions;

ALTER TABLE central.outbox ADD COLUMN actor UUID, ADD COLUMN target TEXT, ADD COLUMN position BIGINT;

UPDATE central.outbox o SET position = n.number
FROM (SELECT id, nextval('central.outbox_positions') AS number FROM central.outbox ORDER BY created_at, id) n
WHERE n.id = o.id AND o.state <> 'pending';

CREATE INDEX ix_outbox_position ON central.outbox (tenant_id, position);
CREATE INDEX ix_outbox_unplaced ON central.outbox (created_at) WHERE position IS NULL;
CREATE INDEX ix_outbox_created_at ON central.outbox (tenant_id, created_at, id);
CREATE INDEX ix_outbox_kind ON central.outbox (tenant_id, kind, created_at, id);
CREATE INDEX ix_outbox_actor ON central.outbox (tenant_id, actor, created_at, id);
CREATE INDEX ix_outbox_target ON central.outbox (tenant_id, target, created_at, id);

GRANT INSERT (actor, target) ON central.outbox TO central_app;
GRANT INSERT (actor, target) ON central.outbox TO central_platform;
GRANT USAGE ON SEQUENCE central.outbox_positions TO central_platform;

CREATE TABLE central.event_consumers (
    tenant_id UUID NOT NULL,
    name TEXT NOT NULL,
    event_id UUID NOT NULL,
    position BIGINT NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_event_consumers PRIMARY KEY (tenant_id, name),
    CONSTRAINT fk_event_consumers_tenant_id_tenants
        FOREIGN KEY(tenant_id) REFERENCES central.tenants (id) ON DELETE CASCADE
)
"""

DOWN = """
DROP TABLE central.event_consumers;
ALTER TABLE central.outbox DROP COLUMN actor, DROP COLUMN target, DROP COLUMN position;
DROP SEQUENCE central.outbox_positions
"""


def upgrade() -> None:
    for statement in UP.split(";\n"):
        op.execute(statement)
    enable_rls(op, "event_consumers")


def downgrade() -> None:
    for statement in DOWN.split(";\n"):
        op.execute(statement)
