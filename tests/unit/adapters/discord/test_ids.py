"""Custom ids say the same after any restart, and mark messages without a mix-up."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.discord import ids
from adapters.discord.ids import Filled, Form, Press, Step, Stepped
from adapters.presentation import Action
from core.jobs.lifecycle import DeliveryKind

JOB = "01J00000000000000000000000"
job_ids = st.text("0123456789ABCDEFGHJKMNPQRSTVWXYZ", min_size=26, max_size=26)
seqs = st.integers(0, 999_999)
actions, kinds, steps = (st.sampled_from(each) for each in (Action, DeliveryKind, Step))


@given(actions, job_ids, kinds, seqs)
def test_press_comes_back_and_marks_its_message(
    action: Action, job_id: str, kind: DeliveryKind, seq: int
) -> None:
    """An action's button is read as that action, and holds the marker of its message."""
    custom_id = ids.press(action, job_id, kind=kind, seq=seq)

    assert ids.read(custom_id) == Press(action=action, job_id=job_id)
    assert custom_id.endswith(f":{ids.marker(job_id, kind, seq)}")
    assert len(custom_id) <= ids.CUSTOM_ID_MAX


@given(actions, job_ids)
def test_private_press_comes_back_and_marks_nothing(action: Action, job_id: str) -> None:
    """The same button in a private answer is read alike, and holds no marker."""
    custom_id = ids.private_press(action, job_id)

    assert ids.read(custom_id) == Press(action=action, job_id=job_id)
    assert custom_id.endswith(job_id)


@given(steps, job_ids, st.none() | actions)
def test_step_comes_back(chosen: Step, subject_id: str, action: Action | None) -> None:
    """A private answer's button is read as what it offers, with the action when it has one."""
    custom_id = ids.step(chosen, subject_id, action)

    assert ids.read(custom_id) == Stepped(step=chosen, subject_id=subject_id, action=action)
    assert len(custom_id) <= ids.CUSTOM_ID_MAX


@given(job_ids)
def test_form_comes_back(draft_id: str) -> None:
    """A form is read together with its draft."""
    custom_id = ids.form(Form.REDRAW, draft_id)

    assert ids.read(custom_id) == Filled(form=Form.REDRAW, draft_id=draft_id)
    assert len(custom_id) <= ids.CUSTOM_ID_MAX


@given(st.sets(st.tuples(kinds, seqs), min_size=2, max_size=6))
def test_markers_of_a_job_differ(deliveries: set[tuple[DeliveryKind, int]]) -> None:
    """No two deliveries of a job have the same marker."""
    assert len({ids.marker(JOB, kind, seq) for kind, seq in deliveries}) == len(deliveries)


@given(st.text(max_size=120))
def test_anything_else_is_not_ours(custom_id: str) -> None:
    """Whatever others call their buttons is passed over in silence."""
    assert ids.read(custom_id) is None


@pytest.mark.parametrize(
    "custom_id",
    [
        f"redraw1:press:explode:{JOB}:c0",
        f"redraw1:press:cancel:{JOB}:x0",
        f"redraw1:press:cancel:{JOB}:c0 ",
        f"redraw1:press:cancel:{JOB}:c0\n",
        f"redraw2:press:cancel:{JOB}:c0",
        f"redraw1:step:explode:{JOB}",
        f"redraw1:step:anyway:{JOB}:explode",
        f"redraw1:form:explode:{JOB}",
        f"redraw1:form:redraw:{JOB.lower()}",
    ],
)
def test_what_only_looks_like_ours_is_not(custom_id: str) -> None:
    """An unknown word, another version or anything appended makes it none of ours."""
    assert ids.read(custom_id) is None
