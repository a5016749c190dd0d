"""What one chaos run is to be: orders and troubles, all drawn up front from one seed."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from tests.fakes.provider_script import Script

PLATFORMS = ("discord", "slack")
TAIL_S = 6.0
"""How long things still go wrong after the last order was to be given, in seconds."""


class Ill(StrEnum):
    """What goes wrong."""

    KILL = "a process is killed"
    PAUSE = "a process is stopped, and goes on later"
    STORE_CUT = "nobody can write to the database"
    STORE_ENDED = "the database ends every connection"
    SUBMIT_CUT = "submits are taken, and their answers are lost"
    SUBMIT_SLOW = "submits are answered late"
    SUBMIT_FAILS = "submits are answered with 503"
    SUBMIT_FULL = "submits are turned away with 429"
    POLL_FAILS = "polls are answered with 502"
    POLL_CUT = "polls are cut off"
    PICTURES_FAIL = "downloads are answered with 500"
    PICTURES_CUT = "downloads are cut off"
    CHAT_FAILS = "the chat answers with 500"
    CHAT_FULL = "the chat answers with 429"
    CHAT_CUT = "calls of the chat are lost"
    CHAT_UNHEARD = "calls of the chat take effect, and their answers are lost"
    CHAT_SLOW = "calls of the chat are answered late"
    LINE_DROPPED = "the connection on which the chat tells of acts is cut"


WEIGHTS: dict[Ill, int] = {
    Ill.KILL: 8,
    Ill.PAUSE: 4,
    Ill.STORE_CUT: 3,
    Ill.STORE_ENDED: 2,
    **dict.fromkeys((Ill.SUBMIT_CUT, Ill.SUBMIT_SLOW, Ill.SUBMIT_FAILS, Ill.SUBMIT_FULL), 2),
    **dict.fromkeys((Ill.POLL_FAILS, Ill.POLL_CUT, Ill.PICTURES_FAIL, Ill.PICTURES_CUT), 2),
    **dict.fromkeys((Ill.CHAT_FAILS, Ill.CHAT_FULL, Ill.CHAT_CUT, Ill.CHAT_UNHEARD), 3),
    **dict.fromkeys((Ill.CHAT_SLOW, Ill.LINE_DROPPED), 3),
}
"""How often each happens, beside the others."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Trouble:
    """One thing that goes wrong: when, for how long or for how many calls, and to whom."""

    at_s: float
    ill: Ill
    lasts_s: float
    """How long it lasts; of a kill until the process is started again."""
    calls: int
    replica: int
    platform: str

    def __str__(self) -> str:
        whom = f"{self.platform}, replica {self.replica}, {self.calls} calls"
        return f"{self.at_s:6.1f} s: {self.ill} ({self.lasts_s:.1f} s; {whom})"


@dataclass(frozen=True, kw_only=True, slots=True)
class Errand:
    """What somebody is about to do: one order, and what they press afterwards."""

    number: int
    at_s: float
    platform: str
    person: int
    way: int
    script: Script
    cancels: bool
    """Whether they press Cancel as soon as there is a card."""
    runs_again: bool
    """Whether they press Run again once there is a result."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """All that is drawn up front."""

    seed: int
    errands: tuple[Errand, ...]
    troubles: tuple[Trouble, ...]

    @property
    def jobs(self) -> int:
        """How many jobs are to be asked for, those that run again counted."""
        return len(self.errands) + sum(errand.runs_again for errand in self.errands)

    def __str__(self) -> str:
        return "\n".join([f"seed {self.seed}, {self.jobs} jobs", *map(str, self.troubles)])


def drawn(seed: int, *, jobs: int, per_s: float, replicas: int = 1, people: int = 20) -> Plan:
    """Return the plan of a seed: the same for the same arguments."""
    rng = random.Random(seed)
    errands = _errands(rng, jobs=jobs, per_s=per_s, people=people)
    until_s = errands[-1].at_s + TAIL_S
    troubles = tuple(_troubles(rng, until_s=until_s, replicas=replicas))
    return Plan(seed=seed, errands=errands, troubles=troubles)


def _errands(rng: random.Random, *, jobs: int, per_s: float, people: int) -> tuple[Errand, ...]:
    errands: list[Errand] = []
    at_s, left = 0.0, jobs
    while left > 0:
        at_s += rng.expovariate(per_s)
        luck = rng.random()
        runs_again = luck < 0.08 and left > 1
        errands.append(
            Errand(
                number=len(errands),
                at_s=at_s,
                platform=PLATFORMS[len(errands) % 2],
                person=rng.randrange(people),
                way=rng.randrange(64),
                script=_script(rng),
                cancels=luck > 0.95,
                runs_again=runs_again,
            )
        )
        left -= 1 + runs_again
    return tuple(errands)


def _script(rng: random.Random) -> Script:
    """Return how a remote task goes: mostly well, seldom badly, sometimes for long."""
    luck, pending_s, answers_s = rng.random(), rng.uniform(1.0, 6.0), rng.uniform(0.0, 0.6)
    if luck < 0.03:
        return Script(answers_s=answers_s, pending_s=pending_s, fails=True)
    if luck < 0.05:
        return Script(answers_s=answers_s, pending_s=pending_s, pictures=0)
    if luck < 0.08:
        pending_s = rng.uniform(12.0, 20.0)
    return Script(answers_s=answers_s, pending_s=pending_s)


def _troubles(rng: random.Random, *, until_s: float, replicas: int) -> Sequence[Trouble]:
    troubles: list[Trouble] = []
    at_s = 1.0
    while at_s < until_s:
        (ill,) = rng.choices(list(WEIGHTS), list(WEIGHTS.values()))
        trouble = Trouble(
            at_s=at_s,
            ill=ill,
            lasts_s=_length_s(rng, ill),
            calls=rng.randint(1, 8),
            replica=rng.randrange(replicas),
            platform=rng.choice(PLATFORMS),
        )
        troubles.append(trouble)
        at_s += rng.uniform(0.4, 3.6)
    return troubles


def _length_s(rng: random.Random, ill: Ill) -> float:
    if ill is Ill.KILL:
        return rng.uniform(0.0, 1.5)
    if ill is Ill.PAUSE:
        return rng.choice([rng.uniform(0.5, 3.0), rng.uniform(8.0, 16.0)])
    return rng.uniform(0.5, 4.0)
