"""Doer: runs the steps on the connection that it is handed; Alembic loads it by this name."""

from __future__ import annotations

from alembic import context

from core.jobs.store.tables import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    transactional_ddl=True,
    render_as_batch=True,
)
context.run_migrations()
