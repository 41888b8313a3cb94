"""Token buckets for rate limits, and codes that any sign-in of an address may be finished with."""

from alembic import op

from central_server.infra.db.rls import platform_function

revision = "0003"
down_revision = "0010"
branch_labels = None
depends_on = None

# Rewritten all the time, and no index but the key's: room on each page keeps the updates there (HOT).
TABLE = """
CREATE UNLOGGED TABLE central.rate_buckets (
    key BYTEA NOT NULL,
    full_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_rate_buckets PRIMARY KEY (key)
) WITH (fillfactor = 50)
"""

# The same as `bucket.draw`, in whole microseconds. Buckets are locked in the order of their keys, so that nobody waits
# in a circle, and the clock is read once all are held: who waited sees the time at which it is their turn.
TAKE_TOKENS = """
CREATE FUNCTION central.take_tokens(
    keys bytea[], intervals bigint[], spans bigint[], needed integer[], wanted integer[]
)
RETURNS TABLE (enough boolean, granted integer, remaining integer, debt bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' ROWS 4
AS $$
DECLARE
    i integer;
    instant timestamptz;
    full_at timestamptz;
    full_ats timestamptz[];
    debts bigint[];
    rooms bigint[];
BEGIN
    FOR i IN SELECT n FROM generate_subscripts(keys, 1) n ORDER BY keys[n] LOOP
        LOOP
            SELECT b.full_at INTO full_at FROM central.rate_buckets b WHERE b.key = keys[i] FOR UPDATE;
            EXIT WHEN FOUND;
            INSERT INTO central.rate_buckets VALUES (keys[i], clock_timestamp()) ON CONFLICT DO NOTHING;
        END LOOP;
        full_ats[i] := full_at;
    END LOOP;
    instant := clock_timestamp();
    enough := true;
    FOR i IN SELECT generate_subscripts(keys, 1) LOOP
        debts[i] := (extract(epoch FROM greatest(full_ats[i] - instant, interval '0')) * 1000000)::bigint;
        rooms[i] := greatest(0, spans[i] - debts[i]) / intervals[i];
        enough := enough AND rooms[i] >= needed[i];
    END LOOP;
    FOR i IN SELECT generate_subscripts(keys, 1) LOOP
        granted := CASE WHEN enough THEN least(rooms[i], wanted[i]) ELSE 0 END;
        remaining := rooms[i] - granted;
        debt := debts[i] + granted * intervals[i];
        IF granted > 0 THEN
            UPDATE central.rate_buckets b SET full_at = instant + debt * interval '1 microsecond'
            WHERE b.key = keys[i];
        END IF;
        RETURN NEXT;
    END LOOP;
END $$
"""

# now() is the same throughout a statement, so that a row that was there is charged exactly the cost of the new one.
CHARGE_BUCKETS = """
CREATE FUNCTION central.charge_buckets(keys bytea[], costs bigint[])
RETURNS TABLE (key bytea, debt bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ''
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    INSERT INTO central.rate_buckets AS b (key, full_at)
    SELECT c.key, now() + c.cost * interval '1 microsecond'
    FROM unnest(keys, costs) AS c (key, cost) ORDER BY c.key
    ON CONFLICT (key) DO UPDATE SET full_at = greatest(b.full_at, now()) + (excluded.full_at - now())
    RETURNING b.key, (extract(epoch FROM greatest(b.full_at - now(), interval '0')) * 1000000)::bigint;
END $$
"""

# Skips what somebody holds: it is not full for long.
DROP_FULL_BUCKETS = """
CREATE FUNCTION central.drop_full_buckets(most integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ''
AS $$
DECLARE dropped integer;
BEGIN
    DELETE FROM central.rate_buckets b WHERE b.key IN (
        SELECT f.key FROM central.rate_buckets f WHERE f.full_at <= now() LIMIT most FOR UPDATE SKIP LOCKED
    );
    GET DIAGNOSTICS dropped = ROW_COUNT;
    RETURN dropped;
END $$
"""

# A sign-in whose address was mailed enough has no code of its own, and is finished with one that is shared.
CODES_UP = (
    "ALTER TABLE central.email_codes ALTER code_mac DROP NOT NULL, ADD shared BOOLEAN DEFAULT false NOT NULL",
    "DROP INDEX central.ix_email_codes_email",
    "CREATE INDEX ix_email_codes_shared ON central.email_codes (tenant_id, lower(email), created_at) WHERE shared",
)
CODES_DOWN = (
    "DROP INDEX central.ix_email_codes_shared",
    "CREATE INDEX ix_email_codes_email ON central.email_codes (tenant_id, lower(email), created_at)",
    "DELETE FROM central.email_codes WHERE code_mac IS NULL",
    "ALTER TABLE central.email_codes ALTER code_mac SET NOT NULL, DROP shared",
)

FUNCTIONS = {
    "take_tokens(bytea[], bigint[], bigint[], integer[], integer[])": TAKE_TOKENS,
    "charge_buckets(bytea[], bigint[])": CHARGE_BUCKETS,
    "drop_full_buckets(integer)": DROP_FULL_BUCKETS,
}


def upgrade() -> None:
    op.execute(TABLE)
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON central.rate_buckets TO central_platform")
    for signature, definition in FUNCTIONS.items():
        op.execute(definition)
        platform_function(op, signature)
    for statement in CODES_UP:
        op.execute(statement)


def downgrade() -> None:
    for statement in CODES_DOWN:
        op.execute(statement)
    for signature in FUNCTIONS:
        op.execute(f"DROP FUNCTION central.{signature}")
    op.execute("DROP TABLE central.rate_buckets")
