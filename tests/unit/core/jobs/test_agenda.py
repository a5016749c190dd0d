"""What is due when."""

from __future__ import annotations

from core.jobs.agenda import FEW, Agenda, Due


def test_agenda_gives_what_is_due_in_order() -> None:
    """The longest due comes first, what is not due stays."""
    agenda: Agenda[Due] = Agenda()
    late, early, later = Due(), Due(), Due()
    agenda.put(late, 2.0)
    agenda.put(early, 1.0)
    agenda.put(later, 3.0)

    assert (agenda.pop_due(2.0), agenda.next_due_s(), len(agenda)) == ([early, late], 3.0, 1)


def test_agenda_moves_what_is_put_again() -> None:
    """A thing is due once, at its newest time."""
    agenda: Agenda[Due] = Agenda()
    thing = Due()
    agenda.put(thing, 1.0)
    agenda.put(thing, 5.0)

    assert (agenda.pop_due(4.0), agenda.pop_due(5.0)) == ([], [thing])


def test_agenda_forgets_what_is_dropped() -> None:
    """A dropped thing is never due; dropping it again changes nothing."""
    agenda: Agenda[Due] = Agenda()
    thing = Due()
    agenda.put(thing, 1.0)
    agenda.drop(thing)
    agenda.drop(thing)

    assert (agenda.pop_due(9.0), agenda.next_due_s(), len(agenda)) == ([], None, 0)


def test_agenda_does_not_grow_with_what_moved() -> None:
    """Ten thousand moves of one thing leave a small heap."""
    agenda: Agenda[Due] = Agenda()
    thing = Due()
    for n in range(10_000):
        agenda.put(thing, float(n))

    assert len(agenda._heap) <= FEW + 2
