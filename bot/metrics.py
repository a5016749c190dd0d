"""
Doer: counts what this process does, in the format of Prometheus.

What the ledger knows of all processes together (jobs by state, the oldest) is read anew for each
page; everything else counts this process alone. No label holds what a user wrote or is.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from core.errors import Misconfiguration
from core.jobs.dispatch import Upkeep
from core.jobs.job import Pile
from core.jobs.lifecycle import ACTIVE, State
from core.jobs.mode import Halt

CONTENT_TYPE: Final = CONTENT_TYPE_LATEST
"""Of the page that `Metrics.page` returns."""

_ACK_BUCKETS_S = (0.05, 0.1, 0.25, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 5.0)
"""Both platforms give up after 3 s."""
_TASK_BUCKETS_S = (1, 2, 5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 300, 600, 900)
"""Up to the usual deadline of a job."""


class Metrics:
    """
    The numbers of one process; every counter is there from the start, at nought.

    Prometheus sees no increase in a number whose first value is 1. Whoever counts by an outcome
    makes its counters when it is made itself.
    """

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self._acknowledgement_s = Histogram(
            "redraw_acknowledgement_seconds",
            "From an order's arrival until the platform took its acknowledgement.",
            ["platform"],
            buckets=_ACK_BUCKETS_S,
            registry=self.registry,
        )
        self.submits = Counter(
            "redraw_submits",
            "Paid calls by what came of them.",
            ["outcome"],
            registry=self.registry,
        )
        self.polls = Counter(
            "redraw_polls", "Status calls by their answer.", ["outcome"], registry=self.registry
        )
        self.deliveries = Counter(
            "redraw_deliveries",
            "Tries to say something in a chat, by what came of them.",
            ["platform", "kind", "outcome"],
            registry=self.registry,
        )
        self.edits = Counter(
            "redraw_edits",
            "Edits that show progress, by what came of them.",
            ["platform", "outcome"],
            registry=self.registry,
        )
        self.task_s = Histogram(
            "redraw_remote_task_seconds",
            "From a submit until its result was seen, of results that were posted.",
            ["model"],
            buckets=_TASK_BUCKETS_S,
            registry=self.registry,
        )
        self.job_s = Histogram(
            "redraw_job_seconds",
            "From an order until its result was posted.",
            ["platform"],
            buckets=_TASK_BUCKETS_S,
            registry=self.registry,
        )
        self._alarms = Counter(
            "redraw_alarms",
            "What the operator has to mend, each time it was noticed.",
            ["cause"],
            registry=self.registry,
        )
        for cause in Misconfiguration:
            self._alarms.labels(cause.value)
        self._jobs = self._gauge("redraw_jobs", "Jobs in the ledger by state.", "state")
        self._oldest_s = self._gauge(
            "redraw_oldest_job_seconds", "Age of the oldest job in a state that is no end.", "state"
        )
        self._store_up = self._gauge("redraw_store_up", "Whether the ledger takes writes.")
        self._worker_up = self._gauge("redraw_worker_up", "Whether this process drives jobs.")
        self._chat_up = self._gauge(
            "redraw_chat_up", "Whether this process hears a chat.", "platform"
        )
        self._unfinished_s = self._gauge(
            "redraw_oldest_unfinished_seconds",
            "Age of the oldest job with anything left to do, something to say included.",
        )
        self._sweep_overdue = self._gauge(
            "redraw_sweep_overdue", "Whether looking for the jobs of dead replicas fails for long."
        )
        self._stuck = self._gauge(
            "redraw_rows_stuck", "Jobs that stay with dead replicas though they were given back."
        )
        self._held_back = self._gauge(
            "redraw_rows_held_back", "Jobs that wait because those who held them died too often."
        )
        self._halted = self._gauge("redraw_halted", "Whether the operator has halted it.", "what")

    def acknowledged(self, platform: str, took_s: float) -> None:
        """Count an order whose acknowledgement the platform took after so many seconds."""
        self._acknowledgement_s.labels(platform).observe(took_s)

    def alarmed(self, cause: Misconfiguration) -> None:
        """Count something that the operator has to mend."""
        self._alarms.labels(cause.value).inc()

    def show_ledger(self, piles: Mapping[State, Pile], now: datetime) -> None:
        """Take over how many jobs there are in each state, and how old the oldest are."""
        for state, pile in piles.items():
            self._jobs.labels(state.value).set(pile.jobs)
            if state in ACTIVE:
                self._oldest_s.labels(state.value).set(_age_s(pile.oldest_at, now))

    def show_health(
        self,
        *,
        store_is_up: bool,
        worker_is_up: bool,
        chats: Mapping[str, bool],
    ) -> None:
        """Take over whether the process can work."""
        self._store_up.set(store_is_up)
        self._worker_up.set(worker_is_up)
        for platform, is_up in chats.items():
            self._chat_up.labels(platform).set(is_up)

    def show_standing(
        self, unfinished_since: datetime | None, halted: Collection[str], now: datetime
    ) -> None:
        """Take over since when something is unfinished, and what is halted."""
        self._unfinished_s.set(_age_s(unfinished_since, now))
        for halt in Halt:
            self._halted.labels(halt.value).set(halt.value in halted)

    def show_upkeep(self, upkeep: Upkeep | None) -> None:
        """Take over how the looking after dead replicas goes; None where there are no replicas."""
        self._sweep_overdue.set(upkeep is not None and upkeep.is_overdue)
        self._stuck.set(0 if upkeep is None else upkeep.stuck)
        self._held_back.set(0 if upkeep is None else upkeep.held_back)

    def page(self) -> bytes:
        """Return all numbers as Prometheus reads them."""
        return generate_latest(self.registry)

    def _gauge(self, name: str, told: str, *labels: str) -> Gauge:
        return Gauge(name, told, labels, registry=self.registry)


def _age_s(since: datetime | None, now: datetime) -> float:
    return 0.0 if since is None else max((now - since).total_seconds(), 0.0)
