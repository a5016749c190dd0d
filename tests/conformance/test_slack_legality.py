"""What judges calls to Slack lets the right ones pass, and says of a wrong one what is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fakes import slack_legality as legality
from tests.fakes.slack_calls import Call
from tests.samples.slack_answers import ANSWERS, BODIES, Answer
from tests.samples.slack_calls import BOT, LEGAL, call, opened
from tests.samples.slack_largest_calls import LARGEST
from tests.samples.slack_wrong_blocks import Case
from tests.samples.slack_wrong_calls import DOCUMENTED, LIMITS

needs_reference = pytest.mark.skipif(not legality.is_at_hand(), reason=legality.MISSING)


def _problems(entry: Call) -> list[tuple[str, str]]:
    """Return rule and place of each problem."""
    found = [line.split(": ", 2) for line in legality.problems(entry)]
    return [(rule, where) for rule, where, _ in found]


def _ids(cases: list[Case]) -> list[str]:
    return [f"{rule}, {where}" for rule, where, _ in cases]


RIGHT = {**LEGAL, **LARGEST}


@pytest.fixture
def no_reference(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("REDRAW_SPECS", str(tmp_path))


@needs_reference
@pytest.mark.parametrize("purpose", RIGHT)
def test_legal_call(purpose: str) -> None:
    """Each method that the bot may use passes, as it should be called."""
    assert legality.problems(RIGHT[purpose]) == []
    assert legality.answer_problems(RIGHT[purpose]) == []


@pytest.mark.usefixtures("no_reference")
@pytest.mark.parametrize("purpose", RIGHT)
def test_legal_call_without_the_reference(purpose: str) -> None:
    """The further limits alone have nothing against a right call either."""
    assert not legality.is_at_hand()
    assert legality.problems(RIGHT[purpose]) == []


@needs_reference
@pytest.mark.parametrize(("rule", "where", "wrong"), LIMITS, ids=_ids(LIMITS))
def test_limit(rule: str, where: str, wrong: Call) -> None:
    """A call over one limit is told so by that limit's rule and by no other."""
    assert set(_problems(wrong)) == {(rule, where)}


@pytest.mark.usefixtures("no_reference")
@pytest.mark.parametrize(("rule", "where", "wrong"), LIMITS, ids=_ids(LIMITS))
def test_limit_without_the_reference(rule: str, where: str, wrong: Call) -> None:
    """The limits hold where the reference is not at hand."""
    assert set(_problems(wrong)) == {(rule, where)}


@needs_reference
@pytest.mark.parametrize(("rule", "where", "wrong"), DOCUMENTED, ids=_ids(DOCUMENTED))
def test_reference(rule: str, where: str, wrong: Call) -> None:
    """What the reference alone knows is said once, at its place."""
    assert _problems(wrong) == [(rule, where)]


@needs_reference
@pytest.mark.parametrize(("method", "status", "error", "rule"), ANSWERS)
def test_answer(method: str, status: int, error: str | None, rule: Answer) -> None:
    """An answer is one that the method may give: its own errors, common ones, no other."""
    found = legality.answer_problems(call(method, status=status, error=error))

    assert [line.split(": ")[0] for line in found] == ([rule] if rule else [])


@needs_reference
@pytest.mark.parametrize(("method", "body", "where"), BODIES)
def test_body_of_an_answer(method: str, body: dict[str, object], where: str) -> None:
    """A body has what the reference promises, and may have more."""
    found = legality.response_problems(call(method), {"ok": True, **body})
    places = [tuple(line.split(": ")[:2]) for line in found]

    assert places == ([("answer body", where)] if where else [])


ODD: list[object] = [
    None,
    1,
    "x",
    [],
    [1],
    [None],
    {},
    {"type": []},
    {"blocks": 1},
    [{"type": "section"}],
]


@needs_reference
@pytest.mark.parametrize("odd", ODD)
def test_arguments_of_any_shape_are_judged(odd: object) -> None:
    """Blocks, views and files that are nothing of the kind are problems, not failures."""
    calls = [
        call("chat.postMessage", {"channel": odd, "text": odd, "blocks": odd, "metadata": odd}),
        call("views.open", {"trigger_id": "1", "view": odd}),
        call("views.open", opened({"type": "modal", "blocks": odd, "title": odd})),
        call("files.completeUploadExternal", {"files": odd, "channel_id": 3}),
        call("files.getUploadURLExternal", {"filename": odd, "length": odd}),
    ]

    assert [bool(legality.problems(each)) for each in calls] == [True] * len(calls)


def test_the_reference_is_looked_for_where_it_is_said_to_be(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The folder that REDRAW_SPECS names is the one that counts."""
    monkeypatch.setenv("REDRAW_SPECS", str(tmp_path))
    assert not legality.is_at_hand()

    (tmp_path / "slack" / "methods").mkdir(parents=True)
    assert legality.is_at_hand()


def test_no_token_is_repeated() -> None:
    """What is told of a wrong token is not the token."""
    wrong = call("auth.test", token=BOT.replace("xoxb", "xoxp"))

    assert "fake" not in "".join(legality.problems(wrong))
