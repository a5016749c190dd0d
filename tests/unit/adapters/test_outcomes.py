"""Where a job stands, in words, for every state and every reason."""

from __future__ import annotations

import pytest

from adapters.outcomes import outcome
from adapters.wording import NOT_CHARGED, PERHAPS_CHARGED
from core.errors import Misconfiguration, Rejection
from core.jobs.lifecycle import ACTIVE, TRANSITIONS, WHEN_CANCEL_IS_WANTED, Reason, State
from core.jobs.verdicts import PICTURE_WORDS
from tests.fakes.jobs import ENDS, item, job

PAIRS = [(state, reason) for state in State for reason in (None, *Reason)]


@pytest.mark.parametrize("preview", [False, True], ids=["hosted", "preview"])
@pytest.mark.parametrize("attempt", [0, 2])
@pytest.mark.parametrize("remote_task_id", [None, "task"])
@pytest.mark.parametrize(("state", "reason"), PAIRS)
def test_every_state_and_reason_has_words(
    *, state: State, reason: Reason | None, remote_task_id: str | None, attempt: int, preview: bool
) -> None:
    """Whatever state and reason a row holds, all three things are said, in sentences."""
    words = outcome(
        job(
            state=state,
            reason=reason,
            preview=preview,
            attempt=attempt,
            remote_task_id=remote_task_id,
        )
    )

    for part in (words.what_happened, words.charged, words.what_to_do):
        assert part.endswith(".")
        assert "None" not in part


def test_ends_of_this_test_are_those_of_the_table() -> None:
    """The pairs of state and reason used below are the ones that the lifecycle can reach."""
    rows = [*TRANSITIONS.values(), *WHEN_CANCEL_IS_WANTED.values()]
    reached = {(row.to, row.reason) for row in rows if row.to not in ACTIVE}

    assert set(ENDS) == reached


@pytest.mark.parametrize(("state", "reason"), ENDS)
def test_every_end_is_told_apart(state: State, reason: Reason | None) -> None:
    """No two ends are told in the same words, except those of the same meaning."""
    told = outcome(job(state=state, reason=reason, outputs=(item(),)))
    others = [
        outcome(job(state=s, reason=r, outputs=(item(),)))
        for s, r in ENDS
        if (s, r) != (state, reason) and {r, reason} != {Reason.REJECTED, Reason.REMOTE_FAILED}
    ]

    assert told.what_happened not in {other.what_happened for other in others}


@pytest.mark.parametrize(
    "reason",
    [
        Reason.UNACKED,
        Reason.WITHDRAWN,
        Reason.PICTURE,
        Reason.NO_PLACE,
        Reason.NOT_PREPARED,
        Reason.NOT_SUBMITTED,
    ],
)
def test_what_was_never_sent_was_not_charged(reason: Reason) -> None:
    """An end before the submit says that nothing was charged."""
    state = next(s for s, r in ENDS if r is reason)

    assert outcome(job(state=state, reason=reason)).charged == NOT_CHARGED


@pytest.mark.parametrize(
    "reason",
    [Reason.REMOTE_FAILED, Reason.FILTERED, Reason.DEADLINE, Reason.OUTCOME_UNKNOWN],
)
def test_what_was_sent_may_have_been_charged(reason: Reason) -> None:
    """An end after the submit says that it may have been charged."""
    state = next(s for s, r in ENDS if r is reason)

    assert outcome(job(state=state, reason=reason)).charged == PERHAPS_CHARGED


def test_cancelled_after_the_submit_may_be_billed() -> None:
    """Who cancels a running job hears that it may be charged all the same."""
    words = outcome(job(state=State.CANCELLED, reason=Reason.MAY_BE_BILLED, remote_task_id="t"))

    assert "may be charged all the same" in words.charged
    assert "Check again" in words.what_to_do


def test_uncertain_warns_of_paying_twice() -> None:
    """The only advice for an unknown outcome carries its price."""
    words = outcome(job(state=State.UNCERTAIN, reason=Reason.OUTCOME_UNKNOWN))

    assert "pay twice" in words.what_to_do


@pytest.mark.parametrize(("state", "reason"), [*ENDS, *((state, None) for state in ACTIVE)])
def test_preview_never_speaks_of_paying(state: State, reason: Reason | None) -> None:
    """A local preview costs nothing, so no word of it says or hints otherwise."""
    words = outcome(job(state=state, reason=reason, preview=True, remote_task_id="t"))

    assert words.charged == "Nothing is charged for a local preview."
    for hint in ("may be charged", "pay twice", "costs again", "charged anew"):
        assert hint not in words.what_to_do


@pytest.mark.parametrize("detail", PICTURE_WORDS.values())
def test_every_picture_error_is_told_apart(detail: str) -> None:
    """The word that a failed job keeps for its picture leads to advice of its own."""
    words = outcome(job(state=State.FAILED, reason=Reason.PICTURE, detail=detail))

    assert words.what_happened != "The picture cannot be used."


@pytest.mark.parametrize("reason", [Reason.REJECTED, Reason.REMOTE_FAILED])
@pytest.mark.parametrize("rejection", Rejection)
def test_rejection_is_told(reason: Reason, rejection: Rejection) -> None:
    """A refusal at submit and a failure over there both say why."""
    told = {
        outcome(job(state=State.FAILED, reason=reason, detail=each.value)).what_happened
        for each in Rejection
    }
    words = outcome(job(state=State.FAILED, reason=reason, detail=rejection.value))

    assert words.what_happened in told
    assert len(told) == len(Rejection)


def test_unknown_detail_is_not_quoted() -> None:
    """A detail that is no closed word is not repeated to the user."""
    words = outcome(job(state=State.FAILED, reason=Reason.REMOTE_FAILED, detail="0xdead"))

    assert "0xdead" not in words.text


@pytest.mark.parametrize("cause", Misconfiguration)
def test_paused_queue_says_why(cause: Misconfiguration) -> None:
    """A job that waits for the operator says what the operator has to mend."""
    waiting = outcome(job(state=State.QUEUED))
    paused = outcome(job(state=State.QUEUED, detail=cause.value))

    assert paused.what_happened != waiting.what_happened
    assert paused.charged == "Nothing has been charged so far."


def test_wish_to_cancel_is_acknowledged() -> None:
    """Cancelling in the middle of a submit says that it will be honoured."""
    words = outcome(job(state=State.SUBMITTING, cancel_wanted=True))

    assert "cancelled once the answer is here" in words.what_happened


@pytest.mark.parametrize(
    ("outputs", "batch", "reason", "expected"),
    [
        (1, 1, None, "The picture is ready."),
        (4, 4, None, "4 pictures are ready."),
        (
            1,
            4,
            Reason.PARTIAL,
            "1 of 4 pictures is ready; the others were held back by a filter or lost.",
        ),
        (
            3,
            4,
            Reason.PARTIAL,
            "3 of 4 pictures are ready; the others were held back by a filter or lost.",
        ),
    ],
)
def test_ready_counts_its_pictures(
    outputs: int, batch: int, reason: Reason | None, expected: str
) -> None:
    """A ready job says how many pictures there are, and how many had been asked for."""
    made = tuple(item(str(number)) for number in range(outputs))
    words = outcome(job(state=State.READY, reason=reason, outputs=made, request_batch=batch))

    assert words.what_happened == expected


@pytest.mark.parametrize(("credits_", "expected"), [(9, "about 9 credits"), (0, "how much")])
def test_ready_says_what_it_cost(credits_: int, expected: str) -> None:
    """The estimate is told as one, and where there is none, that is said."""
    assert expected in outcome(job(state=State.READY, credits=credits_)).charged


@pytest.mark.parametrize(("state", "reason"), ENDS)
def test_forgotten_job_offers_nothing_that_is_gone(state: State, reason: Reason | None) -> None:
    """Neither its pictures nor a button: whoever wants it again has to give the picture anew."""
    forgotten = outcome(job(state=state, reason=reason, request_prompt="", outputs=()))
    kept = outcome(job(state=state, reason=reason, outputs=(item("ab"),)))
    assert forgotten.charged == kept.charged
    assert forgotten.what_to_do == "To redraw once more, give the picture anew."
    assert "0 pictures" not in forgotten.what_happened
