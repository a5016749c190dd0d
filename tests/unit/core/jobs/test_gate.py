"""Whether anything may be submitted."""

from __future__ import annotations

from core.jobs.gate import BY_OPERATOR, PROBE_FIRST_S, PROBE_MAX_S, Gate


def test_gate_is_open_at_first() -> None:
    """Everybody may pass."""
    gate = Gate()

    assert [gate.enter(0.0), gate.enter(0.0)] == [True, True]


def test_gate_lets_one_probe_through_after_the_pause() -> None:
    """After a refusal nobody passes for half a minute, and then one alone."""
    gate = Gate()
    gate.refused(0.0, "credentials")

    assert [
        gate.enter(PROBE_FIRST_S - 1), gate.enter(PROBE_FIRST_S), gate.enter(PROBE_FIRST_S + 1)
    ] == [False, True, False]  # fmt: skip


def test_gate_pauses_longer_after_each_refused_probe() -> None:
    """30 s, 60 s, … ten minutes at most."""
    gate = Gate()
    now_s, pauses = 0.0, []
    gate.refused(now_s, "credits")
    for _ in range(7):
        wait_s = gate.wait_s(now_s)
        assert wait_s is not None
        pauses.append(wait_s)
        now_s += wait_s
        assert gate.enter(now_s)
        gate.refused(now_s, "credits")

    assert pauses == [30.0, 60.0, 120.0, 240.0, 480.0, PROBE_MAX_S, PROBE_MAX_S]


def test_gate_counts_refusals_of_one_burst_once() -> None:
    """Submits that were under way when it shut do not make the pause longer, nor are they news."""
    gate = Gate()

    news = [gate.refused(float(n), "credentials") for n in range(16)]

    assert (news, gate.wait_s(15.0)) == ([True] + [False] * 15, 15.0)


def test_gate_opens_with_the_first_answer() -> None:
    """An answer that is no such refusal lets everybody pass at once."""
    gate = Gate()
    gate.refused(0.0, "credentials")
    gate.enter(30.0)
    was_shut = gate.answered()

    assert (was_shut, gate.is_shut, gate.enter(30.0), gate.enter(30.0)) == (True, False, True, True)


def test_gate_probes_again_after_a_probe_without_an_answer() -> None:
    """A probe that was cut neither opens nor makes the pause longer."""
    gate = Gate()
    gate.refused(0.0, "credentials")
    gate.enter(30.0)

    assert gate.wait_s(31.0) is None
    gate.undecided(31.0)
    assert (gate.is_shut, gate.wait_s(31.0)) == (True, 30.0)


def test_gate_holds_everybody_back_when_throttled() -> None:
    """A 429 keeps all submits back without shutting."""
    gate = Gate()
    gate.hold(10.0)

    assert (gate.enter(9.0), gate.is_shut, gate.enter(10.0)) == (False, False, True)


def test_nothing_passes_while_the_operator_pauses() -> None:
    """A pause is above what the provider says, and has an end of its own alone."""
    gate = Gate()
    gate.is_paused = True

    assert (gate.enter(0.0), gate.wait_s(0.0), gate.is_shut, gate.why) == (
        False, None, True, BY_OPERATOR,
    )  # fmt: skip
    assert not gate.answered()
    assert gate.is_shut
    gate.is_paused = False
    assert (gate.enter(0.0), gate.why) == (True, "")


def test_what_must_be_mended_is_still_known_after_a_pause() -> None:
    """A refusal from before the pause is probed as ever."""
    gate = Gate()
    gate.refused(0.0, "credits")
    gate.is_paused = True
    assert (gate.why, gate.enter(PROBE_FIRST_S)) == (BY_OPERATOR, False)
    gate.is_paused = False

    assert gate.why == "credits"
    assert [gate.enter(PROBE_FIRST_S), gate.enter(PROBE_FIRST_S)] == [True, False]
