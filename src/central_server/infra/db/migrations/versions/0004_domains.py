"""Domains of tenants, and who has verified the one that counts for a name."""

from alembic import op

from central_server.infra.db.rls import enable_rls, platform_function

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE central.domains (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    name TEXT NOT NULL,
    token TEXT NOT NULL,
    state TEXT DEFAULT 'pending' NOT NULL,
    include_subdomains BOOLEAN NOT NULL,
    connector_id UUID,
    verified_at TIMESTAMP WITH TIME ZONE,
    failing_since TIMESTAMP WITH TIME ZONE,
    checked_at TIMESTAMP WITH TIME ZONE,
    next_check_at TIMESTAMP WITH TIME ZONE,
    check_outcome TEXT,
    check_found TEXT[] DEFAULT '{}' NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    version INTEGER DEFAULT 1 NOT NULL,
    CONSTRAINT pk_domains PRIMARY KEY (tenant_id, id),
    CONSTRAINT ck_domains_state CHECK (state IN ('pending', 'verified', 'failing', 'lapsed')),
    CONSTRAINT ck_domains_times CHECK (
        (verified_at IS NOT NULL) = (state IN ('verified', 'failing'))
        AND (failing_since IS NOT NULL) = (state = 'failing')
    ),
    CONSTRAINT fk_domains_tenant_id_tenants
        FOREIGN KEY(tenant_id) REFERENCES central.tenants (id) ON DELETE CASCADE,
    CONSTRAINT fk_domains_tenant_id_connector_id_auth_connectors
        FOREIGN KEY(tenant_id, connector_id) REFERENCES central.auth_connectors (tenant_id, id)
        ON DELETE SET NULL (connector_id)
);

CREATE UNIQUE INDEX uq_domains_name ON central.domains (tenant_id, name);
CREATE UNIQUE INDEX uq_domains_verified_name ON central.domains (name) WHERE state IN ('verified', 'failing');
CREATE INDEX ix_domains_created_at ON central.domains (tenant_id, created_at, id);
CREATE INDEX ix_domains_connector ON central.domains (tenant_id, connector_id);
CREATE INDEX ix_domains_due ON central.domains (next_check_at, id) WHERE state IN ('verified', 'failing');
"""

# The application makes claims that are pending, and changes neither what is claimed nor its proof.
PRIVILEGES = (
    "SELECT, DELETE, INSERT (tenant_id, id, name, token, include_subdomains, connector_id), "
    "UPDATE (state, include_subdomains, connector_id, verified_at, failing_since, checked_at, next_check_at, "
    "check_outcome, check_found, updated_at, version)"
)

# The nearest verified domain decides, whoever's it is: `names` is a name and those above it, the nearest first.
FIND_DOMAIN_HOLDER = """
CREATE FUNCTION central.find_domain_holder(names text[])
RETURNS TABLE (
    tenant_id uuid,
    tenant_slug text,
    tenant_state text,
    domain_id uuid,
    connector_id uuid
)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = '' ROWS 1
AS $$
BEGIN
    RETURN QUERY
    SELECT d.tenant_id, t.slug, t.state, d.id, c.id
    FROM (
        SELECT n.* FROM central.domains n
        WHERE n.name = ANY (names) AND n.state IN ('verified', 'failing')
        ORDER BY length(n.name) DESC
        LIMIT 1
    ) AS d
    JOIN central.tenants t ON t.id = d.tenant_id
    LEFT JOIN central.auth_connectors c ON c.tenant_id = d.tenant_id AND c.id = d.connector_id AND c.enabled
    WHERE d.name = names[1] OR d.include_subdomains;
END $$
"""


def upgrade() -> None:
    for statement in TABLES.split(";\n"):
        if statement.strip():
            op.execute(statement)
    enable_rls(op, "domains", privileges=PRIVILEGES)
    op.execute(FIND_DOMAIN_HOLDER)
    platform_function(op, "find_domain_holder(text[])")


def downgrade() -> None:
    op.execute("DROP FUNCTION central.find_domain_holder(text[])")
    op.execute("DROP TABLE central.domains")
