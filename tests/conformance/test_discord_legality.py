"""What judges calls to Discord lets the right ones pass, and says of a wrong one what is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fakes import discord_legality as legality
from tests.fakes.discord_calls import Call
from tests.samples.discord_calls import (
    CALLBACK,
    FOLLOWUP,
    LEGAL,
    SEND,
    THREAD,
    call,
)
from tests.samples.discord_wrong_calls import DOCUMENTED, LIMITS, Case

needs_document = pytest.mark.skipif(not legality.is_at_hand(), reason=legality.MISSING)


def _problems(entry: Call) -> list[tuple[str, str]]:
    """Return rule and place of each problem."""
    found = [line.split(": ", 2) for line in legality.problems(entry)]
    return [(rule, where) for rule, where, _ in found]


def _ids(cases: list[Case]) -> list[str]:
    return [f"{rule}, {where}" for rule, where, _ in cases]


@pytest.fixture
def no_document(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("REDRAW_SPECS", str(tmp_path))


@needs_document
@pytest.mark.parametrize("purpose", LEGAL)
def test_legal_call(purpose: str) -> None:
    """Each operation that the bot uses passes, as it should be called."""
    assert legality.problems(LEGAL[purpose]) == []


@pytest.mark.usefixtures("no_document")
@pytest.mark.parametrize("purpose", LEGAL)
def test_legal_call_without_the_document(purpose: str) -> None:
    """The further limits alone have nothing against a right call either."""
    assert not legality.is_at_hand()
    assert legality.problems(LEGAL[purpose]) == []


@needs_document
@pytest.mark.parametrize(("rule", "where", "wrong"), LIMITS, ids=_ids(LIMITS))
def test_limit(rule: str, where: str, wrong: Call) -> None:
    """A call over one limit is told so by that limit's rule and by no other, schema or not."""
    assert set(_problems(wrong)) == {(rule, where)}


@pytest.mark.usefixtures("no_document")
@pytest.mark.parametrize(("rule", "where", "wrong"), LIMITS, ids=_ids(LIMITS))
def test_limit_without_the_document(rule: str, where: str, wrong: Call) -> None:
    """The limits hold where the document is not at hand."""
    assert set(_problems(wrong)) == {(rule, where)}


@needs_document
@pytest.mark.parametrize(("rule", "where", "wrong"), DOCUMENTED, ids=_ids(DOCUMENTED))
def test_document(rule: str, where: str, wrong: Call) -> None:
    """What the document alone knows is said once, at its place."""
    assert _problems(wrong) == [(rule, where)]


@needs_document
@pytest.mark.parametrize("wrong", [None, 1, "x", [], [1], {"type": []}, {"components": 1}])
def test_a_body_of_any_shape_is_judged(wrong: object) -> None:
    """A body that is nothing like a message is a problem to tell of, not one to fail at."""
    odd = [call(route, wrong) for route in (SEND, CALLBACK, THREAD, FOLLOWUP)]

    assert [bool(legality.problems(each)) for each in odd] == [True] * 4


def test_the_document_is_looked_for_where_it_is_said_to_be(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The folder that REDRAW_SPECS names is the one that counts."""
    monkeypatch.setenv("REDRAW_SPECS", str(tmp_path))
    assert not legality.is_at_hand()

    (tmp_path / "discord-openapi.json").write_text("{}")
    assert legality.is_at_hand()
