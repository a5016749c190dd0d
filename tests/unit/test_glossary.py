"""The glossary names what the code names."""

from __future__ import annotations

import re
from enum import StrEnum
from pathlib import Path

import pytest

from core.jobs.lifecycle import DeliveryKind, State

ROOT = Path(__file__).parents[2]
GLOSSARY = (ROOT / "docs" / "glossary.md").read_text()
TERMS = set(re.findall(r"\*\*([^*]+)\*\*", GLOSSARY))
NAMES = re.findall(r"`([A-Z][A-Za-z]+)`", GLOSSARY)


@pytest.mark.parametrize("state", State)
def test_every_state_is_explained(state: State) -> None:
    """Each state of a job is a term of the glossary."""
    assert state.value in TERMS


def test_states_are_explained_in_order() -> None:
    """The table of states has exactly the states, in the order of the code."""
    table = GLOSSARY.partition("| state | meaning |")[2].partition("\n## ")[0]

    assert re.findall(r"^\| \*\*(\w+)\*\*", table, re.MULTILINE) == [s.value for s in State]


@pytest.mark.parametrize("kind", DeliveryKind)
def test_every_kind_of_delivery_is_named(kind: StrEnum) -> None:
    """Each kind of delivery is named where deliveries are explained."""
    assert f"`{kind.value}`" in GLOSSARY


@pytest.mark.parametrize("name", sorted(set(NAMES)))
def test_named_class_exists(name: str) -> None:
    """A class that the glossary names is one of ours, by that name."""
    sources = (p.read_text() for part in ("adapters", "core") for p in (ROOT / part).rglob("*.py"))

    assert any(re.search(rf"^class {name}\b", source, re.MULTILINE) for source in sources)


def test_no_term_is_explained_twice() -> None:
    """One word, one meaning: no row explains what another one does."""
    rows = re.findall(r"^\| (\*\*.+?\*\*.*?) \|", GLOSSARY, re.MULTILINE)
    terms = [term for row in rows for term in re.findall(r"\*\*([^*]+)\*\*", row)]

    assert sorted(terms) == sorted(set(terms))
