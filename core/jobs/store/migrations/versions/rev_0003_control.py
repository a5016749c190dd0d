"""Doer: makes the tables through which admins control jobs, and lets emptied jobs be dropped."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_EMPTIED = "emptied_at IS NOT NULL"
_BUSY_TABLES = ("job", "delivery", "history", "cost", "drafts")
_SHARE = 0.02
"""
How much of a table may be dead before Postgres tidies it up; it takes 0.2 by itself.

A job's row is rewritten about ten times in a minute, and then never again for a month.
"""


def upgrade() -> None:
    """Make the tables and the index; what is there stays as it is."""
    op.create_table(
        "control",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("name IN ('draining', 'paused')", name=op.f("ck_control_name")),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_control")),
    )
    op.create_table(
        "touched",
        sa.Column(
            "line",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            sa.Identity(),
            nullable=False,
        ),
        sa.Column("job_id", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("line", name=op.f("pk_touched")),
    )
    op.create_table(
        "erasure",
        sa.Column("requester", sa.Text(), nullable=False),
        sa.Column("before_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("requester", name=op.f("pk_erasure")),
    )
    op.create_index(
        "ix_job_emptied",
        "job",
        ["finished_at"],
        sqlite_where=sa.text(_EMPTIED),
        postgresql_where=sa.text(_EMPTIED),
    )
    if op.get_bind().dialect.name == "postgresql":
        for table in _BUSY_TABLES:
            op.execute(
                f"ALTER TABLE {table} SET (autovacuum_vacuum_scale_factor = {_SHARE},"
                f" autovacuum_analyze_scale_factor = {_SHARE})"
            )
