"""What judges the answers of a fake Discord lets right shapes pass and finds wrong ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fakes import discord_legality as legality
from tests.fakes.discord_calls import Call
from tests.samples.discord_answers import ANSWERS, DIRECT, PLACE, POSTED, SET, SHOWN, STARTED
from tests.samples.discord_calls import CHANNEL, COMMANDS, ORIGINAL, SEND, THREAD, call

needs_document = pytest.mark.skipif(not legality.is_at_hand(), reason=legality.MISSING)

SEND_CALL = call(SEND, {})
WRONG: list[tuple[str, Call, object]] = [
    ("the call", SEND_CALL, {key: POSTED[key] for key in POSTED if key != "author"}),
    ("id", SEND_CALL, {**POSTED, "id": 52}),
    ("timestamp", SEND_CALL, {**POSTED, "timestamp": 0}),
    ("nonce", SEND_CALL, {**POSTED, "nonce": None}),
    ("components/0/components/0", SEND_CALL,
     {**POSTED, "components": [{**SHOWN, "components": [{"type": 10, "content": "x"}]}]}),
    ("components/0", SEND_CALL, {**POSTED, "components": [{"type": 99, "id": 1}]}),
    ("the call", call(f"GET /channels/{CHANNEL}"), {**PLACE, "type": "text"}),
    ("recipients", call("POST /users/@me/channels", {}), {**DIRECT, "recipients": None}),
    ("thread_metadata", call(THREAD, {}, status=201), {**STARTED, "thread_metadata": None}),
    ("0/version", call(COMMANDS, []), [{**SET, "version": 1}]),
    ("the call", call(f"DELETE {ORIGINAL}", status=204), {}),
    ("the call", call(THREAD, {}, status=202), STARTED),
    ("the call", call(SEND, {}, status=404), {"message": "Unknown Channel"}),
    ("the call", call(SEND, {}, status=429), {"message": "Slow down", "global": False}),
]  # fmt: skip
"""Where each answer is wrong."""


@needs_document
@pytest.mark.parametrize("answer", ANSWERS)
def test_right_answer(answer: str) -> None:
    """Messages, channels, threads, commands, acknowledgements and refusals as Discord has them."""
    assert legality.response_problems(*ANSWERS[answer]) == []


@needs_document
@pytest.mark.parametrize(("where", "answered", "body"), WRONG)
def test_wrong_answer(where: str, answered: Call, body: object) -> None:
    """Each answer that Discord would not give is told of, at the place that is wrong."""
    found = legality.response_problems(answered, body)

    assert found
    assert {line.split(": ")[:2] == ["answer", where] for line in found} == {True}


def test_nothing_is_said_without_the_document(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Answers are not judged where there is nothing to judge by."""
    monkeypatch.setenv("REDRAW_SPECS", str(tmp_path))

    assert legality.response_problems(SEND_CALL, {}) == []
