"""Who is to have which event, and has had it: a row for each listener, in place of one state per event."""

from alembic import op

from central_server.infra.db.rls import enable_rls

revision = "0016"
down_revision = "0013"
branch_labels = None
depends_on = None

UP = """
CREATE TABLE central.event_handovers (
    tenant_id UUID NOT NULL,
    event_id UUID NOT NULL,
    listener TEXT NOT NULL,
    state TEXT DEFAULT 'pending' NOT NULL,
    batch UUID,
    attempts INTEGER DEFAULT 0 NOT NULL,
    next_attempt_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    give_up_at TIMESTAMP WITH TIME ZONE NOT NULL,
    last_error TEXT,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_event_handovers PRIMARY KEY (tenant_id, event_id, listener),
    CONSTRAINT ck_event_handovers_state CHECK (state IN ('pending', 'handed', 'done', 'dead'))
);

CREATE INDEX ix_event_handovers_due ON central.event_handovers (listener, tenant_id, next_attempt_at)
    WHERE state = 'pending';
CREATE INDEX ix_event_handovers_handed ON central.event_handovers (listener, next_attempt_at) WHERE state = 'handed';
CREATE INDEX ix_event_handovers_batch ON central.event_handovers (batch) WHERE state = 'handed';
CREATE INDEX ix_event_handovers_settled ON central.event_handovers (updated_at) WHERE state = 'done';
CREATE INDEX ix_event_handovers_dead ON central.event_handovers (updated_at) WHERE state = 'dead';

CREATE TABLE central.event_followers (
    name TEXT NOT NULL,
    position BIGINT NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_event_followers PRIMARY KEY (name)
);

GRANT SELECT, INSERT, UPDATE ON central.event_followers TO central_platform;

INSERT INTO central.event_handovers (tenant_id, event_id, listener, state, attempts, give_up_at, last_error, created_at)
SELECT o.tenant_id, o.id, heard.listener, CASE o.state WHEN 'dead' THEN 'dead' ELSE 'pending' END, o.attempts,
    now() + make_interval(secs => heard.within), o.last_error, o.created_at
FROM central.outbox o JOIN (VALUES
    ('auth.email_code.requested', 'auth.mail_sign_in_code', 600),
    ('user.email.verification_requested', 'users.mail_email_verification', 600),
    ('user.primary_email.changed', 'users.mail_email_change', 259200),
    ('invitation.mail_requested', 'invitations.mail_invitation', 86400),
    ('user.import.requested', 'jobs.run', 86400),
    ('job.cancel_requested', 'jobs.stop', 86400)
) heard (kind, listener, within) ON heard.kind = o.kind
WHERE o.state <> 'done' AND o.position IS NOT NULL;

DROP INDEX central.ix_outbox_due;
DROP INDEX central.ix_outbox_position;
ALTER TABLE central.outbox
    DROP COLUMN state, DROP COLUMN attempts, DROP COLUMN next_attempt_at, DROP COLUMN dispatched_at,
    DROP COLUMN done_at, DROP COLUMN last_error;
CREATE INDEX ix_outbox_position ON central.outbox (tenant_id, position) WHERE position IS NOT NULL;
CREATE INDEX ix_outbox_feed ON central.outbox (position) WHERE position IS NOT NULL
"""

DOWN = """
DROP INDEX central.ix_outbox_feed;
DROP INDEX central.ix_outbox_position;
ALTER TABLE central.outbox
    ADD COLUMN state VARCHAR(64) DEFAULT 'pending' NOT NULL,
    ADD COLUMN attempts INTEGER DEFAULT 0 NOT NULL,
    ADD COLUMN next_attempt_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    ADD COLUMN dispatched_at TIMESTAMP WITH TIME ZONE,
    ADD COLUMN done_at TIMESTAMP WITH TIME ZONE,
    ADD COLUMN last_error TEXT;
UPDATE central.outbox o SET state = 'done'
WHERE position IS NOT NULL AND NOT EXISTS (
    SELECT FROM central.event_handovers h
    WHERE h.tenant_id = o.tenant_id AND h.event_id = o.id AND h.state <> 'done');
GRANT UPDATE (state, done_at) ON central.outbox TO central_app;
CREATE INDEX ix_outbox_position ON central.outbox (tenant_id, position);
CREATE INDEX ix_outbox_due ON central.outbox (next_attempt_at) WHERE state IN ('pending', 'dispatched');
DROP TABLE central.event_followers;
DROP TABLE central.event_handovers
"""

PRIVILEGES = "SELECT, UPDATE (state, batch, next_attempt_at, last_error, updated_at)"


def upgrade() -> None:
    for statement in UP.split(";\n"):
        op.execute(statement)
    # The application writes receipts and sets aside what failed; only the platform makes and deletes handovers.
    enable_rls(op, "event_handovers", privileges=PRIVILEGES)
    op.execute("GRANT INSERT, UPDATE, DELETE ON central.event_handovers TO central_platform")


def downgrade() -> None:
    for statement in DOWN.split(";\n"):
        op.execute(statement)
