"""Root: jobs as the command line shows them: as a table, as a page, and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from adapters.outcomes import outcome
from core import request as requests
from core.jobs.job import Change, Delivery, Job
from core.media.item import MediaItem

_PROMPT_CHARACTERS = 100
"""Of a prompt in a table."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Told:
    """All there is to tell about one job."""

    job: Job
    history: tuple[Change, ...]
    deliveries: tuple[Delivery, ...]


def table(jobs: Sequence[Job]) -> Table:
    """Return jobs one below the other, two lines each."""
    found = Table(box=SIMPLE_HEAD, pad_edge=False)
    found.add_column("job, asked for by", no_wrap=True)
    found.add_column("state, model", no_wrap=True)
    found.add_column("prompt", ratio=1, max_width=60, overflow="fold")
    for job in jobs:
        what = job.request.model_id + (" (preview)" if job.preview else "")
        asked = f"{_instant(job.created_at)} {_plain(job.origin.requester)}"
        found.add_row(
            Text.assemble((job.job_id, "bold"), "\n", (asked, "dim")),
            Text.assemble(_state(job), "\n", (what, "dim")),
            Text(_shortened(_plain(job.request.prompt))),
        )
        found.add_section()
    return found


def _shortened(prompt: str) -> str:
    """Return a prompt in one line; not every language has gaps to cut it at."""
    line = " ".join(prompt.split())
    return line if len(line) <= _PROMPT_CHARACTERS else line[: _PROMPT_CHARACTERS - 1] + "…"


def page(told: Told) -> RenderableType:
    """Return everything about one job: what it is, what happened to it, what was said of it."""
    job = told.job
    facts = Table.grid(padding=(0, 2))
    for label, value in _facts(job):
        facts.add_row(Text(label, style="bold"), Text(_plain(value)))
    history = Table("at", "event", "from", "to", "of", box=SIMPLE_HEAD, pad_edge=False)
    for change in told.history:
        of = f"{change.delivery} {change.seq}" if change.delivery else "job"
        after = f"{change.after}" + (f" ({change.reason})" if change.reason else "")
        history.add_row(_instant(change.at), change.event, change.before or "-", after, of)
    deliveries = Table("delivery", "state", "tries", "last try", box=SIMPLE_HEAD, pad_edge=False)
    for row in told.deliveries:
        tried = _instant(row.last_attempt_at) if row.last_attempt_at else "-"
        deliveries.add_row(f"{row.kind} {row.seq}", row.state, str(row.attempt), tried)
    return Group(facts, history, deliveries)


def _facts(job: Job) -> list[tuple[str, str]]:
    request = requests.to_json(job.request)
    settings = ", ".join(f"{k} {v}" for k, v in request.items() if k != "prompt" and v is not None)
    facts = {
        "job": job.job_id,
        "state": _state(job),
        "in words": outcome(job).text,
        "prompt": job.request.prompt or "(forgotten)",
        "settings": settings,
        "asked by": f"{job.origin.requester} in {job.origin.place}",
        "asked for": _instant(job.created_at),
        "ended": _instant(job.finished_at) if job.finished_at else "",
        "remote task": job.remote_task_id or "",
        "credits": "0, a local preview" if job.preview else f"about {job.credits}",
        "pictures": f"{len(job.prepared)} given, {len(job.outputs)} made",
        "notices": "; ".join(job.notices),
    }
    return [(label, value) for label, value in facts.items() if value]


def _plain(text: str) -> str:
    """Return what somebody wrote without what would steer the reader's terminal."""
    return "".join(c if c.isprintable() else " " for c in text)


def _state(job: Job) -> str:
    return f"{job.state} ({job.reason})" if job.reason else job.state.value


def _instant(at: datetime) -> str:
    """Write an instant as the reader's clock shows it."""
    return at.astimezone().strftime("%Y-%m-%d %H:%M:%S")


def brief(job: Job) -> dict[str, object]:
    """Return what scripts may rely on about a job in a list."""
    return {
        "job_id": job.job_id,
        "state": job.state.value,
        "reason": job.reason.value if job.reason else None,
        "model": job.request.model_id,
        "preview": job.preview,
        "requester": job.origin.requester,
        "place": job.origin.place,
        "prompt": job.request.prompt,
        "credits": job.credits,
        "created_at": job.created_at.isoformat(),
        "finished_at": job.finished_at.isoformat() if job.finished_at else None,
    }


def in_full(told: Told) -> dict[str, object]:
    """Return what scripts may rely on about one job."""
    job = told.job
    return {
        **brief(job),
        "request": requests.to_json(job.request),
        "remote_task_id": job.remote_task_id,
        "prepared": [_picture(item) for item in job.prepared],
        "outputs": [_picture(item) for item in job.outputs],
        "notices": list(job.notices),
        "history": [_change(change) for change in told.history],
        "deliveries": [_delivery(row) for row in told.deliveries],
    }


def _picture(item: MediaItem) -> dict[str, object]:
    return {"name": item.name, "width_px": item.width_px, "height_px": item.height_px}


def _change(change: Change) -> dict[str, object]:
    return {
        "at": change.at.isoformat(),
        "event": change.event,
        "before": change.before,
        "after": change.after,
        "reason": change.reason,
        "delivery": change.delivery,
        "seq": change.seq,
    }


def _delivery(row: Delivery) -> dict[str, object]:
    last = row.last_attempt_at
    return {
        "kind": row.kind,
        "seq": row.seq,
        "state": row.state,
        "attempt": row.attempt,
        "last_attempt_at": last.isoformat() if last else None,
    }
