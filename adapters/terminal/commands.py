"""Decider: what the words on the command line ask for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from core.catalogue.catalogue import Catalogue
from core.catalogue.model import Model
from core.errors import InvalidRequest, Problem
from core.media.item import Kind
from core.request import GenerationRequest, validate

SAMPLE_PROMPT = "a woodcut of a harbour at golden hour"
"""What is made of the sample picture when nothing at all was said."""

DEFAULT_OUT = Path("redraw-out")
"""Where pictures go unless `--out` says otherwise."""

_PICTURE_ENDINGS = frozenset({*(f".{kind.extension}" for kind in Kind), ".jpeg", ".heif"})


@dataclass(frozen=True, kw_only=True, slots=True)
class TryOptions:
    """The command line of `redraw try`, as given."""

    arguments: tuple[str, ...] = ()
    """`[IMAGE…] [PROMPT]`, in order."""
    values: Mapping[str, object] = field(default_factory=dict)
    """
    The options that were given, by the request's names (`model`, `size`, `strength`,
    `guidance_scale`, `negative_prompt`, `batch`, …), typed or as text; nothing that was not given.
    """
    out: Path = DEFAULT_OUT
    """The folder to write below; made when it is not there."""
    all_models: bool = False
    """One job for every model of the catalogue, and one sheet of all of them."""
    resume: bool = False
    """Go on with the last run that has something left to do, instead of starting a new one."""
    as_json: bool = False
    """Print nothing: the caller prints `TryResult.to_json()`."""
    draw: bool | None = None
    """Whether to draw before and after in the terminal; None where the terminal can show it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """The arguments, told apart."""

    images: tuple[Path, ...]
    """Files to read; none means the sample picture."""
    prompt: str


def tell_apart(arguments: Sequence[str], *, is_file: Callable[[Path], bool]) -> Asked:
    """
    Return which arguments name pictures and which is the prompt.

    The last argument is the prompt unless it names a file, or is one word that ends as files of
    pictures do. No argument at all asks for the sample picture with a prompt that suits it; a
    prompt alone asks for the sample picture.
    """
    if not arguments:
        return Asked(images=(), prompt=SAMPLE_PROMPT)
    *before, last = arguments
    if is_file(Path(last)) or (_looks_like_a_file(last) and not (before and " " in last)):
        return Asked(images=tuple(map(Path, arguments)), prompt="")
    return Asked(images=tuple(map(Path, before)), prompt=last)


def _looks_like_a_file(text: str) -> bool:
    return Path(text).suffix.lower() in _PICTURE_ENDINGS and "\n" not in text


def requests(
    options: TryOptions, asked: Asked, catalogue: Catalogue, *, default_model: str
) -> tuple[GenerationRequest, ...]:
    """
    Return one request, or with `all_models` one for each model of the catalogue.

    Raises:
        InvalidRequest: with every problem, each of them once.
    """
    values = {**options.values, "prompt": asked.prompt}
    models: tuple[Model | None, ...] = catalogue.models if options.all_models else (None,)
    problems: dict[Problem, None] = {}
    if options.all_models and "model" in options.values:
        problems[_MODEL_AND_ALL] = None
    found = []
    for model in models:
        named = values if model is None else {**values, "model": model.model_id}
        try:
            found.append(
                validate(
                    named,
                    catalogue,
                    image_count=max(1, len(asked.images)),
                    default_model=default_model,
                )
            )
        except InvalidRequest as error:
            problems |= dict.fromkeys(error.problems)
    if problems:
        raise InvalidRequest(tuple(problems))
    return tuple(found)


_MODEL_AND_ALL = Problem(
    parameter="model",
    reason="one model was named, and all of them were asked for",
    allowed="either --model or --all-models",
)
