"""Decider: the tables of the ledger; one schema for SQLite and Postgres."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

import sqlalchemy as sa
from sqlalchemy.engine import Dialect

from core.jobs.deliveries import DeliveryEvent
from core.jobs.job import OPEN_DELIVERIES, DeliveryState
from core.jobs.lifecycle import ACTIVE, TERMINAL, DeliveryKind, Event, Reason, State
from core.jobs.mode import Halt

METADATA = sa.MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
    }
)


class Instant(sa.types.TypeDecorator[datetime]):
    """An aware instant: kept in UTC, given back in UTC, refused when naive."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return what is kept; SQLite has no zones, so that it gets UTC without one."""
        if value is None:
            return None
        in_utc = _in_utc(value)
        return in_utc.replace(tzinfo=None) if dialect.name == "sqlite" else in_utc

    def process_result_value(
        self,
        value: datetime | None,
        dialect: Dialect,  # noqa: ARG002 -- SQLAlchemy's signature
    ) -> datetime | None:
        """Return what was kept, aware, in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def _in_utc(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError(f"{value} has no time zone")
    return value.astimezone(UTC)


def instant_to_text(value: datetime | None) -> str | None:
    """Return an instant as it is kept in SQLite."""
    if value is None:
        return None
    return _in_utc(value).replace(tzinfo=None).isoformat(" ", "microseconds")


def instant_from_text(text: str | None) -> datetime | None:
    """Return the instant that was kept in SQLite."""
    return None if text is None else datetime.fromisoformat(text).replace(tzinfo=UTC)


def text_to_keep(text: str | None) -> str | None:
    """Return the text without what could not be kept."""
    return None if text is None else mended(text)


def mended(text: str) -> str:
    """Return a text without what no database takes: NUL, and halves of surrogate pairs."""
    if type(text) is str and text.isascii() and "\x00" not in text:
        return text
    return text.replace("\x00", "").encode("utf-8", "replace").decode()


class PlainText(sa.types.TypeDecorator[str]):
    """
    Text that every database takes: no NUL, no half of a surrogate pair.

    A foreign string must never be able to spoil a transaction that others share.
    """

    impl = sa.Text
    cache_ok = True

    def process_bind_param(
        self,
        value: str | None,
        dialect: Dialect,  # noqa: ARG002 -- SQLAlchemy's signature
    ) -> str | None:
        """Return the text without what could not be kept."""
        return text_to_keep(value)


_JSON = sa.JSON(none_as_null=True)


def _one_of(column: str, words: Iterable[str]) -> str:
    return f"{column} IN ({', '.join(repr(str(word)) for word in sorted(words))})"


def _check(rule: str, name: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(sa.text(rule), name=name)


def _partial(name: str, *columns: str, where: str) -> sa.Index:
    rule = sa.text(where)
    return sa.Index(name, *columns, sqlite_where=rule, postgresql_where=rule)


JOB = sa.Table(
    "job",
    METADATA,
    sa.Column("job_id", PlainText, primary_key=True),
    sa.Column("dedupe_key", PlainText, nullable=False, unique=True),
    sa.Column("platform", PlainText, nullable=False),
    sa.Column("place", PlainText, nullable=False),
    sa.Column("requester", PlainText, nullable=False),
    sa.Column("origin_data", _JSON, nullable=False),
    sa.Column("model_id", PlainText, nullable=False),
    sa.Column("pictures", sa.Integer, nullable=False),
    sa.Column("prompt", PlainText),
    sa.Column("negative_prompt", PlainText),
    sa.Column("request", _JSON, nullable=False),
    sa.Column("credits", sa.Integer, nullable=False),
    sa.Column("preview", sa.Boolean, nullable=False),
    sa.Column("state", PlainText, nullable=False),
    sa.Column("reason", PlainText),
    sa.Column("detail", PlainText, nullable=False),
    sa.Column("cancel_wanted", sa.Boolean, nullable=False),
    sa.Column("fence", sa.Integer, nullable=False),
    sa.Column("owner", PlainText),
    sa.Column("attempt", sa.Integer, nullable=False),
    sa.Column("seq", sa.Integer, nullable=False),
    sa.Column("remote_task_id", PlainText),
    sa.Column("prepared", _JSON, nullable=False),
    sa.Column("result_urls", _JSON, nullable=False),
    sa.Column("outputs", _JSON, nullable=False),
    sa.Column("notices", _JSON, nullable=False),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("updated_at", Instant, nullable=False),
    sa.Column("acked_at", Instant),
    sa.Column("not_before_at", Instant),
    sa.Column("deadline_at", Instant, nullable=False),
    sa.Column("submitted_at", Instant),
    sa.Column("produced_at", Instant),
    sa.Column("finished_at", Instant),
    sa.Column("emptied_at", Instant),
    _check(_one_of("state", State), "state"),
    _check(f"reason IS NULL OR {_one_of('reason', Reason)}", "reason"),
    _check(f"reason IS NULL OR {_one_of('state', TERMINAL)}", "reason_of_end"),
    _check(f"reason IS NOT NULL OR {_one_of('state', ACTIVE | {State.READY})}", "end_has_reason"),
    _check(f"({_one_of('state', TERMINAL)}) = (finished_at IS NOT NULL)", "finished"),
    _check(
        "state NOT IN ('collecting', 'running', 'submitting') OR submitted_at IS NOT NULL",
        "submitted",
    ),
    _check("state NOT IN ('collecting', 'running') OR remote_task_id IS NOT NULL", "remote_task"),
    _check("NOT cancel_wanted OR state = 'submitting'", "cancel_wanted"),
    _check(f"emptied_at IS NULL OR {_one_of('state', TERMINAL)}", "emptied"),
    _check("emptied_at IS NOT NULL OR prompt IS NOT NULL", "prompt"),
    _check("fence >= 0 AND attempt >= 0 AND seq >= 0", "counts"),
    _check("credits >= 0 AND pictures > 0", "amounts"),
    _partial("ix_job_active", "created_at", where=_one_of("state", ACTIVE)),
    _partial("ix_job_durations", "model_id", "produced_at", where="produced_at IS NOT NULL"),
    _partial("ix_job_kept", "finished_at", where="emptied_at IS NULL"),
    _partial("ix_job_emptied", "finished_at", where="emptied_at IS NOT NULL"),
    sa.Index("ix_job_created", "created_at"),
    sa.Index("ix_job_requester", "requester", "created_at"),
)
"""One row for each job; `prompt` and the pictures are emptied when their time is over."""

DELIVERY = sa.Table(
    "delivery",
    METADATA,
    sa.Column("job_id", PlainText, sa.ForeignKey("job.job_id"), primary_key=True),
    sa.Column("kind", PlainText, primary_key=True),
    sa.Column("seq", sa.Integer, primary_key=True),
    sa.Column("state", PlainText, nullable=False),
    sa.Column("nonce", PlainText, nullable=False, unique=True),
    sa.Column("attempt", sa.Integer, nullable=False),
    sa.Column("data", _JSON, nullable=False),
    sa.Column("not_before_at", Instant),
    sa.Column("first_attempt_at", Instant),
    sa.Column("last_attempt_at", Instant),
    _check(_one_of("kind", DeliveryKind), "kind"),
    _check(_one_of("state", DeliveryState), "state"),
    _check("seq >= 0", "seq"),
    _check("state = 'skipped' OR (state = 'pending') = (attempt = 0)", "attempt"),
    _check("(attempt = 0) = (first_attempt_at IS NULL)", "first_attempt"),
    _partial("ix_delivery_open", "job_id", where=_one_of("state", OPEN_DELIVERIES)),
)
"""One row for each thing to be said; `data` is the adapter's own."""

COST = sa.Table(
    "cost",
    METADATA,
    sa.Column("job_id", PlainText, sa.ForeignKey("job.job_id"), primary_key=True),
    sa.Column("requester", PlainText, nullable=False),
    sa.Column("platform", PlainText, nullable=False),
    sa.Column("model_id", PlainText, nullable=False),
    sa.Column("pictures", sa.Integer, nullable=False),
    sa.Column("credits", sa.Integer, nullable=False),
    sa.Column("preview", sa.Boolean, nullable=False),
    sa.Column("at", Instant, nullable=False),
    _check("credits >= 0 AND pictures > 0", "amounts"),
    sa.Index("ix_cost_at", "at"),
)
"""What an ended job cost by our estimate; kept when the job has been emptied."""

ADMITTED = "admitted"
"""The event of the first line of every history."""
_EVENTS = {ADMITTED, *Event, *DeliveryEvent}

HISTORY = sa.Table(
    "history",
    METADATA,
    sa.Column(
        "line", sa.BigInteger().with_variant(sa.Integer, "sqlite"), sa.Identity(), primary_key=True
    ),
    sa.Column("job_id", PlainText, sa.ForeignKey("job.job_id"), nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("event", PlainText, nullable=False),
    sa.Column("before", PlainText),
    sa.Column("after", PlainText, nullable=False),
    sa.Column("reason", PlainText),
    sa.Column("fence", sa.Integer, nullable=False),
    sa.Column("delivery", PlainText),
    sa.Column("seq", sa.Integer, nullable=False),
    _check(_one_of("event", _EVENTS), "event"),
    sa.Index("ix_history_job", "job_id", "line"),
)
"""One line for each change of a job, and of a delivery but its opening; only ever added to."""

DRAFTS = sa.Table(
    "drafts",
    METADATA,
    sa.Column("draft_id", PlainText, primary_key=True),
    sa.Column("platform", PlainText, nullable=False),
    sa.Column("requester", PlainText, nullable=False),
    sa.Column("data", _JSON, nullable=False),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("expires_at", Instant, nullable=False),
    _check("expires_at > created_at", "expiry"),
    sa.Index("ix_drafts_expires", "expires_at"),
    sa.Index("ix_drafts_requester", "requester", "draft_id"),
)
"""One row for each form that is open in a chat; removed when its time is over."""

CONTROL = sa.Table(
    "control",
    METADATA,
    sa.Column("name", PlainText, primary_key=True),
    sa.Column("at", Instant, nullable=False),
    _check(_one_of("name", Halt), "name"),
)
"""One row for each thing that the operator has halted, and since when."""

TOUCHED = sa.Table(
    "touched",
    METADATA,
    sa.Column(
        "line", sa.BigInteger().with_variant(sa.Integer, "sqlite"), sa.Identity(), primary_key=True
    ),
    sa.Column("job_id", PlainText, nullable=False),
    sa.Column("at", Instant, nullable=False),
)
"""Jobs that a process which drives none has changed, for those who do; kept for an hour."""

ERASURE = sa.Table(
    "erasure",
    METADATA,
    sa.Column("requester", PlainText, primary_key=True),
    sa.Column("before_at", Instant, nullable=False),
)
"""People to be forgotten with all they ordered until then; the row goes with the last of it."""
