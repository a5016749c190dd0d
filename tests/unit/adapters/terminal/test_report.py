"""What scripts get: the keys of the JSON and the exit codes."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from pathlib import Path

import pytest

from adapters import presentation
from adapters.terminal import report
from adapters.terminal.interrupts import Interrupts
from adapters.terminal.report import ExitCode, JobReport
from adapters.terminal.resume import Way
from adapters.terminal.written import Written
from adapters.wording import Words
from core.errors import (
    AppError,
    Gone,
    InvalidRequest,
    Limit,
    MediaUnavailable,
    Misconfiguration,
    OutcomeUnknown,
    QuotaExceeded,
    SettingsError,
    StoreUnavailable,
)
from core.jobs.job import DeliveryState
from core.jobs.lifecycle import DeliveryKind, Reason, State
from tests.fakes.clock import START
from tests.fakes.jobs import SHADE, delivery, job

KEYS = [
    "job_id",
    "state",
    "model",
    "preview",
    "outputs",
    "sheet",
    "before_after",
    "seconds",
    "notices",
    "error",
]
WRITTEN = Written(outputs=("/out/1.jpg", "/out/2.jpg"), sheet="/out/s.jpg", before_after="/out/b")


def reported(state: State, reason: Reason | None = None) -> JobReport:
    ended = job(state=state, reason=reason, preview=True)
    card = presentation.card(ended, SHADE, now=START + timedelta(seconds=3), expected_s=None)
    return report.of_job(card, "shade", WRITTEN if state is State.READY else Written())


def pressed(times: int) -> Interrupts:
    interrupts = Interrupts()
    for _ in range(times):
        interrupts.press()
    return interrupts


def test_json_of_one_job_has_exactly_the_promised_keys() -> None:
    """The object of a single job has the ten keys of the design, in their order."""
    made = report.result(
        [reported(State.READY)], preview=True, several=False, interrupts=pressed(0)
    )

    assert list(made.to_json()) == KEYS
    assert json.loads(json.dumps(made.to_json())) == {
        "job_id": "01J00000000000000000000000",
        "state": "ready",
        "model": "shade",
        "preview": True,
        "outputs": ["/out/1.jpg", "/out/2.jpg"],
        "sheet": "/out/s.jpg",
        "before_after": "/out/b",
        "seconds": 12.0,
        "notices": ["This is a local preview, not Shade itself."],
        "error": None,
    }


def test_json_of_all_models_lists_the_jobs_too() -> None:
    """Several jobs are one object with the same keys for the whole, and each job under `jobs`."""
    made = report.result(
        [reported(State.READY), reported(State.FAILED, Reason.FILTERED)],
        preview=True,
        several=True,
        sheet="/out/all.jpg",
        interrupts=pressed(0),
    ).to_json()

    assert list(made) == [*KEYS, "jobs"]
    assert (made["job_id"], made["model"], made["state"]) == (None, None, "failed")
    assert (made["sheet"], made["outputs"]) == ("/out/all.jpg", ["/out/1.jpg", "/out/2.jpg"])
    jobs = made["jobs"]
    assert isinstance(jobs, list)
    assert [list(each) for each in jobs] == [KEYS, KEYS]


def test_json_of_a_refusal_has_the_keys_too() -> None:
    """A command that never had a job still prints the whole object, with the words in `error`."""
    made = report.refused(Gone(), preview=False).to_json()

    assert list(made) == KEYS
    assert made["error"] == (
        "The picture is no longer where it was. Nothing was charged. Give it once more."
    )
    assert {key for key, value in made.items() if value is None} == {
        "job_id",
        "state",
        "model",
        "sheet",
        "before_after",
        "seconds",
    }


def test_what_was_understood_is_a_notice() -> None:
    """Lines that belong to the whole command come first among the notices."""
    made = report.result(
        [reported(State.READY)],
        preview=True,
        several=False,
        notices=["understood: x"],
        interrupts=pressed(0),
    )

    assert made.summary.notices == ("understood: x", "This is a local preview, not Shade itself.")


@pytest.mark.parametrize(
    ("states", "presses", "expected"),
    [
        ([State.READY], 0, ExitCode.DONE),
        ([State.READY, State.READY], 0, ExitCode.DONE),
        ([State.FAILED], 0, ExitCode.FAILED),
        ([State.READY, State.EXPIRED], 0, ExitCode.FAILED),
        ([State.UNCERTAIN], 0, ExitCode.FAILED),
        ([State.CANCELLED], 1, ExitCode.INTERRUPTED),
        ([State.READY], 1, ExitCode.INTERRUPTED),
        ([State.RUNNING], 2, ExitCode.INTERRUPTED),
    ],
)
def test_exit_code_follows_the_jobs(states: list[State], presses: int, expected: ExitCode) -> None:
    """All ready is 0, anything else 1, and an interrupted command 130 whatever came of it."""
    made = report.result(
        [reported(state) for state in states],
        preview=True,
        several=len(states) > 1,
        interrupts=pressed(presses),
    )

    assert made.exit_code == expected
    assert made.forced == (presses == 2)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (InvalidRequest(()), ExitCode.BAD_INPUT),
        (QuotaExceeded(Limit.BATCH, allowed=4, used=8), ExitCode.BAD_INPUT),
        (Gone(), ExitCode.BAD_INPUT),
        (SettingsError("REDRAW_DATA_DIR", "it is a file"), ExitCode.BAD_INPUT),
        (StoreUnavailable(), ExitCode.FAILED),
        (MediaUnavailable(), ExitCode.FAILED),
        (OutcomeUnknown(), ExitCode.FAILED),
    ],
    ids=lambda value: type(value).__name__,
)
def test_refusal_tells_bad_input_from_bad_luck(error: AppError, expected: ExitCode) -> None:
    """What whoever typed the command can mend is 2, anything else 1."""
    assert report.refused(error, preview=False).exit_code == expected


def test_partial_result_is_no_error() -> None:
    """A job with fewer pictures than asked for is done; the card tells what is missing."""
    assert reported(State.READY, Reason.PARTIAL).error is None


def test_unwritten_result_is_an_error() -> None:
    """A ready job whose files could not be written has not done what was asked."""
    card = presentation.card(job(state=State.READY), SHADE, now=START, expected_s=None)
    words = Words(what_happened="It is full.", charged="So it was.", what_to_do="Tidy up.")
    made = report.of_job(card, "shade", Written(), instead=words)

    assert made.error == "It is full. So it was. Tidy up."


@pytest.mark.parametrize(
    ("way", "expected"),
    [
        (Way.CHECK_AGAIN, "asks for the result once more, free of charge"),
        (Way.SUBMIT_ANEW, "orders it again"),
    ],
)
def test_ended_job_is_gone_on_with_by_a_command(way: Way, expected: str) -> None:
    """What a chat offers as a button is told as the command that does it."""
    words = Words(what_happened="It ended.", charged="It was.", what_to_do="Press a button.")
    told = report.with_resume(words, way)

    assert told is not None
    assert told.text.startswith("It ended. It was. redraw try --resume ")
    assert expected in told.what_to_do
    assert report.with_resume(words, Way.NOTHING) is None


@pytest.mark.parametrize(
    ("cause", "expected"),
    [
        (Misconfiguration.CREDENTIALS, "QOLABA_API_KEY"),
        (Misconfiguration.CREDITS, "Top the account up"),
        (Misconfiguration.ADDRESS, "QOLABA_API_URL"),
    ],
)
def test_setting_in_the_way_is_named(cause: Misconfiguration, expected: str) -> None:
    """Whoever sits at the terminal hears what to mend and how to go on."""
    to_do = report.mend_first(cause).what_to_do

    assert expected in to_do
    assert "redraw try --resume" in to_do


def test_exit_codes_are_those_of_shells() -> None:
    """The codes are the promised numbers."""
    assert [code.value for code in ExitCode] == [0, 1, 2, 130]


def test_written_is_read_back_from_its_row() -> None:
    """What a result's delivery recorded is found again among the others."""
    rows = (
        delivery(DeliveryKind.CARD, DeliveryState.SENT, state="received"),
        delivery(DeliveryKind.RESULT, DeliveryState.SENT, **WRITTEN.to_receipt().data),
        delivery(DeliveryKind.CARD_FINAL, DeliveryState.SENT, state="ready"),
    )

    assert Written.recorded(rows) == WRITTEN


def test_nothing_written_is_read_as_nothing() -> None:
    """A result that was refused has left no paths."""
    rows = (delivery(DeliveryKind.RESULT, DeliveryState.REFUSED),)

    assert Written.recorded(rows) == Written()


def test_every_key_is_documented() -> None:
    """The page for scripts explains each key and each exit code, and no other."""
    page = (Path(__file__).parents[4] / "docs" / "terminal.md").read_text()
    keys = page.partition("| key | value |")[2].partition("\n\n")[0]
    codes = page.partition("| exit code | meaning |")[2].partition("\n\n")[0]

    assert (
        re.findall(r"`(\w+)`", "".join(re.findall(r"^\| (`[^|]+) \|", keys, re.MULTILINE))) == KEYS
    )
    assert re.findall(r"^\| (\d+) \|", codes, re.MULTILINE) == [
        str(code.value) for code in ExitCode
    ]
