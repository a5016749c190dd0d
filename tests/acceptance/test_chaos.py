"""Both chats at once while everything fails at random: nothing lost, nothing done or told twice."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from adapters.wording import IF_IT_APPEARS, NOT_CHARGED
from tests.acceptance.chaos import verdict
from tests.acceptance.chaos.acts import Act, View
from tests.acceptance.chaos.plan import Ill, Plan, Trouble, drawn
from tests.acceptance.chaos.run import Outcome, stage
from tests.acceptance.chaos.stores import Row
from tests.acceptance.chaos.verdict import Verdict
from tests.fakes.provider_script import FAULTS, Submit

SEED, JOBS, PER_S = 12, 40, 4.0

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
PROMPT = "picture 1 of seed 1 try 0"


def _plan(seed: int = SEED, *, replicas: int = 1) -> Plan:
    return drawn(seed, jobs=JOBS, per_s=PER_S, replicas=replicas)


async def _outcome(folder: Path, plan: Plan, *, replicas: int) -> Outcome:
    async with stage(folder, plan, replicas=replicas) as opened:
        outcome = await opened.play()
    print(f"\n{outcome}")  # noqa: T201
    assert outcome.verdict.is_right, f"{outcome}\n{outcome.verdict.which}\n{plan}"
    return outcome


@pytest.mark.slow
async def test_one_process_on_a_file(tmp_path: Path) -> None:
    """One process with both chats keeps its promise, and stops in order at the end."""
    plan = _plan()
    outcome = await _outcome(tmp_path / "run", plan, replicas=0)

    assert outcome.verdict.jobs >= len(plan.errands)
    assert outcome.kills > 0
    assert outcome.codes == [0]


@pytest.mark.slow
@pytest.mark.postgres
async def test_replicas_on_postgres(tmp_path: Path) -> None:
    """Two processes over one database do so together."""
    plan = _plan(replicas=2)
    outcome = await _outcome(tmp_path / "run", plan, replicas=2)

    assert outcome.verdict.jobs >= len(plan.errands)
    assert outcome.kills > 0
    assert outcome.codes == [0, 0]


def test_a_seed_says_it_all() -> None:
    """A run that failed can be had again, and another seed is another run."""
    assert _plan(3) == _plan(3)
    assert _plan(3) != _plan(4)
    assert str(_plan(3).troubles[0]) in str(_plan(3))


def test_many_jobs_meet_every_ill() -> None:
    """No kind of trouble is left out of a long run."""
    plan = drawn(1, jobs=500, per_s=1.0, replicas=3)

    assert plan.jobs == 500
    assert {trouble.ill for trouble in plan.troubles} == set(Ill)
    assert {trouble.replica for trouble in plan.troubles} == {0, 1, 2}


ACT = Act(
    platform="discord", prompt=PROMPT, what="/redraw",
    is_acknowledged=lambda: True, told=lambda: "",
)  # fmt: skip
VIEW = View(job_id="A", platform="discord", prompt=PROMPT, title="Redrawn", card=None, results=1)
ROW = Row(job_id="A", platform="discord", prompt=PROMPT, state="ready", reason=None)
TAKEN = Submit(task_id="t", app_id="a", prompt=PROMPT, body={})
UNKNOWN = replace(ROW, state="uncertain", sending=(NOON, NOON + SECOND))
ON_SLACK, SEEN_ON_SLACK = replace(ROW, platform="slack"), replace(VIEW, platform="slack")
DOUBTED = replace(ACT, platform="slack", told=lambda: f"Busy. {IF_IT_APPEARS}")
BOTH = replace(ACT, platform="slack", told=lambda: f"{IF_IT_APPEARS}\n{NOT_CHARGED} Ask again.")
KILL = Trouble(at_s=0, ill=Ill.KILL, lasts_s=0, calls=1, replica=0, platform="slack")


def _judged(
    *,
    acts: Iterable[Act] = (ACT,),
    views: Iterable[View] = (VIEW,),
    rows: Iterable[Row] = (ROW,),
    submits: Iterable[Submit] = (TAKEN,),
    twice: tuple[int, int] = (0, 0),
    killed_at: datetime | None = None,
) -> Verdict:
    happened = [(killed_at, killed_at, KILL)] if killed_at else []
    return verdict.judged(
        acts=list(acts), views=list(views), rows=list(rows), submits=list(submits),
        twice=twice, happened=happened,
    )  # fmt: skip


def test_what_went_well_is_right() -> None:
    """One order, one job, one submit, one result; or one order and words why not."""
    told = replace(ACT, told=lambda: "busy")

    assert _judged().is_right
    assert _judged(acts=[told], views=[], rows=[], submits=[]).is_right


def test_an_order_in_doubt_may_run_on_slack_alone() -> None:
    """Where a kept order counts as acknowledged, its person was told that it may go on."""
    ran = _judged(acts=[DOUBTED], views=[SEEN_ON_SLACK], rows=[ON_SLACK])

    assert (ran.is_right, ran.told, ran.in_doubt) == (True, 1, 1)
    assert _judged(acts=[DOUBTED], views=[], rows=[], submits=[]).is_right


def test_what_nobody_took_is_not_owed() -> None:
    """An act that was not acknowledged may have come to nothing."""
    silent = replace(ACT, is_acknowledged=lambda: False)

    found = _judged(acts=[silent], views=[], rows=[], submits=[])

    assert (found.is_right, found.acts, found.acknowledged) == (True, 1, 0)


@pytest.mark.parametrize(
    ("wrong", "found"),
    [
        ("lost", _judged(views=[], rows=[])),
        ("lost", _judged(views=[replace(VIEW, results=0)])),
        ("under way for ever", _judged(views=[replace(VIEW, is_under_way=True)])),
        ("submitted twice", _judged(submits=[TAKEN, TAKEN])),
        ("without an end", _judged(rows=[ROW, replace(ROW, job_id="B", platform="slack")])),
        ("turned down, and run", _judged(acts=[replace(ACT, told=lambda: "busy")])),
        ("turned down, and run", _judged(acts=[replace(ACT, told=lambda: IF_IT_APPEARS)])),
        ("turned down, and run", _judged(acts=[BOTH], rows=[ON_SLACK], views=[SEEN_ON_SLACK])),
        ("turned down, and run", _judged(acts=[DOUBTED], rows=[ON_SLACK, replace(ON_SLACK)])),
        ("run unasked on Discord", _judged(acts=[replace(ACT, is_acknowledged=lambda: False)])),
        ("cards twice on Discord", _judged(views=[replace(VIEW, cards=2)])),
        ("unknown without a cause", _judged(rows=[UNKNOWN], killed_at=NOON - 9 * SECOND)),
        ("delivered twice", _judged(twice=(1, 0))),
        ("told twice", _judged(twice=(0, 1))),
    ],
)
def test_what_is_wrong_is_found(wrong: str, found: Verdict) -> None:
    """Each count sees what it is there for."""
    assert found.wrong[wrong] == 1
    assert not found.is_right


def test_an_unknown_end_has_a_cause() -> None:
    """A kill while it was being sent is one, and so is a fault at the provider."""
    cut = replace(TAKEN, fault=FAULTS["cut"])

    assert _judged(rows=[UNKNOWN], killed_at=NOON).is_right
    assert _judged(rows=[UNKNOWN], submits=[cut]).is_right
