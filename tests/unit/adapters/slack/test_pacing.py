"""When calls that Slack has had enough of come again, by how many of them wait."""

from __future__ import annotations

from adapters.slack.pacing import Pacing

HERE, THERE = "chat.postMessage C1", "chat.postMessage C2"


def test_those_turned_away_come_one_by_one() -> None:
    pacing = Pacing()
    pacing.hold(HERE, 20.0)
    assert [pacing.wait_s(HERE, 10.0, 2.0) for _ in range(3)] == [10.0, 12.0, 14.0]
    assert pacing.wait_s(THERE, 10.0, 2.0) == 0.0
    assert [pacing.wait_s(HERE, at_s, 2.0) for at_s in (20.0, 22.0, 24.0)] == [0.0] * 3


def test_who_comes_in_between_goes_to_the_end() -> None:
    pacing = Pacing()
    pacing.hold(HERE, 20.0)
    assert [pacing.wait_s(HERE, 10.0, 2.0) for _ in range(2)] == [10.0, 12.0]
    assert pacing.wait_s(HERE, 20.0, 2.0) == 0.0
    assert pacing.wait_s(HERE, 21.0, 2.0) == 3.0
    assert pacing.wait_s(HERE, 22.0, 2.0) == 0.0


def test_who_is_late_delays_nobody() -> None:
    pacing = Pacing()
    pacing.hold(HERE, 20.0)
    for _ in range(2):
        pacing.wait_s(HERE, 10.0, 2.0)
    assert pacing.wait_s(HERE, 21.5, 2.0) == 0.0
    assert pacing.wait_s(HERE, 22.0, 2.0) == 0.0


def test_another_refusal_puts_everybody_off_and_keeps_the_order() -> None:
    pacing = Pacing()
    pacing.hold(HERE, 20.0)
    assert [pacing.wait_s(HERE, 10.0, 2.0) for _ in range(2)] == [10.0, 12.0]
    pacing.hold(HERE, 30.0)
    assert [pacing.wait_s(HERE, 10.0, 2.0) for _ in range(2)] == [20.0, 22.0]


def test_once_nobody_waits_there_is_no_distance_to_keep() -> None:
    pacing = Pacing()
    pacing.hold(HERE, 20.0)
    assert [pacing.wait_s(HERE, 20.0, 2.0) for _ in range(5)] == [0.0] * 5


def test_without_a_gap_all_come_at_once() -> None:
    pacing = Pacing()
    pacing.hold(HERE, 20.0)
    assert [pacing.wait_s(HERE, 10.0, 0.0) for _ in range(3)] == [10.0] * 3
    assert [pacing.wait_s(HERE, 20.0, 0.0) for _ in range(3)] == [0.0] * 3
