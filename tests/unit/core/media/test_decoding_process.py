"""The inside of a decoder process, without a process."""

from __future__ import annotations

import io

import pytest

from core.errors import MediaUnavailable, TooLarge, Unreadable, WrongType
from core.media.decoding_process import (
    LENGTH_BYTES,
    READY,
    Answer,
    Outcome,
    pack_call,
    read_answer,
    serve,
)
from core.media.fit import probe_picture
from core.media.item import Kind
from tests.fakes import pictures


def carried_out(*calls: bytes) -> list[Answer]:
    """The answers to several calls, in order."""
    sink = io.BytesIO()
    serve(io.BytesIO(b"".join(calls)), sink, timeout_s=60)
    written = io.BytesIO(sink.getvalue())
    assert written.read(len(READY)) == READY
    answers = []
    while length := written.read(LENGTH_BYTES):
        answers.append(read_answer(written.read(int.from_bytes(length, "big"))))
    return answers


def fail(error: BaseException) -> None:
    raise error


def test_calls_are_answered_in_order_until_the_input_ends() -> None:
    """Each call gets one answer, and the end of the input ends the process."""
    answers = carried_out(pack_call(max, (1, 2)), pack_call(probe_picture, (pictures.jpeg(),)))

    assert [answer.value for answer in answers] == [2, (Kind.JPEG, 512, 512)]


def test_nothing_to_do_is_no_error() -> None:
    """A process that is never asked anything ends like any other."""
    assert carried_out() == []


OURS = {
    "TooLarge": TooLarge(5, "pixels"),
    "WrongType": WrongType("a PDF"),
    "Unreadable": Unreadable("why"),
    "MediaUnavailable": MediaUnavailable("later", retry_after_s=3.5),
}


def fail_with_ours(name: str) -> None:
    raise OURS[name]


@pytest.mark.parametrize("name", OURS)
def test_our_errors_arrive_whole(name: str) -> None:
    """An error arrives with its class, its text and its facts."""
    (answer,) = carried_out(pack_call(fail_with_ours, (name,)))

    assert answer.outcome is Outcome.ERROR
    assert type(answer.value) is type(OURS[name])
    assert (str(answer.value), vars(answer.value)) == (str(OURS[name]), vars(OURS[name]))


def test_no_memory_is_an_answer() -> None:
    """Running out of memory is told, not died of."""
    (answer,) = carried_out(pack_call(fail, (MemoryError(),)))

    assert answer == Answer(outcome=Outcome.MEMORY)


def test_a_bug_is_an_answer_too() -> None:
    """A call that fails in a way it should not leaves the process working."""
    answers = carried_out(pack_call(fail, (ValueError("odd"),)), pack_call(max, (1, 2)))

    assert answers == [
        Answer(outcome=Outcome.BUG, value="ValueError: odd"),
        Answer(outcome=Outcome.VALUE, value=2),
    ]
