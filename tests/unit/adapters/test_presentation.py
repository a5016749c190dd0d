"""What a card says about a job, and which actions it offers."""

from __future__ import annotations

from datetime import timedelta

import pytest

from adapters import presentation
from adapters.presentation import Action, Fact, JobCard
from core.catalogue.model import Size
from core.jobs.job import CHECK_AGAIN_FOR_S, Job
from core.jobs.lifecycle import ACTIVE, Reason, State
from tests.fakes.clock import START
from tests.fakes.jobs import ENDS, SHADE, TINT, item, job

LATER = START + timedelta(seconds=5)


def card(of: Job) -> JobCard:
    return presentation.card(of, SHADE, now=LATER, expected_s=8.0)


def test_facts_come_in_reading_order() -> None:
    """The settings that were given are listed, the model first and the cost last."""
    asked = job(
        request_batch=2,
        request_strength=0.4,
        request_guidance_scale=7.0,
        request_negative_prompt="fog",
        request_size=Size(width_px=1280, height_px=720),
        request_inference_type="a100",
        request_image_count=3,
        credits=18,
    )

    assert card(asked).facts == (
        Fact(label="Model", value="Shade"),
        Fact(label="Pictures", value="2"),
        Fact(label="Size", value="1280x720"),
        Fact(label="Strength", value="0.4"),
        Fact(label="Guidance scale", value="7"),
        Fact(label="Negative prompt", value="fog"),
        Fact(label="Inference type", value="a100"),
        Fact(label="Reference pictures", value="3"),
        Fact(label="Estimated cost", value="about 18 credits (9 each)"),
    )


def test_what_was_not_given_is_no_fact() -> None:
    """A plain request shows its model, how many pictures and the cost, and nothing else."""
    assert [fact.label for fact in card(job()).facts] == ["Model", "Pictures", "Estimated cost"]


def test_guess_is_called_a_guess() -> None:
    """A cost that nobody has published is told as a guess."""
    shown = presentation.card(job(request_model_id="tint"), TINT, now=LATER, expected_s=None)

    assert shown.facts[-1].value == "about 9 credits, a guess"


def test_unknown_cost_is_said() -> None:
    """Where there is no estimate, none is made up."""
    assert card(job(credits=0)).facts[-1].value == "not known"


def test_ignored_parameter_is_noticed() -> None:
    """A parameter that the model is known to ignore is sent, and the card says so."""
    asked = job(request_negative_prompt="fog", request_strength=0.4)

    assert card(asked).notices == ("Shade is known to ignore negative prompt.",)


def test_preview_is_said_everywhere() -> None:
    """A card of a local preview says so in its title, its cost and a notice."""
    shown = card(job(preview=True))

    assert shown.title == "Redrawing (local preview)"
    assert shown.facts[-1].value == "nothing (local preview)"
    assert shown.notices == ("This is a local preview, not Shade itself.",)


def test_notices_of_the_job_follow() -> None:
    """Lines that came up on the way are shown once each."""
    shown = card(job(notices=("Made smaller.", "Made smaller.")))

    assert shown.notices == ("Made smaller.",)


def test_time_runs_until_the_end() -> None:
    """An active job shows its age and the expected time, an ended one how long it took."""
    running, ended = card(job(state=State.RUNNING)), card(job(state=State.READY))

    assert (running.elapsed_s, running.expected_s) == (5.0, 8.0)
    assert (ended.elapsed_s, ended.expected_s) == (12.0, None)


def test_clock_that_went_back_shows_no_negative_age() -> None:
    """A job that seems to have been made in the future is 0 seconds old."""
    shown = presentation.card(job(), SHADE, now=START - timedelta(seconds=9), expected_s=None)

    assert shown.elapsed_s == 0.0


def test_forgotten_prompt_is_marked() -> None:
    """When the prompt is not kept any more, the card says that, and nothing can be run again."""
    shown = card(job(state=State.READY, request_prompt=""))

    assert shown.prompt == presentation.FORGOTTEN
    assert shown.actions == ()


@pytest.mark.parametrize("state", State)
def test_every_state_has_a_title(state: State) -> None:
    """Each state has a title, and no two ways to end share one."""
    ends = {card(job(state=end)).title for end in State if end not in ACTIVE}

    assert card(job(state=state)).title
    assert len(ends) == len(State) - len(ACTIVE)


@pytest.mark.parametrize("state", sorted(ACTIVE))
def test_active_job_offers_cancel_alone(state: State) -> None:
    """A job under way can be cancelled until its pictures are being fetched."""
    expected = () if state is State.COLLECTING else (Action.CANCEL,)

    assert card(job(state=state)).actions == expected


def test_cancel_is_offered_once() -> None:
    """Once the wish to cancel is noted, it is not offered again."""
    assert card(job(state=State.SUBMITTING, cancel_wanted=True)).actions == ()


@pytest.mark.parametrize(("state", "reason"), ENDS)
def test_ended_job_can_be_run_again(state: State, reason: Reason | None) -> None:
    """Every end but a refused acknowledgement offers to run it again, as it is or edited."""
    actions = card(job(state=state, reason=reason)).actions
    offered = {Action.RUN_AGAIN, Action.EDIT_AND_RUN, Action.DELETE} <= set(actions)

    assert offered == (reason is not Reason.UNACKED)
    assert Action.CANCEL not in actions


def test_ready_job_offers_its_pictures() -> None:
    """A result can be used as the next input and compared with what it was made of."""
    actions = card(job(state=State.READY, outputs=(item(),), prepared=(item("p"),))).actions

    assert actions == (
        Action.RUN_AGAIN,
        Action.EDIT_AND_RUN,
        Action.USE_AS_INPUT,
        Action.BEFORE_AFTER,
        Action.DELETE,
    )


@pytest.mark.parametrize(
    ("age_s", "expected"), [(60.0, True), (CHECK_AGAIN_FOR_S + 1, False)], ids=["young", "old"]
)
def test_check_again_is_offered_for_four_hours(*, age_s: float, expected: bool) -> None:
    """A job that ended with a task id can be checked again while its result may be kept."""
    expired = job(
        state=State.EXPIRED, reason=Reason.DEADLINE, remote_task_id="t", submitted_at=START
    )
    now = START + timedelta(seconds=age_s)
    shown = presentation.card(expired, SHADE, now=now, expected_s=None)

    assert (Action.CHECK_AGAIN in shown.actions) == expected


@pytest.mark.parametrize(
    ("action", "state", "reason", "expected"),
    [
        (Action.RUN_AGAIN, State.UNCERTAIN, Reason.OUTCOME_UNKNOWN, "pay twice"),
        (Action.EDIT_AND_RUN, State.UNCERTAIN, Reason.OUTCOME_UNKNOWN, "pay twice"),
        (Action.RUN_AGAIN, State.CANCELLED, Reason.MAY_BE_BILLED, "Check again is free"),
        (Action.CANCEL, State.RUNNING, None, "may be charged"),
        (Action.DELETE, State.READY, None, "keeps its own copies"),
    ],
)
def test_costly_action_is_warned_of(
    action: Action, state: State, reason: Reason | None, expected: str
) -> None:
    """What may pay twice or cannot be undone is said before it is done; a preview needs none."""
    asked = job(state=state, reason=reason)

    assert expected in (presentation.warning(action, asked) or "")
    assert presentation.warning(action, job(state=state, reason=reason, preview=True)) is None


@pytest.mark.parametrize("action", [Action.RUN_AGAIN, Action.USE_AS_INPUT, Action.CANCEL])
def test_harmless_action_is_not_warned_of(action: Action) -> None:
    """Nothing is said where nothing can be lost."""
    assert presentation.warning(action, job(state=State.QUEUED)) is None


def test_sentence_is_one_line() -> None:
    """The sentence of a card says all three things in one line."""
    shown = card(job(state=State.UNCERTAIN, reason=Reason.OUTCOME_UNKNOWN))

    assert shown.sentence == shown.words.text
    assert "\n" not in shown.sentence


def test_card_knows_when_it_was_asked_for() -> None:
    """The instant of the order stands, however late the card is drawn."""
    assert card(job()).asked_at == START
