"""Ids: what is written is read, and nothing else is."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.presentation import Action
from adapters.slack import ids
from adapters.slack.ids import Filled, Form, Press, Step, Stepped

ID = "01J00000000000000000000000"


@pytest.mark.parametrize("action", Action)
def test_press_is_read_as_written(action: Action) -> None:
    """The action is in the id, the job in the value."""
    assert ids.read(ids.press(action), ID) == Press(action=action, job_id=ID)
    assert ids.ANY_ACTION.fullmatch(ids.press(action))


@pytest.mark.parametrize("step", Step)
@pytest.mark.parametrize("action", [None, *Action])
def test_step_is_read_as_written(step: Step, action: Action | None) -> None:
    """So is a step of a private answer, with what is to be carried out anyway."""
    written = ids.step(step, action)

    assert ids.read(written, ID) == Stepped(step=step, subject_id=ID, action=action)
    assert ids.ANY_ACTION.fullmatch(written)
    assert len(written) <= ids.ID_MAX


def test_form_and_field_are_read_as_written() -> None:
    """A form's draft is in its private metadata; a field is called by its name."""
    assert ids.read_form(ids.form(Form.REDRAW), ID) == Filled(form=Form.REDRAW, draft_id=ID)
    assert ids.ANY_FORM.fullmatch(ids.form(Form.REDRAW))
    assert ids.read_field(ids.field("negative_prompt")) == "negative_prompt"


@pytest.mark.parametrize(
    ("action_id", "value"),
    [
        ("redraw1:press:fly", ID),
        ("redraw1:press:cancel:more", ID),
        ("redraw2:press:cancel", ID),
        ("redraw1:step:anyway:fly", ID),
        ("redraw1:step:fly", ID),
        ("redraw1:press:cancel", "short"),
        ("redraw1:press:cancel", f"{ID}\n"),
        ("redraw1:field:model", ID),
        ("", ""),
    ],
)
def test_what_is_none_of_ours_is_not_read(action_id: str, value: str) -> None:
    """Another version, an unknown word, a value that is no id: nothing is made of them."""
    assert ids.read(action_id, value) is None


@pytest.mark.parametrize(
    ("callback_id", "metadata"),
    [("redraw1:form:fly", ID), ("redraw1:form:redraw", "{}"), ("redraw2:form:redraw", ID)],
)
def test_form_of_another_kind_is_not_read(callback_id: str, metadata: str) -> None:
    """Nor is a form of another version, or one whose metadata is no draft's id."""
    assert ids.read_form(callback_id, metadata) is None
    assert ids.OURS.fullmatch(callback_id)


@settings(deadline=None)
@given(st.text(), st.text())
def test_any_text_is_read_without_a_fault(action_id: str, value: str) -> None:
    """Whatever a client sends, reading it raises nothing."""
    assert ids.read(action_id, value) is None
    assert ids.read_form(action_id, value) is None
    assert ids.read_field(action_id) is None
