"""What is offered while somebody types: the likeliest first, and only what the model takes."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.discord.choices import SIZE_AUTO, model_choices, size_asked, size_choices
from core import request
from core.catalogue.catalogue import Catalogue
from core.catalogue.loader import load
from core.catalogue.model import Sizing
from tests.fakes.discord_rendered import legal, offered
from tests.fakes.jobs import SHADE

CATALOGUE = load()
DEFAULT = "flux-dev"
KONTEXT = "flux-kontext-max"


def models(typed: str) -> list[str]:
    return [each.value for each in model_choices(CATALOGUE, typed)]


def sizes(model_text: str, typed: str = "", default: str = DEFAULT) -> list[str]:
    return [each.value for each in size_choices(CATALOGUE, model_text, typed, default)]


def test_all_models_are_offered_before_anything_is_typed() -> None:
    """Each label says what the model is good for; its value is what the request names it by."""
    found = model_choices(CATALOGUE, "")

    assert [each.value for each in found] == [model.model_id for model in CATALOGUE.models]
    assert found[6].name == ("GPT Image: Following long, exact instructions, and text in pictures.")


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("flux d", "flux-dev"),
        ("Ideo", "ideogram-remix"),
        ("kontext", KONTEXT),
        ("portraits", "flux-pulid"),
        ("LINE ART", "flux-canny"),
        ("ideagram", "ideogram-remix"),
        ("depht", "flux-depth"),
        ("flux kontekst", KONTEXT),
        ("gtp", "gpt-image"),
    ],
)
def test_likeliest_model_comes_first(typed: str, first: str) -> None:
    """By its name, by what it is good for, and through a slip of the fingers."""
    assert models(typed)[0] == first


def test_name_counts_more_than_use() -> None:
    """Who types a name gets the models of that name before those that merely mention it."""
    catalogue = Catalogue(
        [
            replace(SHADE, model_id="a", name="Alpha", app_id="ap-a", good_for="Better than beta."),
            replace(SHADE, model_id="b", name="Beta", app_id="ap-b"),
        ]
    )

    assert [each.value for each in model_choices(catalogue, "beta")] == ["b", "a"]


def test_nonsense_finds_nothing() -> None:
    """What is near no model at all is not answered with a guess."""
    assert models("zzzzzz") == []


@settings(max_examples=60)
@given(st.text(max_size=200), st.integers(1, 60), st.sampled_from(["x", "*" * 200, "👩‍🚀" * 60]))
def test_any_answer_on_models_is_legal(typed: str, count: int, text: str) -> None:
    """At most 25 choices of at most 100 characters, whatever is typed and whatever there is."""
    catalogue = Catalogue(
        replace(
            SHADE, model_id=f"m{each}", app_id=f"ap-{each}", name=f"{each}{text}", good_for=text
        )
        for each in range(count)
    )
    found = model_choices(catalogue, typed)

    assert legal(offered(found))
    assert len({each.value for each in found}) == len(found)


@pytest.mark.parametrize("model_text", ["ideogram-remix", "Ideogram Remix", " IDEOGRAM remix "])
def test_sizes_are_those_of_the_chosen_model(model_text: str) -> None:
    """However the model is named; before anything is typed, none need be chosen."""
    listed = [str(size) for size in CATALOGUE["ideogram-remix"].sizes]

    assert sizes(model_text) == [SIZE_AUTO, *listed]


@pytest.mark.parametrize("model_text", ["", "ide", "no such model", "👩‍🚀" * 2000])
def test_sizes_of_an_unfinished_model_are_the_default_models(model_text: str) -> None:
    """Until a model is chosen, that is the one that a request without a model gets."""
    assert sizes(model_text) == [SIZE_AUTO]
    assert sizes(model_text, default="gpt-image") == [
        SIZE_AUTO,
        "1024x1536",
        "1024x1024",
        "1536x1024",
    ]


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("12", ["1280x960", "1280x720", "720x1280", "960x1280"]),
        ("1280x7", ["1280x720"]),
        ("1280 × 9", ["1280x960"]),  # noqa: RUF001 - people type it
        ("720", ["720x1280", "1280x720"]),
        ("a", [SIZE_AUTO, "720x1280", "960x1280", "1024x1024", "1280x960", "1280x720"]),
        ("999", ["720x1280", "960x1280", "1024x1024", "1280x960", "1280x720"]),
    ],
)
def test_sizes_are_narrowed_by_what_is_typed(typed: str, expected: list[str]) -> None:
    """By their beginning, then by their height; what fits none shows what there is."""
    assert sizes("ideogram-remix", typed) == expected


def test_labels_of_sizes_tell_their_shape() -> None:
    """Nobody has to work out which way a picture lies."""
    assert [each.name for each in size_choices(CATALOGUE, "gpt-image", "1", DEFAULT)] == [
        "1024x1536 (portrait)",
        "1024x1024 (square)",
        "1536x1024 (landscape)",
    ]


def test_free_model_takes_what_is_typed() -> None:
    """A model of any size offers some, and the one that was typed as soon as it is one."""
    catalogue = Catalogue([replace(SHADE, sizing=Sizing.FREE)])

    def found(typed: str) -> list[str]:
        return [each.value for each in size_choices(catalogue, "shade", typed, "shade")]

    assert found("640x480") == ["640x480"]
    assert found("")[:2] == [SIZE_AUTO, "1024x1024"]
    assert "99x99" not in found("99x99")


@pytest.mark.parametrize("model_text", [model.model_id for model in CATALOGUE.models])
@pytest.mark.parametrize("typed", ["", "1", "auto", "x" * 500, "\u0660"])
def test_every_offered_size_is_accepted(model_text: str, typed: str) -> None:
    """Whatever is chosen from the list is legal for Discord, and makes a valid request."""
    found = size_choices(CATALOGUE, model_text, typed, DEFAULT)

    assert legal(offered(found))
    for choice in found:
        values = {"model": model_text, "prompt": "p", "size": size_asked(choice.value)}
        valid = request.validate(values, CATALOGUE, image_count=1, default_model=DEFAULT)
        assert str(valid.size or SIZE_AUTO) == choice.value


def test_model_of_the_pictures_own_size_says_so() -> None:
    """There is nothing to choose then, and the one choice says why."""
    (only,) = size_choices(CATALOGUE, "flux-dev", "1024", DEFAULT)

    assert only.name == "auto: takes the picture's own size"


@pytest.mark.parametrize(
    ("given_text", "asked"),
    [
        (None, None),
        ("", None),
        ("  ", None),
        ("auto", None),
        (" Auto ", None),
        ("1x1", "1x1"),
        ("nonsense", "nonsense"),
    ],
)
def test_auto_is_no_size(given_text: str | None, asked: str | None) -> None:
    """The choice of none is none; anything else is left for the request to judge."""
    assert size_asked(given_text) == asked
