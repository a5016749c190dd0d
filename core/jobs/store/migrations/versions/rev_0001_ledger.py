"""Doer: makes the tables of the first release: job, delivery, cost, history."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_ENDED = "state IN ('cancelled', 'expired', 'failed', 'ready', 'uncertain')"
_ACTIVE = "state IN ('collecting', 'queued', 'received', 'running', 'submitting')"
_REASONS = (
    "reason IS NULL OR reason IN ('deadline', 'filtered', 'may_be_billed', 'no_place', "
    "'not_prepared', 'not_submitted', 'outcome_unknown', 'outputs_lost', 'partial', "
    "'picture', 'rejected', 'remote_failed', 'unacked', 'withdrawn')"
)
_STATES = (
    "state IN ('cancelled', 'collecting', 'expired', 'failed', 'queued', 'ready', "
    "'received', 'running', 'submitting', 'uncertain')"
)
_EVENTS = (
    "event IN ('accepted', 'ack_refused', 'admitted', 'begun', 'cancel', 'check_again', "
    "'collected', 'collected_in_part', 'deadline', 'delayed', 'deleted', 'filtered', "
    "'gave_up', 'gone', 'not_sent', 'noted', 'outcome_unknown', 'outputs_lost', "
    "'picture_refused', 'place_refused', 'preparation_delayed', 'preparation_gave_up', "
    "'prepared', 'produced', 'provider_misconfigured', 'refused', 'rejected', "
    "'remote_failed', 'revived', 'sent', 'show_again', 'submit_claimed', 'superseded')"
)
_ACTIVE_OR_READY = (
    "reason IS NOT NULL OR state IN ('collecting', 'queued', 'ready', 'received', 'running', "
    "'submitting')"
)


def _where(rule: str) -> dict[str, Any]:
    return {"sqlite_where": sa.text(rule), "postgresql_where": sa.text(rule)}


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "job",
        sa.Column("job_id", sa.Text(), nullable=False),
        sa.Column("dedupe_key", sa.Text(), nullable=False),
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("requester", sa.Text(), nullable=False),
        sa.Column("origin_data", sa.JSON(), nullable=False),
        sa.Column("model_id", sa.Text(), nullable=False),
        sa.Column("pictures", sa.Integer(), nullable=False),
        sa.Column("prompt", sa.Text()),
        sa.Column("negative_prompt", sa.Text()),
        sa.Column("request", sa.JSON(), nullable=False),
        sa.Column("credits", sa.Integer(), nullable=False),
        sa.Column("preview", sa.Boolean(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text()),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("cancel_wanted", sa.Boolean(), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("owner", sa.Text()),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("remote_task_id", sa.Text()),
        sa.Column("prepared", sa.JSON(), nullable=False),
        sa.Column("result_urls", sa.JSON(), nullable=False),
        sa.Column("outputs", sa.JSON(), nullable=False),
        sa.Column("notices", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("acked_at", sa.DateTime(timezone=True)),
        sa.Column("not_before_at", sa.DateTime(timezone=True)),
        sa.Column("deadline_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True)),
        sa.Column("produced_at", sa.DateTime(timezone=True)),
        sa.Column("finished_at", sa.DateTime(timezone=True)),
        sa.Column("emptied_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint(f"({_ENDED}) = (finished_at IS NOT NULL)", name=op.f("ck_job_finished")),
        sa.CheckConstraint(
            "NOT cancel_wanted OR state = 'submitting'", name=op.f("ck_job_cancel_wanted")
        ),
        sa.CheckConstraint(f"emptied_at IS NULL OR {_ENDED}", name=op.f("ck_job_emptied")),
        sa.CheckConstraint(_ACTIVE_OR_READY, name=op.f("ck_job_end_has_reason")),
        sa.CheckConstraint(_REASONS, name=op.f("ck_job_reason")),
        sa.CheckConstraint(f"reason IS NULL OR {_ENDED}", name=op.f("ck_job_reason_of_end")),
        sa.CheckConstraint(_STATES, name=op.f("ck_job_state")),
        sa.CheckConstraint(
            "state NOT IN ('collecting', 'running') OR remote_task_id IS NOT NULL",
            name=op.f("ck_job_remote_task"),
        ),
        sa.CheckConstraint(
            "state NOT IN ('collecting', 'running', 'submitting') OR submitted_at IS NOT NULL",
            name=op.f("ck_job_submitted"),
        ),
        sa.CheckConstraint("credits >= 0 AND pictures > 0", name=op.f("ck_job_amounts")),
        sa.CheckConstraint(
            "emptied_at IS NOT NULL OR prompt IS NOT NULL", name=op.f("ck_job_prompt")
        ),
        sa.CheckConstraint("fence >= 0 AND attempt >= 0 AND seq >= 0", name=op.f("ck_job_counts")),
        sa.PrimaryKeyConstraint("job_id", name=op.f("pk_job")),
        sa.UniqueConstraint("dedupe_key", name=op.f("uq_job_dedupe_key")),
    )
    op.create_index("ix_job_active", "job", ["created_at"], **_where(_ACTIVE))
    op.create_index("ix_job_created", "job", ["created_at"])
    op.create_index(
        "ix_job_durations", "job", ["model_id", "produced_at"], **_where("produced_at IS NOT NULL")
    )
    op.create_index("ix_job_kept", "job", ["finished_at"], **_where("emptied_at IS NULL"))
    op.create_index("ix_job_requester", "job", ["requester", "created_at"])

    op.create_table(
        "cost",
        sa.Column("job_id", sa.Text(), nullable=False),
        sa.Column("requester", sa.Text(), nullable=False),
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("model_id", sa.Text(), nullable=False),
        sa.Column("pictures", sa.Integer(), nullable=False),
        sa.Column("credits", sa.Integer(), nullable=False),
        sa.Column("preview", sa.Boolean(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("credits >= 0 AND pictures > 0", name=op.f("ck_cost_amounts")),
        sa.ForeignKeyConstraint(["job_id"], ["job.job_id"], name=op.f("fk_cost_job_id")),
        sa.PrimaryKeyConstraint("job_id", name=op.f("pk_cost")),
    )
    op.create_index("ix_cost_at", "cost", ["at"])

    op.create_table(
        "delivery",
        sa.Column("job_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("nonce", sa.Text(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("not_before_at", sa.DateTime(timezone=True)),
        sa.Column("first_attempt_at", sa.DateTime(timezone=True)),
        sa.Column("last_attempt_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint(
            "kind IN ('card', 'card_final', 'notice', 'result')", name=op.f("ck_delivery_kind")
        ),
        sa.CheckConstraint(
            "state = 'skipped' OR (state = 'pending') = (attempt = 0)",
            name=op.f("ck_delivery_attempt"),
        ),
        sa.CheckConstraint(
            "state IN ('deleted', 'pending', 'refused', 'sending', 'sent', 'skipped')",
            name=op.f("ck_delivery_state"),
        ),
        sa.CheckConstraint(
            "(attempt = 0) = (first_attempt_at IS NULL)", name=op.f("ck_delivery_first_attempt")
        ),
        sa.CheckConstraint("seq >= 0", name=op.f("ck_delivery_seq")),
        sa.ForeignKeyConstraint(["job_id"], ["job.job_id"], name=op.f("fk_delivery_job_id")),
        sa.PrimaryKeyConstraint("job_id", "kind", "seq", name=op.f("pk_delivery")),
        sa.UniqueConstraint("nonce", name=op.f("uq_delivery_nonce")),
    )
    op.create_index(
        "ix_delivery_open", "delivery", ["job_id"], **_where("state IN ('pending', 'sending')")
    )

    op.create_table(
        "history",
        sa.Column(
            "line",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            sa.Identity(),
            nullable=False,
        ),
        sa.Column("job_id", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("before", sa.Text()),
        sa.Column("after", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text()),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("delivery", sa.Text()),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.CheckConstraint(_EVENTS, name=op.f("ck_history_event")),
        sa.ForeignKeyConstraint(["job_id"], ["job.job_id"], name=op.f("fk_history_job_id")),
        sa.PrimaryKeyConstraint("line", name=op.f("pk_history")),
    )
    op.create_index("ix_history_job", "history", ["job_id", "line"])
