"""Decider: what a user asks for, validated once and never checked again."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from core.catalogue import parameters, sizes
from core.catalogue.catalogue import Catalogue
from core.catalogue.model import Model, Parameter, Size, Sizing
from core.errors import InvalidRequest, Problem

NAMES = (
    "model",
    "app_id",
    "prompt",
    "negative_prompt",
    "guidance_scale",
    "strength",
    "batch",
    "size",
    "width",
    "height",
    "inference_type",
    "celery",
)
"""The names of the values that `validate` takes."""

_ATTACHED = ("image", "file_urls")
_T = TypeVar("_T")


@dataclass(frozen=True, kw_only=True, slots=True)
class GenerationRequest:
    """A validated, immutable request; made by `validate` alone."""

    model_id: str
    prompt: str
    image_count: int
    """How many reference images belong to it."""
    batch: int = 1
    """How many pictures to make; 1 to 8."""
    size: Size | None = None
    """The size the user chose, or None to take the listed size nearest in ratio."""
    strength: float | None = None
    """As documented: higher departs further from the input; greater than 0, at most 1."""
    guidance_scale: float | None = None
    negative_prompt: str | None = None
    inference_type: str | None = None


def validate(
    values: Mapping[str, object], catalogue: Catalogue, *, image_count: int, default_model: str
) -> GenerationRequest:
    """
    Return the request that `values` describe; they come typed or as text (`"0.4"`, `"1280x720"`).

    A value that is None or blank text counts as not given. `default_model` is used when no model
    is named. `image_count` is how many reference images come with the request.

    Raises:
        InvalidRequest: with every problem there is, each naming its parameter and what is allowed.
    """
    reading = _Reading(values={name: given for name, given in values.items() if not _blank(given)})
    reading.refuse_unknown_names()
    model = reading.model(catalogue, default_model)
    reading.count_images(model, image_count)
    request = GenerationRequest(
        model_id=model.model_id if model else "",
        prompt=reading.prompt(),
        image_count=image_count,
        batch=reading.take("batch", parameters.batch) or 1,
        size=reading.size(model),
        strength=reading.take("strength", parameters.strength),
        guidance_scale=reading.take("guidance_scale", parameters.guidance_scale),
        negative_prompt=reading.take("negative_prompt", parameters.negative_prompt),
        inference_type=reading.inference_type(model),
    )
    reading.take("celery", parameters.celery)
    if reading.problems:
        raise InvalidRequest(tuple(reading.problems))
    return request


def ignored_parameters(request: GenerationRequest, model: Model) -> tuple[Parameter, ...]:
    """Return the parameters that were given although the model is known to ignore them."""
    return tuple(
        parameter
        for parameter in Parameter
        if getattr(request, parameter) is not None and parameter not in model.reads
    )


def fitting_size(
    request: GenerationRequest, model: Model, *, width_px: int, height_px: int
) -> Size | None:
    """
    Return the size to send for a prepared picture of `width_px` by `height_px`.

    The user's, else the listed size nearest in ratio; None where the model takes the picture's own.
    """
    if model.sizing is Sizing.INPUT:
        return None
    if request.size is not None:
        return request.size
    if model.sizing is Sizing.FREE:
        return sizes.within_bounds(width_px=width_px, height_px=height_px)
    return sizes.nearest(model.sizes, width_px=width_px, height_px=height_px)


def to_json(request: GenerationRequest) -> dict[str, object]:
    """Return the request as JSON values, for keeping."""
    return {
        "model_id": request.model_id,
        "prompt": request.prompt,
        "image_count": request.image_count,
        "batch": request.batch,
        "size": None if request.size is None else str(request.size),
        "strength": request.strength,
        "guidance_scale": request.guidance_scale,
        "negative_prompt": request.negative_prompt,
        "inference_type": request.inference_type,
    }


def from_json(data: Mapping[str, object]) -> GenerationRequest:
    """
    Return the request that `to_json` wrote.

    Raises:
        ValueError: `data` is nothing that `to_json` wrote.
    """
    kept = dict(data)
    written = kept.pop("size", None)
    size = sizes.parse(written) if isinstance(written, str) else None
    if size is None and written is not None:
        raise ValueError("size: not as it was written")
    try:
        return GenerationRequest(size=size, **kept)  # type: ignore[arg-type] # our own JSON
    except TypeError as exc:
        raise ValueError("not a request as it was written") from exc


def _blank(given: object) -> bool:
    return given is None or (isinstance(given, str) and not given.strip())


@dataclass(frozen=True, kw_only=True, slots=True)
class _Reading:
    """The values of one request while they are read, and the problems found so far."""

    values: Mapping[str, object]
    problems: list[Problem] = field(default_factory=list)

    def refuse(self, parameter: str, reason: str, allowed: str) -> None:
        self.problems.append(Problem(parameter=parameter, reason=reason, allowed=allowed))

    def take(self, name: str, read: Callable[[object], _T | Problem]) -> _T | None:
        if name not in self.values:
            return None
        found = read(self.values[name])
        if isinstance(found, Problem):
            self.problems.append(found)
            return None
        return found

    def refuse_unknown_names(self) -> None:
        for name in self.values:
            if name in _ATTACHED:
                self.refuse(name, "pictures are attached", "a picture beside the prompt")
            elif name not in NAMES:
                shown = parameters.shown(name)
                close = difflib.get_close_matches(shown, NAMES, n=1)
                every = f"one of {', '.join(NAMES)}"
                self.refuse(
                    shown,
                    "there is no such parameter",
                    f"{close[0]} perhaps" if close else every,
                )

    def model(self, catalogue: Catalogue, default_model: str) -> Model | None:
        named = [name for name in ("model", "app_id") if name in self.values]
        if not named:
            return self._found("model", default_model, catalogue)
        found = [self._found(name, self.values[name], catalogue) for name in named]
        if None not in found and found[0] is not found[-1]:
            self.refuse("app_id", "is another model than the one in model", "one of the two")
        return found[0]

    def _found(self, name: str, given: object, catalogue: Catalogue) -> Model | None:
        found = catalogue.find(given) if isinstance(given, str) else None
        if found is None:
            near = catalogue.suggest(given) if isinstance(given, str) else None
            every = f"one of {', '.join(model.model_id for model in catalogue.models)}"
            allowed = f"{near.model_id} perhaps; {every}" if near else every
            self.refuse(name, f"there is no model “{parameters.shown(given)}”", allowed)
        return found

    def count_images(self, model: Model | None, image_count: int) -> None:
        if image_count < 1:
            self.refuse("image", "a picture is needed", "at least one picture")
        elif model and image_count > model.images_max:
            most = model.images_max
            allowed = "one picture" if most == 1 else f"one to {most} pictures"
            self.refuse("image", f"{image_count} are too many for {model.name}", allowed)

    def prompt(self) -> str:
        if "prompt" not in self.values:
            most = parameters.PROMPT_MAX
            self.refuse("prompt", "is missing", f"1 to {most} characters of text")
        return self.take("prompt", parameters.prompt) or ""

    def size(self, model: Model | None) -> Size | None:
        whole = self.take("size", parameters.size)
        sides = self._sides()
        if whole and sides and whole != sides:
            self.refuse("size", f"{whole} is not {sides}", "size, or width and height")
        chosen = whole or sides
        if chosen and model:
            self._check_size(chosen, model)
        return chosen

    def _sides(self) -> Size | None:
        width_px = self.take("width", parameters.width)
        height_px = self.take("height", parameters.height)
        given = self.values.keys() & {"width", "height"}
        for missing in {"width", "height"} - given if given else ():
            self.refuse(missing, "is missing", "width and height together")
        return Size(width_px=width_px, height_px=height_px) if width_px and height_px else None

    def _check_size(self, chosen: Size, model: Model) -> None:
        if model.sizing is Sizing.INPUT:
            self.refuse("size", f"{model.name} takes the picture's own dimensions", "no size")
        elif model.sizing is Sizing.LISTED and chosen not in model.sizes:
            allowed = f"one of {', '.join(map(str, model.sizes))}"
            self.refuse("size", f"{chosen} is not for {model.name}", allowed)
        elif model.sizing is Sizing.FREE and not sizes.is_within_bounds(chosen):
            allowed = f"{sizes.SIDE_MIN_PX} to {sizes.SIDE_MAX_PX} pixels each side"
            self.refuse("size", f"{chosen} is not for {model.name}", allowed)

    def inference_type(self, model: Model | None) -> str | None:
        chosen = self.take("inference_type", parameters.inference_type)
        if chosen and model and not model.qolaba_deployed:
            reason = f"{model.name} does not run on a GPU that can be chosen"
            self.refuse("inference_type", reason, "no inference_type")
        return chosen
