"""Over all models and parameters: what is valid fits the page, what is not is named."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.catalogue import loader
from core.catalogue.catalogue import Catalogue
from core.catalogue.model import Model, Size, Sizing
from core.errors import InvalidRequest
from core.provider import dialect
from core.request import fitting_size, from_json, to_json, validate

FREE = Model(model_id="free", app_id="ap-free", name="Free", good_for="Tests.", sizing=Sizing.FREE)
DEPLOYED = Model(
    model_id="deployed",
    app_id="ap-deployed",
    name="Deployed",
    good_for="Tests.",
    sizing=Sizing.INPUT,
    qolaba_deployed=True,
)
CATALOGUE = Catalogue((*loader.load().models, FREE, DEPLOYED))
BLANKS = st.sampled_from(["", " ", "\t", "\n"])

TEXTS = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1, max_size=60
).map(lambda text: f"{text}x")
STRENGTHS = st.floats(0, 1, exclude_min=True)
GUIDANCE = st.floats(1, 30) | st.integers(1, 30)
BATCHES = st.integers(1, 8)
SIDES = st.integers(256, 1536)


def _written(value: object, blank: str) -> object:
    """Return a value as a form might hand it over."""
    return f"{blank}{value!r}{blank}" if isinstance(value, (int, float)) else value


@st.composite
def _sizes(draw: st.DrawFn, model: Model) -> dict[str, object]:
    """Draw a size that the model takes, in one of the ways to give it, or none."""
    if model.sizing is Sizing.INPUT or draw(st.booleans()):
        return {}
    free = st.builds(Size, width_px=SIDES, height_px=SIDES)
    size = draw(free if model.sizing is Sizing.FREE else st.sampled_from(model.sizes))
    whole: dict[str, object] = {"size": draw(st.sampled_from([size, str(size)]))}
    sides: dict[str, object] = {"width": size.width_px, "height": str(size.height_px)}
    return draw(st.sampled_from([whole, sides, {**whole, **sides}]))


@st.composite
def _valid(draw: st.DrawFn) -> tuple[Model, int, dict[str, object]]:
    """Draw a model, a number of pictures, and values that it takes."""
    model = draw(st.sampled_from(CATALOGUE.models))
    optional: dict[str, st.SearchStrategy[object]] = {
        "negative_prompt": TEXTS,
        "guidance_scale": GUIDANCE,
        "strength": STRENGTHS,
        "batch": BATCHES,
        "celery": st.sampled_from([True, "true", " True "]),
    }
    if model.qolaba_deployed:
        optional["inference_type"] = st.sampled_from(["a10g", "A100", " h100 "])
    values = draw(st.fixed_dictionaries({"prompt": TEXTS}, optional=optional))
    blank = draw(BLANKS)
    if draw(st.booleans()):
        values = {name: _written(value, blank) for name, value in values.items()}
    values |= draw(_sizes(model))
    values |= draw(
        st.sampled_from(
            [{"model": model.model_id}, {"model": model.name.upper()}, {"app_id": model.app_id}]
        )
    )
    return model, draw(st.integers(1, model.images_max)), values


def _breaches(body: dict[str, Any], model: Model) -> list[str]:
    """Return what in a body is not as the page wants it; written apart from the code under test."""
    wanted: dict[str, Callable[[Any], bool]] = {
        "app_id": lambda value: value == model.app_id,
        "image": lambda value: value.startswith("https://"),
        "prompt": lambda value: 1 <= len(value) <= 4000 and value == value.strip(),
        "file_urls": lambda value: value[0] == body["image"] and 1 <= len(value) <= 4,
        "guidance_scale": lambda value: type(value) is float and 1 <= value <= 30,
        "batch": lambda value: type(value) is int and 1 <= value <= 8,
        "strength": lambda value: type(value) is float and 0 < value <= 1,
        "height": lambda value: type(value) is int,
        "width": lambda value: type(value) is int,
        "negative_prompt": lambda value: 1 <= len(value) <= 4000,
        "celery": lambda value: value is True,
        "inference_type": lambda value: value in {"a10g", "a100", "h100"},
    }
    found = [name for name, value in body.items() if name not in wanted or not wanted[name](value)]
    missing = {"app_id", "image", "prompt", "batch", "celery"} - body.keys()
    size = (body.get("width"), body.get("height"))
    sizes = {
        Sizing.INPUT: size == (None, None),
        Sizing.LISTED: size in [(one.width_px, one.height_px) for one in model.sizes],
        Sizing.FREE: all(side is not None and 256 <= side <= 1536 for side in size),
    }
    if not sizes[model.sizing]:
        found.append("size")
    if ("file_urls" in body) is not (model.model_id == "flux-kontext-max"):
        found.append("file_urls")
    if "inference_type" in body and not model.qolaba_deployed:
        found.append("inference_type")
    return [*found, *missing]


@settings(deadline=None)
@given(_valid(), st.integers(1, 1536), st.integers(1, 1536))
def test_valid_values_make_a_body_that_fits_the_page(
    drawn: tuple[Model, int, dict[str, object]], width_px: int, height_px: int
) -> None:
    """Whatever is valid, its body keeps to every constraint, and the request survives JSON."""
    model, image_count, values = drawn
    request = validate(values, CATALOGUE, image_count=image_count, default_model="flux-dev")
    urls = [f"https://media.example.org/{number}.jpg" for number in range(image_count)]
    size = fitting_size(request, model, width_px=width_px, height_px=height_px)
    body = dialect.encode_submit(request, model, image_urls=urls, size=size).body

    assert _breaches(json.loads(json.dumps(body, allow_nan=False)), model) == []
    assert from_json(json.loads(json.dumps(to_json(request)))) == request
    assert {"negative_prompt", "strength", "guidance_scale"} & values.keys() <= body.keys()


NO_NUMBERS = st.sampled_from(
    ["many", "\uff11", "\u0663", "nan", "inf", "--1", "1e999", "0x1", "9" * 5000, [], {}, b"1"]
) | st.sampled_from([True, False, math.nan, math.inf, -math.inf, 10**400, -1, 0])
NO_TEXTS = st.sampled_from(["\u200b", "\u2060 ", "a\x00", "\ud800", "x" * 4001, 7, [], True])

BROKEN: dict[str, st.SearchStrategy[object]] = {
    "prompt": NO_TEXTS,
    "negative_prompt": NO_TEXTS,
    "guidance_scale": NO_NUMBERS | st.floats(max_value=0.99) | st.floats(min_value=30.01),
    "strength": NO_NUMBERS | st.floats(max_value=0) | st.floats(min_value=1.001),
    "batch": NO_NUMBERS | st.integers(min_value=9) | st.integers(max_value=0) | st.just(1.5),
    "size": st.sampled_from(["big", "1x", "99999x99999", "3x3", 7, [], True, "\u0661x\u0661"]),
    "inference_type": st.sampled_from(["t4", 1, [], True, "a100 "]),
    "celery": st.sampled_from([False, 1, 0, "false", "1", []]),
    "model": st.sampled_from(["none", 7, [], "flux", "\u202e", "x" * 5000]),
    "seed": st.just(1),
    "image": st.just("https://example.org/a.jpg"),
}


@settings(deadline=None)
@pytest.mark.parametrize("model", CATALOGUE.models, ids=lambda model: model.model_id)
@given(data=st.data())
def test_each_invalid_value_is_named(model: Model, data: st.DataObject) -> None:
    """Every parameter that is wrong is named, in words of bounded length, and no other one."""
    names = data.draw(st.sets(st.sampled_from(sorted(BROKEN)), min_size=1))
    values: dict[str, object] = {"prompt": "a harbour", "model": model.model_id}
    values |= {name: data.draw(BROKEN[name]) for name in sorted(names)}
    if "inference_type" in names and model.qolaba_deployed:
        values["inference_type"] = "t4"
    if "model" in names:
        values.pop("inference_type", None)
        values.pop("size", None)
        names -= {"inference_type", "size"}

    with pytest.raises(InvalidRequest) as caught:
        validate(values, CATALOGUE, image_count=1, default_model="flux-dev")

    problems = caught.value.problems
    assert sorted(problem.parameter for problem in problems) == sorted(names)
    assert all(0 < len(problem.reason) < 100 and problem.allowed for problem in problems)
    assert all((problem.reason + problem.allowed).isprintable() for problem in problems)


ANYTHING = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=30),
    st.binary(max_size=5),
    st.builds(Size, width_px=st.integers(), height_px=st.integers()),
)


@settings(deadline=None)
@given(
    st.dictionaries(st.sampled_from([*BROKEN, "width", "height", "app_id"]) | st.text(), ANYTHING),
    st.integers(-1, 9),
)
def test_any_values_are_a_request_or_problems(values: dict[str, object], image_count: int) -> None:
    """Whatever is handed over, a request comes back or problems do; nothing else escapes."""
    try:
        request = validate(
            values, CATALOGUE, image_count=image_count, default_model="flux-kontext-max"
        )
    except InvalidRequest as exc:
        told: object = exc.problems
    else:
        told = request.prompt

    assert told
