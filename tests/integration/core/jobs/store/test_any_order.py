"""Whatever happens to a job in whatever order, the ledger does what the table says."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.errors import StaleJob
from core.jobs import lifecycle
from core.jobs.job import Facts, Job
from core.jobs.lifecycle import TERMINAL, DeliveryKind, Event, Reason, State
from core.jobs.store.ledger import Ledger, open_ledger
from tests.fakes.clock import START, VirtualClock
from tests.fakes.ledger_jobs import FACTS, admitted
from tests.fakes.rig import ADMIT_WITHIN_S

WISHES = (Event.CANCEL, Event.CHECK_AGAIN, Event.ACK_REFUSED)
STEPS = st.one_of(
    st.tuples(st.just("holder"), st.sampled_from(Event)),
    st.tuples(st.just("holder"), st.sampled_from(Event)),
    st.tuples(st.just("likely"), st.integers(0, 9)),
    st.tuples(st.just("likely"), st.integers(0, 9)),
    st.tuples(st.just("zombie"), st.sampled_from(Event)),
    st.tuples(st.just("user"), st.sampled_from(WISHES)),
    st.tuples(st.sampled_from(["claim", "acknowledge"]), st.none()),
)


@dataclass
class Model:
    """What a job should be by the table alone."""

    state: State = State.RECEIVED
    reason: Reason | None = None
    fence: int = 0
    seq: int = 0
    cancel_wanted: bool = False
    has_task: bool = False
    acked: bool = False
    opened: Counter[tuple[DeliveryKind, int]] = field(
        default_factory=lambda: Counter({(DeliveryKind.CARD, 0): 1})
    )

    def happens(self, event: Event) -> None:
        """Follow the table; the conditions of the three events that have one are here in words."""
        if event is Event.CHECK_AGAIN and not self.has_task:
            return
        if event is Event.ACK_REFUSED and self.acked:
            return
        if event is Event.REVIVED:
            return
        self.move(event)

    def move(self, event: Event) -> None:
        """Follow the table."""
        row = lifecycle.advance(self.state, event, cancel_wanted=self.cancel_wanted)
        if row is None:
            return
        if row.wants_cancel:
            self.cancel_wanted = True
            return
        self.has_task = self.has_task or event is Event.ACCEPTED
        self.state, self.reason, self.cancel_wanted = row.to, row.reason, False
        self.fence += row.raises_fence
        self.seq += row.raises_seq
        self.opened.update({(kind, self.seq) for kind in row.opens} - set(self.opened))

    def is_acknowledged(self) -> None:
        """Apply an acknowledgement; it brings back what was withdrawn for want of it."""
        if self.reason is Reason.UNACKED:
            self.move(Event.REVIVED)
        self.acked = self.acked or self.state not in TERMINAL

    def seen(self) -> tuple[object, ...]:
        """Return what can be compared with a job."""
        return self.state, self.reason, self.fence, self.seq, self.cancel_wanted


def _seen(job: Job) -> tuple[object, ...]:
    return job.state, job.reason, job.fence, job.seq, job.cancel_wanted


def _likely(model: Model, number: int) -> Event:
    """Choose among the events that do something now, so that jobs get far."""
    able = [event for event in Event if lifecycle.advance(model.state, event)]
    return able[number % len(able)] if able else Event.CANCEL


async def _play(ledger: Ledger, steps: list[tuple[str, Event | int | None]]) -> None:
    model, held = Model(), await admitted(ledger)
    zombie = held
    at = START
    for who, what in steps:
        at += timedelta(seconds=1)
        event = _likely(model, what) if isinstance(what, int) else what
        match who:
            case "claim":
                claimed = await ledger.claim(held.job_id, owner="w", at=at)
                assert (claimed is None) == (model.reason is Reason.UNACKED)
                if claimed:
                    zombie, held = held, claimed
                    model.fence += 1
            case "acknowledge":
                await ledger.acknowledge(held.job_id, at)
                model.is_acknowledged()
            case "user" if event:
                await ledger.record_as_user(held.job_id, event, at)
                model.happens(event)
            case "zombie" if event and zombie.fence < model.fence:
                with pytest.raises(StaleJob):
                    await ledger.record(zombie, event, at, facts=FACTS.get(event, Facts()))
            case "holder" | "likely" if event:
                held = await _held(ledger, held, model, event, at)
        job = await ledger.load(held.job_id)
        assert _seen(job) == model.seen()
        held = job if job.fence == held.fence else held
    await _check_books(ledger, held.job_id, model)


async def _held(ledger: Ledger, held: Job, model: Model, event: Event, at: datetime) -> Job:
    """Let whoever holds the job report; once a user took it away the report is stale."""
    if held.fence == model.fence:
        model.happens(event)
        return await ledger.record(held, event, at, facts=FACTS.get(event, Facts()))
    with pytest.raises(StaleJob):
        await ledger.record(held, event, at, facts=FACTS.get(event, Facts()))
    return await ledger.load(held.job_id)


async def _check_books(ledger: Ledger, job_id: str, model: Model) -> None:
    lines = [line for line in await ledger.history(job_id) if line.delivery is None]
    assert [line.before for line in lines[1:]] == [line.after for line in lines[:-1]]
    assert lines[-1].after == model.state
    opened = Counter((each.kind, each.seq) for each in await ledger.deliveries(job_id))
    assert opened == model.opened
    sent = 0
    for line in lines:
        sent += (line.event == Event.SUBMIT_CLAIMED) - (
            line.event in {Event.NOT_SENT, Event.PROVIDER_MISCONFIGURED}
        )
        assert sent <= 1, "a second paid call was let through"


@pytest.mark.slow
@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=st.lists(STEPS, max_size=30))
def test_any_order_of_events(
    sqlite_template: Path, steps: list[tuple[str, Event | int | None]]
) -> None:
    """The ledger and the table agree after every step, and the books agree with both."""

    async def play(path: Path) -> None:
        async with open_ledger(
            f"sqlite:///{path}", VirtualClock(), window_s=0.0, admit_within_s=ADMIT_WITHIN_S
        ) as ledger:
            await _play(ledger, steps)

    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        path = Path(folder) / "ledger.db"
        shutil.copy(sqlite_template, path)
        asyncio.run(play(path))
