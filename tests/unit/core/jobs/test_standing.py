"""What a look at the ledger finds, of jobs that were held before it was looked at."""

from __future__ import annotations

from core.jobs.standing import Differences, Standing, compare


def standing(job_id: str, *, owner: str | None = "me", fence: int = 1) -> Standing:
    return Standing(job_id=job_id, owner=owner, fence=fence)


def test_what_is_held_as_the_ledger_has_it_is_left_alone() -> None:
    """So is what was claimed by us after the ledger was read: its fence is ahead."""
    found = compare([standing("a"), standing("b", owner="other")], {"a": 1, "b": 2}, "me")

    assert found == Differences(unheld=(), changed=(), lost=())


def test_unfinished_jobs_in_no_hands_of_ours_are_found() -> None:
    """Whoever had them."""
    found = compare(
        [standing("a"), standing("b", owner="other"), standing("c", owner=None)], {}, "me"
    )

    assert found.unheld == ("a", "b", "c")


def test_what_another_worker_claimed_is_lost() -> None:
    """And so is what has ended without us."""
    found = compare([standing("a", owner="other", fence=2)], {"a": 1, "ended": 1}, "me")

    assert found == Differences(unheld=(), changed=(), lost=("a", "ended"))


def test_what_a_user_changed_is_ours_still() -> None:
    """A fence that was raised under the same owner."""
    assert compare([standing("a", fence=2)], {"a": 1}, "me").changed == ("a",)


def test_what_is_in_a_step_is_left_to_the_step() -> None:
    """Its own record finds out, whatever the ledger says by now."""
    found = compare([standing("a", owner="other", fence=9)], {"a": None, "ended": None}, "me")

    assert found == Differences(unheld=(), changed=(), lost=())
