"""
Rows as earlier versions wrote them: a job in every state, with deliveries in every state.

They are written out here, column by column, so that they stay what those versions left behind,
whatever becomes of the code. `insert` puts them into a database of revision 0001 or 0002.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from core.media.item import MediaItem
from tests.fakes.provider_script import Script, Task


@dataclass(frozen=True, kw_only=True)
class Past:
    """One job as it was left, and what has to become of it."""

    name: str
    state: str
    reason: str | None = None
    said: Mapping[str, str] = field(default_factory=dict)
    """Its deliveries: kind and state."""
    is_acked: bool = True
    is_late: bool = False
    """Whether its deadline has passed."""
    wants_cancel: bool = False
    is_emptied: bool = False
    ends: str = ""
    """The state in which it has to end."""
    submits: int = 0
    """How often it has to be submitted by the new version."""
    tells: tuple[str, ...] = ()
    """What the new version has to say, each once."""


_CARD = {"card": "sent"}
_DONE = {**_CARD, "result": "sent", "card_final": "sent"}
_TOLD = {**_CARD, "notice": "sent", "card_final": "sent"}
_ALL = ("card", "result", "card_final")

PASTS = (
    Past(name="received", state="received", said={"card": "pending"}, ends="ready", submits=1,
         tells=_ALL),
    Past(name="received-posting", state="received", said={"card": "sending"}, ends="ready",
         submits=1, tells=_ALL),
    Past(name="received-unknown", state="received", said={"card": "pending"}, is_acked=False,
         ends="cancelled"),
    Past(name="queued", state="queued", said=_CARD, ends="ready", submits=1,
         tells=("result", "card_final")),
    Past(name="queued-late", state="queued", said=_CARD, is_late=True, ends="expired",
         tells=("notice", "card_final")),
    Past(name="submitting", state="submitting", said=_CARD, ends="uncertain",
         tells=("notice", "card_final")),
    Past(name="submitting-cancelled", state="submitting", said=_CARD, wants_cancel=True,
         ends="uncertain", tells=("notice", "card_final")),
    Past(name="running", state="running", said=_CARD, ends="ready",
         tells=("result", "card_final")),
    Past(name="collecting", state="collecting", said=_CARD, ends="ready",
         tells=("result", "card_final")),
    Past(name="ready", state="ready", said=_DONE, ends="ready"),
    Past(name="ready-untold", state="ready",
         said={**_CARD, "result": "pending", "card_final": "pending"}, ends="ready",
         tells=("result", "card_final")),
    Past(name="ready-posting", state="ready",
         said={**_CARD, "result": "sending", "card_final": "pending"}, ends="ready",
         tells=("result", "card_final")),
    Past(name="ready-refused", state="ready",
         said={**_CARD, "result": "refused", "card_final": "sent"}, ends="ready"),
    Past(name="ready-deleted", state="ready", is_emptied=True,
         said={"card": "deleted", "result": "deleted", "card_final": "sent"}, ends="ready"),
    Past(name="partial", state="ready", reason="partial", said=_DONE, ends="ready"),
    Past(name="no-place", state="failed", reason="no_place",
         said={"card": "refused", "notice": "pending"}, ends="failed", tells=("notice",)),
    Past(name="picture", state="failed", reason="picture", said=_TOLD, ends="failed"),
    Past(name="not-prepared", state="failed", reason="not_prepared", said=_TOLD, ends="failed"),
    Past(name="rejected", state="failed", reason="rejected", said=_TOLD, ends="failed"),
    Past(name="remote-failed", state="failed", reason="remote_failed",
         said={**_CARD, "notice": "sending", "card_final": "pending"}, ends="failed",
         tells=("notice", "card_final")),
    Past(name="filtered", state="failed", reason="filtered", said=_TOLD, ends="failed"),
    Past(name="outputs-lost", state="failed", reason="outputs_lost", said=_TOLD, ends="failed"),
    Past(name="unacked", state="cancelled", reason="unacked", said={"card": "skipped"},
         is_acked=False, ends="cancelled"),
    Past(name="withdrawn", state="cancelled", reason="withdrawn",
         said={**_CARD, "card_final": "sending"}, ends="cancelled", tells=("card_final",)),
    Past(name="may-be-billed", state="cancelled", reason="may_be_billed",
         said={**_CARD, "card_final": "sent"}, ends="cancelled"),
    Past(name="not-submitted", state="expired", reason="not_submitted", said=_TOLD, ends="expired"),
    Past(name="overdue", state="expired", reason="deadline", said=_TOLD, ends="expired"),
    Past(name="uncertain", state="uncertain", reason="outcome_unknown",
         said={**_CARD, "notice": "pending", "card_final": "pending"}, ends="uncertain",
         tells=("notice", "card_final")),
)  # fmt: skip
"""Every state and reason, and every state of a delivery."""

_ENDED = {"ready", "failed", "cancelled", "expired", "uncertain"}
_SENT = {"submitting", "running", "collecting"}
_TASKED = {"running", "collecting", "ready"}
_TASK_REASONS = {"remote_failed", "filtered", "outputs_lost", "may_be_billed", "deadline"}
_PREPARED_NOT = {"received"}
_CHARGED = {"ready", "uncertain"}


@dataclass(frozen=True, kw_only=True)
class World:
    """What the rows refer to."""

    now: datetime
    picture: MediaItem
    """In the spool; stands for what was prepared and for what was made."""
    origin: str
    """Where the provider's results are."""


def job_id_of(past: Past) -> str:
    """Return the id of a past job: 26 characters, in the order of PASTS."""
    return f"01M80000000000000000000{PASTS.index(past):03d}"


def prompt_of(past: Past) -> str:
    """Return the prompt by which the provider knows a past job."""
    return f"past {past.name}"


def task_of(past: Past) -> str | None:
    """Return the id of its remote task, if it has one."""
    return f"task-{past.name}" if past.state in _TASKED or past.reason in _TASK_REASONS else None


def tasks(started_at_s: float) -> dict[str, Task]:
    """Return what the provider has to know: the remote tasks, all of them done."""
    return {
        task_id: Task(
            task_id=task_id,
            script=Script(),
            app_id="",
            prompt=prompt_of(past),
            batch=1,
            started_at_s=started_at_s,
        )
        for past in PASTS
        if (task_id := task_of(past))
    }


def insert(connection: sa.Connection, revision: str, world: World) -> None:
    """Insert the rows; the transaction is the caller's."""
    for past in PASTS:
        _insert(connection, "job", _job(past, world))
        for kind, state in past.said.items():
            _insert(connection, "delivery", _delivery(past, kind, state, world))
        _insert(connection, "history", _line(past, world))
        if past.state in _CHARGED or past.reason in _TASK_REASONS:
            _insert(connection, "cost", _cost(past, world))
    if revision >= "0002":
        _insert(connection, "drafts", _draft(world))


def _insert(connection: sa.Connection, table: str, row: Mapping[str, Any]) -> None:
    is_file = connection.dialect.name == "sqlite"
    kept = {
        name: _as_kept(value, is_file=is_file) for name, value in row.items() if value is not None
    }
    names, places = ", ".join(kept), ", ".join(f":{name}" for name in kept)
    connection.execute(sa.text(f"INSERT INTO {table} ({names}) VALUES ({places})"), kept)


def _as_kept(value: object, *, is_file: bool) -> object:
    if isinstance(value, datetime) and is_file:
        return value.replace(tzinfo=None).isoformat(" ", "microseconds")
    return json.dumps(value) if isinstance(value, dict | list) else value


def _item(item: MediaItem) -> dict[str, object]:
    return {
        "sha256": item.sha256,
        "kind": item.kind.value,
        "size_bytes": item.size_bytes,
        "width_px": item.width_px,
        "height_px": item.height_px,
    }


def _job(past: Past, world: World) -> dict[str, Any]:
    ordered_at = world.now - timedelta(seconds=60)
    is_ended, task_id = past.state in _ENDED, task_of(past)
    was_sent = past.state in _SENT or task_id is not None or past.reason == "outcome_unknown"
    has_pictures = past.state == "ready" and not past.is_emptied
    was_prepared = past.state not in _PREPARED_NOT and past.reason not in {"picture", "unacked"}
    results = [f"{world.origin}/results/{task_id}/0.webp"] if past.state == "collecting" else []
    return {
        "job_id": job_id_of(past),
        "dedupe_key": f"fake:{past.name}",
        "platform": "fake",
        "place": "fake:here",
        "requester": "fake:me",
        "origin_data": {},
        "model_id": "flux-dev",
        "pictures": 1,
        "prompt": None if past.is_emptied else prompt_of(past),
        "request": {
            "model_id": "flux-dev", "image_count": 1, "batch": 1, "size": None,
            "strength": None, "guidance_scale": None, "inference_type": None,
        },
        "credits": 5,
        "preview": False,
        "state": past.state,
        "reason": past.reason,
        "detail": "",
        "cancel_wanted": past.wants_cancel,
        "fence": 1,
        "owner": "01M7ZZZZZZZZZZZZZZZZZZZZZZ",
        "attempt": 0,
        "seq": 0,
        "remote_task_id": None if past.is_emptied else task_id,
        "prepared": [_item(world.picture)] if was_prepared and not past.is_emptied else [],
        "result_urls": results,
        "outputs": [_item(world.picture)] if has_pictures else [],
        "notices": [],
        "created_at": ordered_at,
        "updated_at": world.now,
        "acked_at": ordered_at if past.is_acked else None,
        "deadline_at": world.now + timedelta(seconds=-1 if past.is_late else 800),
        "submitted_at": world.now - timedelta(seconds=50) if was_sent else None,
        "produced_at": world.now if past.state in {"collecting", "ready"} else None,
        "finished_at": world.now if is_ended else None,
        "emptied_at": world.now if past.is_emptied else None,
    }  # fmt: skip


def _delivery(past: Past, kind: str, state: str, world: World) -> dict[str, Any]:
    digest = hashlib.sha256(f"{job_id_of(past)}:{kind}:0".encode()).hexdigest()
    was_begun = state not in {"pending", "skipped"}
    return {
        "job_id": job_id_of(past),
        "kind": kind,
        "seq": 0,
        "state": state,
        "nonce": digest[:25],
        "attempt": int(was_begun),
        "data": {"message": past.name} if state == "sent" else {},
        "first_attempt_at": world.now if was_begun else None,
        "last_attempt_at": world.now if was_begun else None,
    }


def _line(past: Past, world: World) -> dict[str, Any]:
    return {
        "job_id": job_id_of(past),
        "at": world.now,
        "event": "admitted",
        "after": "received",
        "fence": 0,
        "seq": 0,
    }


def _cost(past: Past, world: World) -> dict[str, Any]:
    return {
        "job_id": job_id_of(past),
        "requester": "fake:me",
        "platform": "fake",
        "model_id": "flux-dev",
        "pictures": 1,
        "credits": 5,
        "preview": False,
        "at": world.now,
    }


def _draft(world: World) -> dict[str, Any]:
    return {
        "draft_id": "01M80000000000000000000DRA",
        "platform": "fake",
        "requester": "fake:me",
        "data": {"prompt": "not sent yet"},
        "created_at": world.now,
        "expires_at": world.now + timedelta(hours=1),
    }
