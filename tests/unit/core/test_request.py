"""What a user may ask for, example by example, and the words for what they may not."""

from __future__ import annotations

import json
import math

import pytest

from core.catalogue import loader
from core.catalogue.catalogue import Catalogue
from core.catalogue.model import Model, Parameter, Size, Sizing
from core.errors import InvalidRequest, Problem
from core.request import (
    GenerationRequest,
    fitting_size,
    from_json,
    ignored_parameters,
    to_json,
    validate,
)

EIGHT = loader.load().models
FREE = Model(model_id="free", app_id="ap-free", name="Free", good_for="Tests.", sizing=Sizing.FREE)
DEPLOYED = Model(
    model_id="deployed",
    app_id="ap-deployed",
    name="Deployed",
    good_for="Tests.",
    sizing=Sizing.INPUT,
    reads=frozenset({Parameter.INFERENCE_TYPE}),
    qolaba_deployed=True,
)
CATALOGUE = Catalogue((*EIGHT, FREE, DEPLOYED))


def _request(image_count: int = 1, /, **values: object) -> GenerationRequest:
    given = {"prompt": "a harbour", **values}
    return validate(given, CATALOGUE, image_count=image_count, default_model="flux-dev")


def _problems(image_count: int = 1, /, **values: object) -> tuple[Problem, ...]:
    with pytest.raises(InvalidRequest) as caught:
        _request(image_count, **values)
    return caught.value.problems


def _problem(image_count: int = 1, /, **values: object) -> Problem:
    (problem,) = _problems(image_count, **values)
    return problem


def test_prompt_and_picture_are_enough() -> None:
    """All but the prompt has a default: the default model, one picture, nothing else sent."""
    assert _request() == GenerationRequest(model_id="flux-dev", prompt="a harbour", image_count=1)


def test_everything_may_come_as_text() -> None:
    """Numbers, sizes and names are read from text, with the blanks around them."""
    request = _request(
        model=" Ideogram remix ",
        negative_prompt=" people ",
        guidance_scale=" 3.5 ",
        strength=" 0,4 ",
        batch=" 8 ",
        size=" 1280X720 ",
        celery="TRUE",
    )

    assert request == GenerationRequest(
        model_id="ideogram-remix",
        prompt="a harbour",
        image_count=1,
        batch=8,
        size=Size(width_px=1280, height_px=720),
        strength=0.4,
        guidance_scale=3.5,
        negative_prompt="people",
    )


def test_everything_may_come_typed() -> None:
    """Typed values are taken as they are; width and height make the size."""
    request = _request(
        app_id="ap-gFhLq9zvbnmopxkytswabc",
        guidance_scale=30,
        strength=1,
        batch=2.0,
        width=1600,
        height="676",
        celery=True,
    )

    assert request.model_id == "flux-redux"
    assert (request.strength, request.guidance_scale, request.batch) == (1.0, 30.0, 2)
    assert request.size == Size(width_px=1600, height_px=676)


@pytest.mark.parametrize("blank", [None, "", "  ", "\n"])
def test_blank_values_are_not_given(blank: object) -> None:
    """Forms hand over every field; what is blank counts as absent."""
    names = ("model", "negative_prompt", "strength", "batch", "size", "width", "celery")

    assert _request(**dict.fromkeys(names, blank)) == _request()


def test_inference_type_is_for_deployed_models() -> None:
    """A model declared Qolaba-deployed takes a GPU; every one of the eight refuses it."""
    assert _request(model="deployed", inference_type=" A100 ").inference_type == "a100"
    for model in EIGHT:
        problem = _problem(model=model.model_id, inference_type="a100")
        assert (problem.parameter, problem.allowed) == ("inference_type", "no inference_type")


@pytest.mark.parametrize("given", ["t4", 100, "a100,h100", ["a100"]])
def test_inference_type_is_one_of_three(given: object) -> None:
    """Another GPU is refused with the three there are."""
    problem = _problem(model="deployed", inference_type=given)

    assert problem.allowed == "one of a10g, a100, h100"


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("\uff10.\uff15", "\uff10.\uff15"),
        ("\u0660.\u0665", "\u0660.\u0665"),
        ("half", "half"),
        ("1e", "1e"),
        ("0x1", "0x1"),
        ("1_0", "1_0"),
        ("nan", "nan"),
        ("inf", "inf"),
        ("1e999", "1e999"),
        ("1e-999", "1e-999"),
        ("0", "0"),
        ("-0.5", "-0.5"),
        ("1.0000001", "1.0000001"),
        ("9" * 5000, f"{'9' * 40}…"),
        (math.nan, "nan"),
        (math.inf, "inf"),
        (-math.inf, "-inf"),
        (0, "0"),
        (0.0, "0.0"),
        (-1, "-1"),
        (1.5, "1.5"),
        (True, "True"),
        (False, "False"),
        pytest.param(10**5000, "a very large number", id="huge"),
        pytest.param(-(10**5000), "a very large number", id="huge and negative"),
        ([0.5], "a list"),
        (b"0.5", "a bytes"),
        (0.5j, "a complex"),
        ("0.5\x00\u202e", "0.5??"),
    ],
)
def test_unfit_strength_is_refused_in_words(given: object, shown: str) -> None:
    """Whatever is no number above 0 and up to 1 is one problem, safe to print."""
    assert _problem(strength=given) == Problem(
        parameter="strength",
        reason=f"“{shown}” does not work",
        allowed="a number greater than 0 and at most 1, such as 0.6",
    )


@pytest.mark.parametrize("given", [0.99, 30.01, "0", "31", True, "²"])
def test_unfit_guidance_scale_is_refused(given: object) -> None:
    """Guidance is a number from 1 to 30."""
    problem = _problem(guidance_scale=given)

    assert (problem.parameter, problem.allowed) == (
        "guidance_scale",
        "a number from 1 to 30, such as 3.5",
    )


@pytest.mark.parametrize(
    "given", [0, 9, 1.5, "1.5", "-1", "\u0663", True, 10**400, math.nan, "two"]
)
def test_unfit_batch_is_refused(given: object) -> None:
    """A batch is a whole number from 1 to 8."""
    problem = _problem(batch=given)

    assert (problem.parameter, problem.allowed) == ("batch", "a whole number from 1 to 8")


@pytest.mark.parametrize("given", [False, "false", 1, "yes", 0])
def test_celery_is_only_true(given: object) -> None:
    """A task that is not queued cannot be followed."""
    problem = _problem(celery=given)

    assert (problem.parameter, problem.allowed) == ("celery", "true; every task is queued")


@pytest.mark.parametrize(
    ("prompt", "reason"),
    [
        ("x" * 4001, "is 4001 characters long"),
        ("\u200b\u2060", "has nothing in it to read"),
        ("a\x00b", "has characters that are no text"),
        ("a\ud800b", "has characters that are no text"),
        (7, "“7” does not work"),
    ],
)
def test_unfit_prompt_is_refused(prompt: object, reason: str) -> None:
    """A prompt is 1 to 4000 characters that can be read and sent; so is a negative one."""
    allowed = "1 to 4000 characters of text"

    assert _problem(prompt=prompt) == Problem(parameter="prompt", reason=reason, allowed=allowed)
    assert _problem(negative_prompt=prompt) == Problem(
        parameter="negative_prompt", reason=reason, allowed=allowed
    )


@pytest.mark.parametrize("prompt", ["", "   ", None])
def test_missing_prompt_is_named(prompt: object) -> None:
    """Without a prompt there is nothing to do."""
    assert _problem(prompt=prompt).reason == "is missing"


@pytest.mark.parametrize("prompt", ["x" * 4000, "  x  ", "🦆", "e\u0301", "a\nb\tc", "雪"])
def test_prompt_is_trimmed_and_kept(prompt: str) -> None:
    """All that is text is kept as it is, but for blanks around it."""
    assert _request(prompt=prompt).prompt == prompt.strip()


def test_near_miss_gets_a_suggestion() -> None:
    """An unknown model is a problem that names the likely one and all there are."""
    problem = _problem(model="flux-deb")

    assert problem.parameter == "model"
    assert problem.reason == "there is no model “flux-deb”"
    assert problem.allowed.startswith("flux-dev perhaps; one of flux-dev, ideogram-remix, ")


@pytest.mark.parametrize("given", ["midjourney", 7, ["flux-dev"], "x" * 9999, "\u202eflux"])
def test_unknown_model_names_all(given: object) -> None:
    """What is like no model is answered with the list alone."""
    problem = _problem(app_id=given)

    assert problem.parameter == "app_id"
    assert problem.allowed.startswith("one of flux-dev, ") or "perhaps" in problem.allowed
    assert len(problem.reason) < 80
    assert problem.reason.isprintable()


def test_unknown_default_model_is_named() -> None:
    """A default that the catalogue does not have is a problem, not a crash."""
    with pytest.raises(InvalidRequest, match="there is no model “gone”"):
        validate({"prompt": "x"}, CATALOGUE, image_count=1, default_model="gone")


def test_model_and_app_id_must_agree() -> None:
    """The same model may be named twice; two models may not."""
    agreed = _request(model="flux-dev", app_id="ap-fGhKl3mfkdlpqrshuwwabc")

    assert agreed.model_id == "flux-dev"
    assert _problem(model="flux-dev", app_id="ap-gFhLq9zvbnmopxkytswabc").parameter == "app_id"


@pytest.mark.parametrize(
    ("name", "allowed"),
    [
        ("guidance-scale", "guidance_scale perhaps"),
        ("promt", "prompt perhaps"),
        ("strenght", "strength perhaps"),
        ("image", "a picture beside the prompt"),
        ("file_urls", "a picture beside the prompt"),
    ],
)
def test_unknown_parameter_gets_a_suggestion(name: str, allowed: str) -> None:
    """A name that is none of the API's is a problem, with the likely one."""
    problem = _problem(**{name: "x"})

    assert (problem.parameter, problem.allowed) == (name, allowed)


def test_strange_parameter_is_shown_safely() -> None:
    """A name that is like nothing is shown cut and printable, with all there are."""
    problem = _problem(**{"\x00" * 500: "x"})

    assert problem.parameter == "?" * 40 + "…"
    assert problem.allowed.startswith("one of model, app_id, prompt")


@pytest.mark.parametrize(
    ("model_id", "count", "allowed"),
    [
        ("flux-dev", 0, "at least one picture"),
        ("flux-dev", -1, "at least one picture"),
        ("flux-dev", 2, "one picture"),
        ("gpt-image", 2, "one picture"),
        ("flux-kontext-max", 5, "one to 4 pictures"),
    ],
)
def test_number_of_pictures_is_checked(model_id: str, count: int, allowed: str) -> None:
    """Every model needs a picture; only Flux Kontext Max takes more than one, up to four."""
    problem = _problem(count, model=model_id)

    assert (problem.parameter, problem.allowed) == ("image", allowed)


def test_kontext_takes_four() -> None:
    """Four pictures are fine for Flux Kontext Max."""
    assert _request(4, model="flux-kontext-max").image_count == 4


def test_size_of_the_input_cannot_be_chosen() -> None:
    """A model that takes the picture's own dimensions refuses a size, however it is given."""
    expected = Problem(
        parameter="size", reason="Flux Dev takes the picture's own dimensions", allowed="no size"
    )

    assert _problem(model="flux-dev", size="1024x1024") == expected
    assert _problem(model="flux-dev", width=1024, height=1024) == expected


def test_size_must_be_listed() -> None:
    """A sized model takes the sizes of its list, which is named."""
    assert _problem(model="gpt-image", size="1024x1025") == Problem(
        parameter="size",
        reason="1024x1025 is not for GPT Image",
        allowed="one of 1024x1536, 1024x1024, 1536x1024",
    )


@pytest.mark.parametrize("size", ["256x1536", "1536x256", "300x301"])
def test_free_size_is_free(size: str) -> None:
    """A free model takes 256 to 1536 each side."""
    assert str(_request(model="free", size=size).size) == size


@pytest.mark.parametrize("size", ["255x512", "512x1537", "99999x512"])
def test_free_size_has_bounds(size: str) -> None:
    """A free model refuses sides out of its bounds, which are named."""
    assert _problem(model="free", size=size).allowed == "256 to 1536 pixels each side"


@pytest.mark.parametrize("given", ["big", "1024", "0x0", 1024, (1024, 1024), "1024x"])
def test_unfit_size_is_refused(given: object) -> None:
    """What is no size of two sides is refused with an example."""
    problem = _problem(model="gpt-image", size=given)

    assert problem.allowed == "WIDTHxHEIGHT in pixels, such as 1024x1024"


def test_sides_belong_together() -> None:
    """One side without the other is a problem of the one that is missing."""
    assert _problem(model="gpt-image", width=1024).parameter == "height"
    assert _problem(model="gpt-image", height=1024).parameter == "width"


@pytest.mark.parametrize("given", [0, -1, "x", True, 1.5, 10**9, "1024px"])
def test_unfit_side_is_refused(given: object) -> None:
    """A side is a whole number of pixels."""
    problem = _problem(model="gpt-image", width=given, height=1024)

    assert (problem.parameter, problem.allowed) == (
        "width",
        "a whole number of pixels, such as 1024",
    )


def test_size_and_sides_must_agree() -> None:
    """A size may be given in both ways only when they say the same."""
    agreed = _request(model="gpt-image", size="1024x1536", width=1024, height=1536)

    assert str(agreed.size) == "1024x1536"
    assert (
        _problem(model="gpt-image", size="1024x1536", width=1024, height=1024).reason
        == "1024x1536 is not 1024x1024"
    )


def test_every_problem_is_reported_at_once() -> None:
    """One answer names all that has to be changed."""
    problems = _problems(
        0,
        prompt="",
        model="flux-deb",
        strength=2,
        guidance_scale=0,
        batch=9,
        size="x",
        inference_type="t4",
        celery=False,
        seed=1,
    )

    assert sorted(problem.parameter for problem in problems) == [
        "batch",
        "celery",
        "guidance_scale",
        "image",
        "inference_type",
        "model",
        "prompt",
        "seed",
        "size",
        "strength",
    ]


@pytest.mark.parametrize("model", EIGHT, ids=lambda model: model.model_id)
def test_ignored_parameters_are_those_given_in_vain(model: Model) -> None:
    """What was given and is not read is known; what was not given is not mentioned."""
    everything = _request(
        model=model.model_id, strength=0.5, guidance_scale=3, negative_prompt="people"
    )
    optional = {Parameter.STRENGTH, Parameter.GUIDANCE_SCALE, Parameter.NEGATIVE_PROMPT}

    assert set(ignored_parameters(everything, model)) == optional - model.reads
    assert ignored_parameters(_request(model=model.model_id), model) == ()


@pytest.mark.parametrize(
    ("model_id", "width_px", "height_px", "expected"),
    [
        ("flux-dev", 1500, 1000, None),
        ("flux-kontext-max", 1000, 1500, "900x1200"),
        ("flux-kontext-max", 1000, 2000, "630x1470"),
        ("ideogram-remix", 4000, 3000, "1280x960"),
        ("flux-redux", 3000, 1000, "1600x676"),
        ("gpt-image", 1, 100, "1024x1536"),
        ("free", 3072, 1536, "1536x768"),
        ("free", 10, 5000, "256x1536"),
    ],
)
def test_size_fits_the_picture(
    model_id: str, width_px: int, height_px: int, expected: str | None
) -> None:
    """Without a choice, the size to send follows the picture's ratio."""
    request = _request(model=model_id)
    size = fitting_size(request, CATALOGUE[model_id], width_px=width_px, height_px=height_px)

    assert expected == (None if size is None else str(size))


def test_chosen_size_is_kept() -> None:
    """A choice of the user counts more than the picture's ratio."""
    request = _request(model="gpt-image", size="1024x1536")
    size = fitting_size(request, CATALOGUE["gpt-image"], width_px=3000, height_px=1000)

    assert size == request.size


def test_request_survives_json() -> None:
    """A request is kept as JSON and comes back the same."""
    request = _request(model="gpt-image", size="1024x1536", strength=0.1, guidance_scale=2, batch=3)

    assert from_json(json.loads(json.dumps(to_json(request)))) == request
    assert from_json(json.loads(json.dumps(to_json(_request())))) == _request()


@pytest.mark.parametrize(
    "data", [{}, {"size": "big"}, {"size": 3}, {**to_json(_request()), "seed": 1}]
)
def test_other_json_is_refused(data: dict[str, object]) -> None:
    """What was not written by `to_json` is a ValueError."""
    with pytest.raises(ValueError, match="as it was written"):
        from_json(data)
