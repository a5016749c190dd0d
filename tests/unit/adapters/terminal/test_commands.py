"""How the arguments of `redraw try` are told apart."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters.terminal import commands
from adapters.terminal.commands import SAMPLE_PROMPT, Asked, TryOptions
from core.errors import InvalidRequest
from tests.fakes.jobs import MODELS

FILES = {"a.jpg", "b.png", "photo"}


def told_apart(*arguments: str) -> Asked:
    return commands.tell_apart(arguments, is_file=lambda path: str(path) in FILES)


@pytest.mark.parametrize(
    ("arguments", "images", "prompt"),
    [
        ((), [], SAMPLE_PROMPT),
        (("as a woodcut",), [], "as a woodcut"),
        (("woodcut",), [], "woodcut"),
        (("a.jpg", "as a woodcut"), ["a.jpg"], "as a woodcut"),
        (("a.jpg", "b.png", "as a woodcut"), ["a.jpg", "b.png"], "as a woodcut"),
        (("a.jpg",), ["a.jpg"], ""),
        (("photo",), ["photo"], ""),
        (("a.jpg", "b.png"), ["a.jpg", "b.png"], ""),
        (("missing.jpg",), ["missing.jpg"], ""),
        (("missing.jpg", "as a woodcut"), ["missing.jpg"], "as a woodcut"),
        (("a.jpg", "like photo.jpg"), ["a.jpg"], "like photo.jpg"),
        (("a.jpg", "missing.png"), ["a.jpg", "missing.png"], ""),
    ],
)
def test_last_argument_is_the_prompt_unless_it_is_a_file(
    arguments: tuple[str, ...], images: list[str], prompt: str
) -> None:
    """Pictures come first; the last argument is the prompt unless it names a file."""
    assert told_apart(*arguments) == Asked(images=tuple(map(Path, images)), prompt=prompt)


def options(**changes: object) -> TryOptions:
    return TryOptions(values=changes, all_models=False)


def test_values_become_one_request() -> None:
    """Options are given to the request by its own names, as text."""
    (found,) = commands.requests(
        options(model="Tint", size="720x1280", batch="3"),
        Asked(images=(Path("a.jpg"),), prompt="a woodcut"),
        MODELS,
        default_model="shade",
    )

    assert (found.model_id, str(found.size), found.batch, found.image_count) == (
        "tint",
        "720x1280",
        3,
        1,
    )


def test_default_model_is_taken_where_none_is_named() -> None:
    """Without --model the operator's default draws."""
    (found,) = commands.requests(
        options(), Asked(images=(), prompt="a woodcut"), MODELS, default_model="tint"
    )

    assert (found.model_id, found.image_count) == ("tint", 1)


def test_all_models_make_one_request_each() -> None:
    """With --all-models there is one request for every model, in the catalogue's order."""
    found = commands.requests(
        TryOptions(all_models=True),
        Asked(images=(), prompt="a woodcut"),
        MODELS,
        default_model="shade",
    )

    assert [request.model_id for request in found] == ["shade", "tint"]


def test_every_problem_is_reported_once() -> None:
    """Problems of several models are all told, and the same one is told once."""
    with pytest.raises(InvalidRequest) as caught:
        commands.requests(
            TryOptions(all_models=True, values={"batch": "9", "strength": "2"}),
            Asked(images=(), prompt="a woodcut"),
            MODELS,
            default_model="shade",
        )

    assert sorted(problem.parameter for problem in caught.value.problems) == ["batch", "strength"]


def test_one_model_and_all_of_them_exclude_each_other() -> None:
    """--model beside --all-models is a contradiction that is said."""
    with pytest.raises(InvalidRequest) as caught:
        commands.requests(
            TryOptions(all_models=True, values={"model": "shade"}),
            Asked(images=(), prompt="a woodcut"),
            MODELS,
            default_model="shade",
        )

    assert [problem.allowed for problem in caught.value.problems] == [
        "either --model or --all-models"
    ]


def test_picture_without_a_prompt_is_refused() -> None:
    """A picture alone says nothing about what it should become."""
    with pytest.raises(InvalidRequest) as caught:
        commands.requests(
            options(), Asked(images=(Path("a.jpg"),), prompt=""), MODELS, default_model="shade"
        )

    assert [problem.parameter for problem in caught.value.problems] == ["prompt"]
