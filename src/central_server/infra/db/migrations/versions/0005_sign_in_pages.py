"""What the sign-in pages need: colours, links in mails, where to return to, tokens to sign out at a provider."""

from alembic import op

revision = "0005"
down_revision = "0008"
branch_labels = None
depends_on = None

UPGRADE = (
    """
    ALTER TABLE central.tenants ADD COLUMN accent_color TEXT, ADD COLUMN background_color TEXT,
        ADD CONSTRAINT ck_tenants_accent_color CHECK (accent_color ~ '^#[0-9a-f]{6}$'),
        ADD CONSTRAINT ck_tenants_background_color CHECK (background_color ~ '^#[0-9a-f]{6}$')
    """,
    "GRANT UPDATE (accent_color, background_color) ON central.tenants TO central_app, central_platform",
    # No link can be made of a code that waits to be mailed: whoever has asked for one just now asks again.
    """
    ALTER TABLE central.email_codes DROP COLUMN code, ADD COLUMN token BYTEA, ADD COLUMN link_hash BYTEA,
        ADD COLUMN return_to TEXT, ADD COLUMN refusals INTEGER DEFAULT 0 NOT NULL
    """,
    "CREATE UNIQUE INDEX uq_email_codes_link ON central.email_codes (tenant_id, link_hash)",
    "ALTER TABLE central.login_transactions ADD COLUMN max_age INTEGER",
    "ALTER TABLE central.sessions ADD COLUMN id_token BYTEA",
    """
    CREATE TABLE central.address_sign_ins (
        id UUID NOT NULL,
        email TEXT NOT NULL,
        binding_hash BYTEA NOT NULL,
        shared BOOLEAN NOT NULL,
        return_to TEXT,
        attempts INTEGER DEFAULT 0 NOT NULL,
        created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
        expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
        CONSTRAINT pk_address_sign_ins PRIMARY KEY (id)
    )
    """,
    "CREATE INDEX ix_address_sign_ins_shared ON central.address_sign_ins (lower(email)) WHERE shared",
    "CREATE INDEX ix_address_sign_ins_created_at ON central.address_sign_ins (created_at)",
    "GRANT SELECT, INSERT, UPDATE (attempts), DELETE ON central.address_sign_ins TO central_platform",
)
DOWNGRADE = (
    "DROP TABLE central.address_sign_ins",
    "ALTER TABLE central.sessions DROP COLUMN id_token",
    "ALTER TABLE central.login_transactions DROP COLUMN max_age",
    """
    ALTER TABLE central.email_codes DROP COLUMN token, DROP COLUMN link_hash, DROP COLUMN return_to,
        DROP COLUMN refusals, ADD COLUMN code BYTEA
    """,
    "ALTER TABLE central.tenants DROP COLUMN accent_color, DROP COLUMN background_color",
)


def upgrade() -> None:
    for statement in UPGRADE:
        op.execute(statement)


def downgrade() -> None:
    for statement in DOWNGRADE:
        op.execute(statement)
