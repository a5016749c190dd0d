"""The packaged catalogue says what the API's page says."""

from __future__ import annotations

import tomllib
from importlib import resources

import pytest

from core.catalogue import loader
from core.catalogue.model import Model, Parameter, Quirk, Sizing

PAGE: tuple[tuple[str, str, str, str], ...] = (
    ("flux-dev", "ap-fGhKl3mfkdlpqrshuwwabc", "Flux Dev", ""),
    (
        "ideogram-remix",
        "ap-hTjXy7qplkzvnmwqrsdabc",
        "Ideogram Remix",
        "720x1280 960x1280 1024x1024 1280x960 1280x720",
    ),
    (
        "flux-redux",
        "ap-gFhLq9zvbnmopxkytswabc",
        "Flux Redux",
        "720x1280 800x1000 1024x1024 1280x720 1600x676",
    ),
    ("flux-canny", "ap-mNqZx4rtyjvbcfghwklpde", "Flux Canny", ""),
    ("flux-depth", "ap-gWfZx8rjvtyqopmnbcdehij", "Flux Depth", ""),
    (
        "flux-pulid",
        "ap-hJkLm8nqwertyuiopasdfg",
        "Flux PulID",
        "1024x1024 800x1000 720x1280 1280x720 1600x676",
    ),
    ("gpt-image", "ap-zuzhawbgipcrnxdtefhjbnvhc", "GPT Image", "1024x1536 1024x1024 1536x1024"),
    (
        "flux-kontext-max",
        "ap-tK7gR4jP9sWbC1mNfE8uVzH2",
        "Flux Kontext Max",
        "630x1470 900x1200 1024x1024 1280x720 1470x630",
    ),
)
"""Source: docs.qolaba.ai/api-platform/image-to-image, "APP ids", in the page's order."""

READS: dict[str, set[Parameter]] = {
    "flux-dev": {Parameter.STRENGTH},
    "ideogram-remix": {Parameter.STRENGTH, Parameter.NEGATIVE_PROMPT},
    "flux-redux": {Parameter.STRENGTH},
    "flux-canny": set(),
    "flux-depth": set(),
    "flux-pulid": {Parameter.NEGATIVE_PROMPT},
    "gpt-image": set(),
    "flux-kontext-max": {Parameter.GUIDANCE_SCALE},
}
MODELS = loader.load().models


def _id(model: Model) -> str:
    return model.model_id


def test_models_are_those_of_the_page() -> None:
    """Ids, names and sizes are the page's, in its order; unsized models take the picture's own."""
    found = tuple(
        (model.model_id, model.app_id, model.name, " ".join(map(str, model.sizes)))
        for model in MODELS
    )

    assert found == PAGE


@pytest.mark.parametrize("model", MODELS, ids=_id)
def test_model_reads_what_is_known(model: Model) -> None:
    """Each model reads what its service is known to read."""
    assert READS[model.model_id] == model.reads


@pytest.mark.parametrize("model", MODELS, ids=_id)
def test_model_is_sized_or_takes_the_input(model: Model) -> None:
    """A model with a list of sizes is a sized one; none of the eight is free."""
    assert (Sizing.LISTED if model.sizes else Sizing.INPUT) == model.sizing


@pytest.mark.parametrize("model", MODELS, ids=_id)
def test_model_tells_people_what_to_expect(model: Model) -> None:
    """Each model has its line, a cost and an expected time."""
    assert model.good_for.endswith(".")
    assert 0 < model.credits_per_picture < 50
    assert 5 <= model.typical_s <= 60


def test_only_kontext_takes_several_pictures() -> None:
    """Flux Kontext Max takes up to four, in `file_urls`; all others take one."""
    several = {m.model_id: (m.images_max, m.sends_file_urls) for m in MODELS if m.images_max > 1}

    assert several == {"flux-kontext-max": (4, True)}
    assert [model.model_id for model in MODELS if model.sends_file_urls] == ["flux-kontext-max"]


def test_published_credits_are_those_of_the_price_page() -> None:
    """Three models have a published price; all other costs are marked as estimates."""
    published = {m.model_id: m.credits_per_picture for m in MODELS if m.credits_are_published}

    assert published == {"flux-dev": 9, "ideogram-remix": 22, "gpt-image": 18}


def test_every_quirk_is_off() -> None:
    """No quirk is switched on, and none of the eight runs on a GPU that can be chosen."""
    assert not any(model.quirks or model.qolaba_deployed for model in MODELS)


def test_every_quirk_is_written_down_with_its_source() -> None:
    """The file names the quirks that are believed, so that an operator finds the switch."""
    text = resources.files("core.catalogue").joinpath("models.toml").read_text()
    tables = tomllib.loads(text)["models"]
    believed = {model_id: set(table.get("quirks", {})) for model_id, table in tables.items()}

    assert {model_id: quirks for model_id, quirks in believed.items() if quirks} == {
        "ideogram-remix": {Quirk.STRENGTH_MEANS_FIDELITY},
        "flux-redux": {Quirk.STRENGTH_MEANS_FIDELITY, Quirk.SWAPS_WIDTH_AND_HEIGHT},
    }
    assert text.count("# Source:") == 6
