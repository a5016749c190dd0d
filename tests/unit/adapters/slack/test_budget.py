"""How many edits a workspace bears, and whose turn it is."""

from __future__ import annotations

from adapters.slack.budget import (
    BEHIND_MAX,
    EDITS_PER_MINUTE,
    GAP_S,
    KEPT_FOR_LAST,
    LAST_GAP_S,
    WINDOW_S,
    Budget,
)


def test_progress_keeps_its_distance() -> None:
    budget = Budget()
    assert budget.take(100.0) == 0.0
    assert budget.take(100.5) == GAP_S - 0.5
    assert budget.take(100.0 + GAP_S) == 0.0


def test_those_who_wait_come_one_after_the_other_up_to_a_limit() -> None:
    budget = Budget()
    budget.take(0.0)
    waits_s = [budget.take(0.0) for _ in range(BEHIND_MAX + 2)]
    assert waits_s[:3] == [GAP_S, 2 * GAP_S, 3 * GAP_S]
    assert waits_s[-1] == waits_s[-2] == (BEHIND_MAX + 1) * GAP_S
    budget.take(GAP_S)
    assert budget.take(GAP_S) == GAP_S


def test_last_edits_have_no_distance_to_keep_but_room_to_find() -> None:
    budget = Budget()
    assert [budget.take_last(0.0) for _ in range(EDITS_PER_MINUTE)] == [0.0] * EDITS_PER_MINUTE
    assert budget.take_last(10.0) == WINDOW_S - 10.0
    assert budget.take_last(10.0) == WINDOW_S - 10.0 + LAST_GAP_S
    assert budget.take_last(WINDOW_S) == 0.0


def test_progress_leaves_room_for_last_edits() -> None:
    budget = Budget()
    for _ in range(EDITS_PER_MINUTE - KEPT_FOR_LAST):
        budget.take_last(0.0)
    assert budget.take(1.0) == WINDOW_S - 1.0
    assert budget.take_last(1.0) == 0.0


def test_what_slack_asks_for_holds_progress_and_is_never_cut_short() -> None:
    budget = Budget()
    budget.hold(20.0)
    budget.hold(5.0)
    assert budget.take(10.0) == 10.0
    assert budget.take_last(10.0) == 0.0


def test_in_no_minute_is_there_more_than_slack_takes() -> None:
    """Whoever asks again when told to finds room, and all together stay within the limit."""
    budget, taken_s, now_s = Budget(), list[float](), 0.0
    due_s = [0.0] * 200
    while due_s:
        now_s = max(now_s, min(due_s))
        due_s.remove(min(due_s))
        wait_s = budget.take_last(now_s)
        if wait_s > 0:
            due_s.append(now_s + wait_s)
        else:
            taken_s.append(now_s)
    for at_s in taken_s:
        assert sum(at_s - 60.0 < other <= at_s for other in taken_s) <= EDITS_PER_MINUTE
    assert now_s <= 200 / EDITS_PER_MINUTE * WINDOW_S
