"""How faults are asked for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.studio import faults
from core.studio.faults import Fault, FaultName


@pytest.mark.parametrize("name", FaultName)
def test_every_fault_can_be_asked_for(name: FaultName) -> None:
    """Each name is read, alone and with a number, and written back as it was."""
    for text in (name.value, f"{name.value}=2.5"):
        assert str(faults.parse(text)) == text


def test_every_fault_is_documented() -> None:
    """The table at the top of the module has a row for each name."""
    rows = [line for line in (faults.__doc__ or "").splitlines() if line.startswith("| `")]
    named = {word.strip("`") for row in rows for word in row.split("|")[1].split()}

    assert named == {name.value for name in FaultName}


@pytest.mark.parametrize("text", [None, "", "200", "slow=", "slow=-1", "slow=x", "slow=1=2", "x"])
def test_other_text_asks_for_nothing(text: str | None) -> None:
    """What names no fault is no fault."""
    assert faults.parse(text) is None


@given(st.text())
def test_any_text_is_read(text: str) -> None:
    """No text makes reading fail, and what is read has a bounded number."""
    found = faults.parse(text)

    assert found is None or (found.number or 0) <= 3600


@pytest.mark.parametrize(
    ("prompt", "expected", "left"),
    [
        ("a fault:429=3 harbour", Fault(name=FaultName.TOO_MANY, number=3.0), "a harbour"),
        ("fault:cut", Fault(name=FaultName.CUT), ""),
        ("a fault:nonsense fault:cut", Fault(name=FaultName.CUT), "a"),
        ("a default:cut", None, "a default:cut"),
    ],
)
def test_prompt_asks_for_a_fault(prompt: str, expected: Fault | None, left: str) -> None:
    """A word of its own in the prompt asks for a fault, and is not drawn."""
    assert faults.in_prompt(prompt) == expected
    assert faults.without_faults(prompt) == left


@pytest.mark.parametrize(
    ("fault", "prompt", "batch", "expected"),
    [
        (None, "a mouse", 4, 0),
        (None, "a Copyrighted mouse", 4, 2),
        (None, "a copyrighted mouse", 1, 1),
        (Fault(name=FaultName.FILTERED), "a mouse", 4, 4),
        (Fault(name=FaultName.FILTERED, number=3.0), "a mouse", 4, 3),
        (Fault(name=FaultName.FILTERED, number=9.0), "a mouse", 4, 4),
        (Fault(name=FaultName.CUT), "a mouse", 4, 0),
    ],
)
def test_pictures_are_withheld(fault: Fault | None, prompt: str, batch: int, expected: int) -> None:
    """How many pictures of a batch are withheld."""
    assert faults.withheld(fault, prompt, batch) == expected


def test_seconds_have_a_default() -> None:
    """A fault that lasts takes a second unless it says otherwise."""
    assert [Fault(name=FaultName.SLOW, number=n).seconds for n in (None, 0.0, 2.0)] == [1, 0, 2]
