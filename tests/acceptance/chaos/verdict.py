"""What is counted at the end of a chaos run, from the fakes alone and from the ledger."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from adapters.wording import IF_IT_APPEARS, NOT_CHARGED
from tests.acceptance.chaos.acts import Act, View
from tests.acceptance.chaos.plan import Ill, Trouble
from tests.acceptance.chaos.stores import Row
from tests.fakes.provider_script import Submit

EXPLAINS = frozenset({Ill.KILL, Ill.PAUSE, Ill.STORE_CUT, Ill.STORE_ENDED})
"""What may leave it unknown whether a submit was taken, beside a fault at the provider."""
ABOUT = timedelta(seconds=1.0)
"""How much the ledger's clock and the test's may differ: they note the same a little later."""


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """The counts of one run; each of `wrong` has to be 0."""

    acts: int
    acknowledged: int
    told: int
    """Orders that were turned down in words that their person alone could read."""
    in_doubt: int
    """Those among them of which the words say that they may run all the same."""
    jobs: int
    uncertain: int
    cards_twice: int
    """Cards posted again on Slack, where nobody can tell whether there is a first."""
    wrong: dict[str, int]
    which: dict[str, list[str]] = field(default_factory=dict)
    """What is wrong, by name, of each count that is not 0."""

    @property
    def is_right(self) -> bool:
        """Whether the promise was kept."""
        return not any(self.wrong.values())


def judged(
    *,
    acts: Sequence[Act],
    views: Sequence[View],
    rows: Sequence[Row],
    submits: Sequence[Submit],
    twice: tuple[int, int],
    happened: Iterable[tuple[datetime, datetime, Trouble]],
) -> Verdict:
    """Return what is counted; `twice` are results and notices beyond one for each end."""
    asked = [act for act in acts if act.is_acknowledged()]
    told = [act for act in asked if act.told()]
    kept = [row for row in rows if row.reason != "unacked"]
    which = {
        "lost": _lost(asked, told, views),
        "submitted twice": _submitted_twice(submits, kept),
        "under way for ever": [view.job_id for view in views if view.is_under_way],
        "run unasked on Discord": _unasked(asked, kept),
        "cards twice on Discord": [
            view.job_id for view in views if view.platform == "discord" and view.cards > 1
        ],
        "unknown without a cause": _unexplained(kept, submits, list(happened)),
        "without an end": _endless(kept, views),
        "turned down, and run": _turned_down_and_run(asked, told, kept),
    }
    wrong = {name: len(found) for name, found in which.items()}
    return Verdict(
        acts=len(acts),
        acknowledged=len(asked),
        told=len(told),
        in_doubt=sum(map(_is_in_doubt, told)),
        jobs=len(kept),
        uncertain=sum(row.state == "uncertain" for row in kept),
        cards_twice=sum(view.cards - 1 for view in views if view.platform == "slack"),
        wrong={**wrong, "delivered twice": twice[0], "told twice": twice[1]},
        which={name: found for name, found in which.items() if found},
    )


def _lost(asked: Sequence[Act], told: Sequence[Act], views: Sequence[View]) -> list[str]:
    """Name what was acknowledged and ended in nothing that can be seen."""
    owed = Counter(act.prompt for act in asked)
    owed.subtract(Counter(act.prompt for act in told))
    ended = Counter(view.prompt for view in views if view.has_ended)
    return list((owed - ended).elements())


def _submitted_twice(submits: Sequence[Submit], kept: Sequence[Row]) -> list[str]:
    """Name what was taken by the provider more often than there are jobs."""
    taken = Counter(submit.prompt for submit in submits if submit.task_id is not None)
    return list((taken - Counter(row.prompt for row in kept)).elements())


def _unasked(asked: Sequence[Act], kept: Sequence[Row]) -> list[str]:
    """Name what ran on Discord although its person was told that nobody answered."""
    ran = Counter(row.prompt for row in kept if row.platform == "discord")
    return list((ran - Counter(act.prompt for act in asked)).elements())


def _endless(kept: Sequence[Row], views: Sequence[View]) -> list[str]:
    """Name the jobs of the ledger that nobody can see the end of."""
    ended = {view.job_id for view in views if view.has_ended}
    return sorted({row.job_id for row in kept} - ended)


def _turned_down_and_run(
    asked: Sequence[Act], told: Sequence[Act], kept: Sequence[Row]
) -> list[str]:
    """Name the orders whose person was told that they were not taken, and that ran all the same."""
    turned_down = [act for act in told if not (act.platform == "slack" and _is_in_doubt(act))]
    words = {act.prompt: act.told() for act in told}
    wanted = Counter(act.prompt for act in asked)
    wanted.subtract(Counter(act.prompt for act in turned_down))
    ran = Counter(row.prompt for row in kept if row.prompt in words)
    return [f"{prompt}: {words[prompt]}" for prompt in (ran - wanted).elements()]


def _is_in_doubt(act: Act) -> bool:
    """Whether nobody knew if it was kept. On Slack it may run then, and on Discord never."""
    return IF_IT_APPEARS in act.told() and NOT_CHARGED not in act.told()


def _unexplained(
    kept: Sequence[Row],
    submits: Sequence[Submit],
    happened: Sequence[tuple[datetime, datetime, Trouble]],
) -> list[str]:
    """Name the jobs whose end is unknown although nothing went wrong while they were sent."""
    faulty = {submit.prompt for submit in submits if submit.fault is not None}
    spans = [(began, ended) for began, ended, trouble in happened if trouble.ill in EXPLAINS]

    def is_explained(row: Row) -> bool:
        assert row.sending is not None, row
        since, until = row.sending[0] - ABOUT, row.sending[1] + ABOUT
        is_hit = any(began <= until and ended >= since for began, ended in spans)
        return is_hit or row.prompt in faulty

    unknown = [row for row in kept if row.state == "uncertain"]
    return [row.job_id for row in unknown if not is_explained(row)]
