"""What people did, and what they could see of what became of it."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from tests.acceptance.chaos.plan import Errand

PROMPT = re.compile(r"picture \d+ of seed \d+ try \d+\b")
"""What each order has for a prompt: one of its own, so that everything is known by it."""


def prompt_of(errand: Errand, seed: int, attempt: int) -> str:
    """Return the prompt of an attempt to order."""
    return f"picture {errand.number} of seed {seed} try {attempt}"


@dataclass(kw_only=True, eq=False)
class Act:
    """
    One attempt to have a job: an order, or a press of Run again.

    Both questions are asked again at the end: an acknowledgement may have been under way.
    """

    platform: str
    prompt: str
    what: str
    is_acknowledged: Callable[[], bool]
    told: Callable[[], str]
    """The words, if any, that were said to this person alone instead of taking the order."""


@dataclass(kw_only=True)
class View:
    """One job as people see it."""

    job_id: str
    platform: str
    prompt: str
    title: str
    card: object
    cards: int = 1
    results: int = 0
    notices: int = 0
    is_under_way: bool = False
    """Whether its card still offers to cancel it, or says that it goes on."""

    @property
    def has_ended(self) -> bool:
        """Whether its requester can see an end: pictures, or a sentence."""
        return not self.is_under_way and (self.results > 0 or not self.title.startswith("Redrawn"))


class People(ABC):
    """Everybody in one chat."""

    acts: list[Act]

    @abstractmethod
    async def order(self, errand: Errand, prompt: str) -> Act:
        """Have somebody order as they would, and return once that is answered or given up."""

    @abstractmethod
    async def run_again(self, view: View) -> Act | None:
        """Have somebody press Run again; None when there is no such button any more."""

    @abstractmethod
    async def cancel(self, view: View) -> None:
        """Have whoever ordered a job press Cancel, if that is still offered."""

    @abstractmethod
    def views(self) -> list[View]:
        """Return all jobs that anything was said of."""

    @abstractmethod
    def delivered_twice(self) -> int:
        """Return how many results there are beyond one for each end of a job."""

    @abstractmethod
    def told_twice(self) -> int:
        """Return how many notices there are beyond one for each end of a job."""

    @abstractmethod
    def break_line(self) -> Awaitable[None]:
        """Cut the connection on which acts are told of."""
