"""What alembic runs: the migrations, on the connection that `migrate` gives."""

from alembic import context

from central_server.infra.db.metadata import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    version_table_schema="central",
    transaction_per_migration=True,
    compare_server_default=True,
)
with context.begin_transaction():
    context.run_migrations()
