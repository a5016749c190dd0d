"""What answers are made of."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from core.studio import envelope
from core.studio.envelope import Failure, Outcome, Status

AT = datetime(2026, 11, 22, 12, 0, 5, tzinfo=UTC)
TASK_ID = "0b4ff0f4-6a1b-4b5c-9d43-6d6d7e1f2a3b"


def outcome(failure: Failure | None = None) -> Outcome:
    return Outcome(
        status=Status.FAILED if failure else Status.SUCCESS,
        app_id="ap-x",
        input={"parameters": {"prompt": "ä"}},
        finished_at=AT,
        runtime_s=1.23456,
        files=("a.webp",),
        small_files=("b.webp",),
        batch=2,
        understood=("woodcut",),
        ignored=("flibber",),
        failure=failure,
    )


@pytest.mark.parametrize("failure", [None, envelope.BAD_PICTURE], ids=["done", "failed"])
def test_outcome_survives_json(failure: Failure | None) -> None:
    """An outcome read back from its JSON is the same outcome."""
    before = outcome(failure)

    after = Outcome.from_json(json.loads(json.dumps(before.to_json())))

    assert after == before


def test_success_has_the_pages_keys() -> None:
    """A final answer is made of the eight keys, with addresses, times and the preview's words."""
    answer = envelope.ended(outcome(), pictures_url="http://h/pictures")

    assert answer == {
        "time_required": {"startup_time": 0.0, "runtime": 1.235},
        "error": None,
        "error_data": None,
        "input": {"parameters": {"prompt": "ä"}},
        "output": {
            "result": ["http://h/pictures/a.webp"],
            "Has_NSFW_Content": [False, False],
            "low_res_urls": ["http://h/pictures/b.webp"],
            "preview": {
                "notice": "local preview",
                "understood": ["woodcut"],
                "ignored": ["flibber"],
            },
        },
        "app_id": "ap-x",
        "task_id": None,
        "status": "SUCCESS",
    }


def test_failure_has_no_output() -> None:
    """A failed task's answer has the two texts, and neither output nor times."""
    answer = envelope.ended(outcome(envelope.BAD_SIZE), pictures_url="http://h")

    assert (answer["output"], answer["time_required"]) == ({}, {})
    assert answer["error"] == "Internal Error"
    assert answer["error_data"] == "Invalid Height and width dimension"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (TASK_ID, True),
        (TASK_ID.upper(), False),
        (f"{TASK_ID}\n", False),
        (f"../{TASK_ID}", False),
        ("", False),
    ],
)
def test_task_ids_are_told_from_other_text(text: str, expected: bool) -> None:  # a case
    """Only what is written exactly like an id of ours ever becomes part of a file's name."""
    assert envelope.is_task_id(text) is expected


def test_picture_names_look_like_the_hosted_ones() -> None:
    """A name is the instant, an id and `.webp`; it is the same for the same part of a task."""
    names = [envelope.picture_name(TASK_ID, part, AT) for part in ("0", "0", "1")]

    assert names[0].startswith("20261122120005_")
    assert envelope.is_picture_name(names[0])
    assert (names[0] == names[1], names[0] == names[2]) == (True, False)
    assert not envelope.is_picture_name("../" + names[0])


def test_model_without_service() -> None:
    """A model that the worker does not have is a service that is not found."""
    assert envelope.unknown_service("ap-x") == Failure(
        error="Service Not Found", error_data="Given APP Id 'ap-x' is not available"
    )
