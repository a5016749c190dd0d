"""How people find the model they mean."""

from __future__ import annotations

import pytest

from core.catalogue import loader

CATALOGUE = loader.load()


@pytest.mark.parametrize(
    "text",
    [
        "flux-kontext-max",
        "Flux Kontext Max",
        "  FLUX_kontext  MAX ",
        "flux kontext-max",
        "ap-tK7gR4jP9sWbC1mNfE8uVzH2",
        "AP-TK7GR4JP9SWBC1MNFE8UVZH2",
    ],
)
def test_model_is_found_by_id_name_or_app_id(text: str) -> None:
    """Case, spaces, dashes and underscores make no difference."""
    found = CATALOGUE.find(text)

    assert found is CATALOGUE["flux-kontext-max"]


@pytest.mark.parametrize("text", ["", " ", "-", "flux", "kontext", "fluxdev", "x" * 10_000])
def test_part_of_a_name_is_not_a_name(text: str) -> None:
    """Only a whole name finds a model; parts are for suggestions."""
    assert CATALOGUE.find(text) is None


@pytest.mark.parametrize(
    ("text", "model_id"),
    [
        ("flux-deb", "flux-dev"),
        ("fluxdev", "flux-dev"),
        ("kontext", "flux-kontext-max"),
        ("gpt", "gpt-image"),
        ("Flux Cany", "flux-canny"),
        ("ideogram", "ideogram-remix"),
        ("ap-hTjXy7qplkzvnmwqrsdab", "ideogram-remix"),
        ("pulid", "flux-pulid"),
    ],
)
def test_near_miss_gets_a_suggestion(text: str, model_id: str) -> None:
    """What is nearly a name, or a part of one, suggests its model."""
    assert CATALOGUE.suggest(text) is CATALOGUE[model_id]


@pytest.mark.parametrize("text", ["", "  ", "midjourney", "🦆", "x" * 10_000])
def test_nothing_near_gets_no_suggestion(text: str) -> None:
    """What is like no model suggests none."""
    assert CATALOGUE.suggest(text) is None


@pytest.mark.parametrize(
    ("prefix", "found"),
    [
        ("gpt", ["gpt-image"]),
        ("Flux D", ["flux-dev", "flux-depth"]),
        ("re", ["ideogram-remix", "flux-redux"]),
        ("max", ["flux-kontext-max"]),
        ("ulid", ["flux-pulid"]),
        ("zzz", []),
    ],
)
def test_typing_finds_models(prefix: str, found: list[str]) -> None:
    """What has been typed finds names that begin with it, then words, then the middle."""
    assert [model.model_id for model in CATALOGUE.search(prefix, 25)] == found


def test_empty_search_lists_all_up_to_the_limit() -> None:
    """Nothing typed lists the catalogue in its order, no longer than asked for."""
    assert CATALOGUE.search("", 25) == CATALOGUE.models
    assert CATALOGUE.search("", 3) == CATALOGUE.models[:3]


def test_unknown_id_is_a_key_error() -> None:
    """An id that the catalogue never had is a KeyError, for the caller to explain."""
    with pytest.raises(KeyError):
        CATALOGUE["none"]
