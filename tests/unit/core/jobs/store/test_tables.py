"""The schema refuses what no job can be, and keeps instants and text whole."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, timezone

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from core.jobs.deliveries import DeliveryEvent
from core.jobs.job import OPEN_DELIVERIES, DeliveryState
from core.jobs.lifecycle import ACTIVE, DeliveryKind, Event, Reason, State
from core.jobs.store.tables import ADMITTED, DELIVERY, HISTORY, JOB, Instant, PlainText

DIALECTS: dict[str, sa.Dialect] = {
    "sqlite": sqlite.dialect(),
    "postgres": postgresql.dialect(),  # type: ignore[no-untyped-call] # SQLAlchemy's own lack
}


def _words(table: sa.Table, name: str) -> set[str]:
    rules = {rule.name: rule for rule in table.constraints if isinstance(rule, sa.CheckConstraint)}
    return set(re.findall(r"'(\w+)'", str(rules[name].sqltext)))


def _index_words(table: sa.Table, name: str) -> set[str]:
    rules = {str(index.name): index.dialect_options["sqlite"]["where"] for index in table.indexes}
    return set(re.findall(r"'(\w+)'", str(rules[name])))


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (_words(JOB, "ck_job_state"), State),
        (_words(JOB, "ck_job_reason"), Reason),
        (_words(DELIVERY, "ck_delivery_state"), DeliveryState),
        (_words(DELIVERY, "ck_delivery_kind"), DeliveryKind),
        (_words(HISTORY, "ck_history_event"), [*Event, *DeliveryEvent, ADMITTED]),
        (_index_words(JOB, "ix_job_active"), ACTIVE),
        (_index_words(DELIVERY, "ix_delivery_open"), OPEN_DELIVERIES),
    ],
    ids=["state", "reason", "delivery state", "kind", "event", "active", "open"],
)
def test_the_schema_knows_the_same_words(found: set[str], expected: Iterable[str]) -> None:
    """The words of every rule and partial index are those of the code."""
    assert found == {str(word) for word in expected}


@pytest.mark.parametrize("dialect", DIALECTS.values(), ids=DIALECTS)
def test_an_instant_comes_back_in_utc(dialect: sa.Dialect) -> None:
    """Whatever zone an instant was given in, it comes back aware and in UTC."""
    given = datetime(2026, 11, 22, 17, 0, tzinfo=timezone(timedelta(hours=5, minutes=30)))

    kept = Instant().process_bind_param(given, dialect)
    back = Instant().process_result_value(kept, dialect)

    assert back == given
    assert back is not None
    assert back.tzinfo is UTC


def test_a_naive_instant_is_refused() -> None:
    """Nobody can say when a naive instant is."""
    with pytest.raises(ValueError, match="no time zone"):
        Instant().process_bind_param(datetime(2026, 11, 22), DIALECTS["sqlite"])  # noqa: DTZ001 -- the mistake under test


@pytest.mark.parametrize(
    ("given", "expected"),
    [("plain", "plain"), ("a\x00b", "ab"), ("half \ud83d pair", "half ? pair"), (None, None)],
)
def test_text_that_no_database_takes_is_mended(given: str | None, expected: str | None) -> None:
    """NUL and half a surrogate pair are taken out, so that they spoil no transaction."""
    assert PlainText().process_bind_param(given, DIALECTS["postgres"]) == expected
