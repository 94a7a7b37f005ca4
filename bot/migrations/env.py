"""Alembic's entry: runs migrations on the connection it is given by `bot.migrations.migrate`."""

from alembic import context

from bot.migrations import ALL

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=list(ALL), render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
