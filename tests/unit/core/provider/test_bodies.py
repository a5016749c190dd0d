"""What goes out: the exact JSON body for each of the eight models."""

from __future__ import annotations

import json

import pytest

from core.catalogue import loader
from core.catalogue.model import Model, Quirk, Size
from core.provider import dialect
from core.request import GenerationRequest, fitting_size, validate

CATALOGUE = loader.load()
ONE = ("https://media.example.org/one.jpg",)
FOUR = tuple(f"https://media.example.org/{number}.jpg" for number in range(4))
EVERYTHING = {
    "prompt": "a woodcut of a harbour",
    "negative_prompt": "people",
    "guidance_scale": 3.5,
    "strength": 0.4,
    "batch": 3,
}
SENT = {**EVERYTHING, "image": ONE[0], "celery": True}

BODIES: dict[str, dict[str, object]] = {
    "flux-dev": {**SENT, "app_id": "ap-fGhKl3mfkdlpqrshuwwabc"},
    "ideogram-remix": {
        **SENT,
        "app_id": "ap-hTjXy7qplkzvnmwqrsdabc",
        "width": 1280,
        "height": 960,
    },
    "flux-redux": {**SENT, "app_id": "ap-gFhLq9zvbnmopxkytswabc", "width": 1280, "height": 720},
    "flux-canny": {**SENT, "app_id": "ap-mNqZx4rtyjvbcfghwklpde"},
    "flux-depth": {**SENT, "app_id": "ap-gWfZx8rjvtyqopmnbcdehij"},
    "flux-pulid": {**SENT, "app_id": "ap-hJkLm8nqwertyuiopasdfg", "width": 1280, "height": 720},
    "gpt-image": {
        **SENT,
        "app_id": "ap-zuzhawbgipcrnxdtefhjbnvhc",
        "width": 1536,
        "height": 1024,
    },
    "flux-kontext-max": {
        **SENT,
        "app_id": "ap-tK7gR4jP9sWbC1mNfE8uVzH2",
        "file_urls": [ONE[0]],
        "width": 1280,
        "height": 720,
    },
}
"""For a picture of 1500 x 1000 and no size chosen, every optional parameter given."""


def _body(values: dict[str, object], urls: tuple[str, ...] = ONE) -> dict[str, object]:
    request = validate(values, CATALOGUE, image_count=len(urls), default_model="flux-dev")
    model = CATALOGUE[request.model_id]
    size = fitting_size(request, model, width_px=1500, height_px=1000)
    call = dialect.encode_submit(request, model, image_urls=urls, size=size)
    assert call.path == "/getImagetoImage"
    return dict(call.body)


@pytest.mark.parametrize("model_id", [model.model_id for model in CATALOGUE.models])
def test_body_of_each_model(model_id: str) -> None:
    """Each model is sent exactly this, whether it reads all of it or not."""
    assert BODIES[model_id] == _body({**EVERYTHING, "model": model_id})


@pytest.mark.parametrize("model_id", [model.model_id for model in CATALOGUE.models])
def test_least_body_of_each_model(model_id: str) -> None:
    """What was not given is not sent, but for batch, celery and the size of a sized model."""
    expected = {
        key: value
        for key, value in BODIES[model_id].items()
        if key not in {"negative_prompt", "guidance_scale", "strength"}
    }

    assert {**expected, "batch": 1} == _body({"prompt": EVERYTHING["prompt"], "model": model_id})


def test_kontext_gets_every_picture() -> None:
    """Four pictures travel in `file_urls`, the first of them as `image` as well."""
    body = _body({**EVERYTHING, "model": "flux-kontext-max"}, FOUR)

    expected = {**BODIES["flux-kontext-max"], "image": FOUR[0], "file_urls": list(FOUR)}
    assert expected == body


def test_chosen_size_is_sent_as_it_is() -> None:
    """A size that the user chose goes out as width and height, in that order of meaning."""
    body = _body({"prompt": "x", "model": "flux redux", "size": "1600x676"})

    assert (body["width"], body["height"]) == (1600, 676)


def test_numbers_of_the_body_are_json_numbers() -> None:
    """Parameters that came as text leave as numbers."""
    values = {"prompt": "x", "strength": "0.4", "batch": "2", "guidance_scale": "7"}
    body = _body(dict(values))

    expected = {"strength": 0.4, "batch": 2, "guidance_scale": 7.0}
    assert expected == {key: body[key] for key in expected}
    assert "NaN" not in json.dumps(body, allow_nan=False)


def test_no_picture_is_no_submit() -> None:
    """Without a picture nothing is encoded: GPT Image would make one up from the prompt alone."""
    request = GenerationRequest(model_id="gpt-image", prompt="x", image_count=1)

    with pytest.raises(ValueError, match="at least one picture"):
        dialect.encode_submit(request, CATALOGUE["gpt-image"], image_urls=(), size=None)


def _with(model: Model, *quirks: Quirk) -> Model:
    return Model(
        model_id=model.model_id,
        app_id=model.app_id,
        name=model.name,
        good_for=model.good_for,
        sizing=model.sizing,
        sizes=model.sizes,
        quirks=frozenset(quirks),
    )


@pytest.mark.parametrize(
    ("strength", "sent"), [(0.3, 0.7), (0.1, 0.9), (1.0, 0.01), (0.995, 0.01), (1e-9, 1.0)]
)
def test_strength_can_mean_fidelity(strength: float, sent: float) -> None:
    """With the quirk on, strength goes out the other way round and stays within 0.01 and 1."""
    model = _with(CATALOGUE["flux-redux"], Quirk.STRENGTH_MEANS_FIDELITY)
    request = GenerationRequest(model_id="flux-redux", prompt="x", image_count=1, strength=strength)
    call = dialect.encode_submit(request, model, image_urls=ONE, size=None)

    assert sent == call.body["strength"]


def test_sides_can_be_exchanged() -> None:
    """With the quirk on, width and height go out exchanged so that they come back right."""
    model = _with(CATALOGUE["flux-redux"], Quirk.SWAPS_WIDTH_AND_HEIGHT)
    request = GenerationRequest(model_id="flux-redux", prompt="x", image_count=1)
    size = Size(width_px=1280, height_px=720)
    call = dialect.encode_submit(request, model, image_urls=ONE, size=size)

    assert (call.body["width"], call.body["height"]) == (720, 1280)


def test_poll_asks_by_id() -> None:
    """A poll sends the task id as `id`, and nothing else."""
    call = dialect.encode_poll("task-1")

    assert call == dialect.Call(path="/getImage", body={"id": "task-1"})


def test_call_does_not_show_its_body() -> None:
    """What the user wrote and signed links are not in the repr of a call."""
    call = dialect.Call(path="/getImage", body={"prompt": "secret", "image": "https://x/?sig=1"})

    assert repr(call) == "Call(path='/getImage')"
