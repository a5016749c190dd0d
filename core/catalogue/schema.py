"""Decider: what a table of a models file may hold, and its mistakes in words."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from core.catalogue import sizes
from core.catalogue.model import Model, Parameter, Quirk, Sizing

_LISTED_SIDE_MAX_PX = 20480
"""Source: github.com/aumritThought/qolaba_modal_docs at 3fdea31, bounds of height and width."""
_MODEL_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_SHOWN_MAX = 60

MODEL_ID_EXPECTED = "lower-case letters, digits and single dashes, at most 40"


def is_model_id(text: str) -> bool:
    """Whether `text` can be the id of a model."""
    return len(text) <= 40 and _MODEL_ID.fullmatch(text) is not None  # noqa: PLR2004 - as worded


def _a_size(text: str) -> str:
    size = sizes.parse(text)
    if (
        size is None
        or str(size) != text
        or max(size.width_px, size.height_px) > _LISTED_SIDE_MAX_PX
    ):
        raise ValueError
    return text


def _no_repeats(values: list[str]) -> list[str]:
    if len(set(values)) != len(values):
        raise ValueError
    return values


def _printable(text: str) -> str:
    if not text.strip() or not text.isprintable():
        raise ValueError
    return text


_Line = Annotated[str, AfterValidator(_printable), Field(max_length=200)]
_SizeText = Annotated[str, AfterValidator(_a_size)]
_Sizes = Annotated[list[_SizeText], Field(min_length=1, max_length=25), AfterValidator(_no_repeats)]
_Reads = Annotated[
    list[Literal["guidance_scale", "strength", "negative_prompt", "inference_type"]],
    AfterValidator(_no_repeats),
]
_STRICT = ConfigDict(strict=True, extra="forbid", frozen=True, hide_input_in_errors=True)


class Quirks(BaseModel):
    """Which departures from the API's page are reckoned with; none unless switched on."""

    model_config = _STRICT

    strength_means_fidelity: bool = Field(default=False, description="true or false")
    swaps_width_and_height: bool = Field(default=False, description="true or false")


class Entry(BaseModel):
    """One table of a models file; each description says what the key may hold."""

    model_config = _STRICT

    app_id: str = Field(
        pattern=r"^ap-[A-Za-z0-9_-]{1,80}$",
        description='the provider\'s id: "ap-" and then letters and digits',
    )
    name: _Line = Field(description="a name of 1 to 200 printable characters")
    good_for: _Line = Field(description="one line of 1 to 200 printable characters")
    sizes: Literal["input", "free"] | _Sizes = Field(
        description='"input", "free" or a list of up to 25 different sizes such as "1280x720"',
    )
    reads: _Reads = Field(
        default=[],
        description="a list from guidance_scale, strength, negative_prompt, inference_type",
    )
    images_max: int = Field(default=1, ge=1, le=8, description="a whole number from 1 to 8")
    sends_file_urls: bool = Field(default=False, description="true or false")
    qolaba_deployed: bool = Field(default=False, description="true or false")
    credits_per_picture: int = Field(
        default=0, ge=0, le=100_000, description="a whole number from 0 to 100000"
    )
    credits_are_published: bool = Field(default=False, description="true or false")
    typical_s: float = Field(
        default=15.0, gt=0, le=7200, description="seconds, more than 0 and at most 7200"
    )
    notes: list[_Line] = Field(
        default=[], max_length=10, description="a list of up to 10 lines of text"
    )
    hidden: bool = Field(default=False, description="true or false")
    quirks: Quirks = Field(
        default=Quirks(),
        description="a table of strength_means_fidelity and swaps_width_and_height",
    )

    @model_validator(mode="after")
    def _several_pictures_need_file_urls(self) -> Entry:
        if self.images_max > 1 and not self.sends_file_urls:
            raise ValueError
        return self

    def model(self, model_id: str) -> Model:
        """Return the model that this table describes."""
        listed = [] if isinstance(self.sizes, str) else self.sizes
        sizing = Sizing(self.sizes) if isinstance(self.sizes, str) else Sizing.LISTED
        return Model(
            model_id=model_id,
            sizing=sizing,
            sizes=tuple(size for size in map(sizes.parse, listed) if size is not None),
            reads=frozenset(map(Parameter, self.reads)),
            quirks=frozenset(quirk for quirk in Quirk if getattr(self.quirks, quirk)),
            notes=tuple(self.notes),
            **self.model_dump(exclude={"sizes", "reads", "quirks", "notes", "hidden"}),
        )


def mistakes(table: Mapping[str, object], error: ValidationError) -> tuple[str, ...]:
    """Return each mistake of `table` as `key: expected …, found …`, once a key."""
    worded: dict[str, str] = {}
    for detail in error.errors(include_url=False, include_context=False, include_input=False):
        key = _key(detail["loc"])
        if key:
            known = detail["type"] != "extra_forbidden"
            expected = _described(key) if known else _known_keys(key)
            worded.setdefault(key, f"{key}: expected {expected}, found {_found(table, key)}")
        else:
            worded["images_max"] = "images_max: expected 1, or sends_file_urls = true beside it"
    return tuple(worded.values())


def _key(loc: tuple[int | str, ...]) -> str:
    """Return the key that a pydantic location points at, as the file writes it."""
    depth = 2 if loc and loc[0] == "quirks" else 1
    return ".".join(str(part) for part in loc[:depth])


def _described(key: str) -> str:
    owner, _, name = key.rpartition(".")
    fields = Quirks.model_fields if owner else Entry.model_fields
    return fields[name].description or "another value"


def _known_keys(key: str) -> str:
    owner, _, name = key.rpartition(".")
    fields = list(Quirks.model_fields if owner else Entry.model_fields)
    begun = [field for field in fields if field.startswith(name)]
    close = begun or difflib.get_close_matches(name[:40], fields, n=1)
    return f"a known key ({close[0]} perhaps)" if close else f"a key from {', '.join(fields)}"


def _found(table: Mapping[str, object], key: str) -> str:
    value: object = table
    for part in key.split("."):
        if not isinstance(value, Mapping) or part not in value:
            return "nothing"
        value = value[part]
    return shown(value)


def shown(value: object) -> str:
    """Return a value as a file might write it, cut to a readable length."""
    if isinstance(value, bool):
        return "true" if value else "false"
    text = f'"{value}"' if isinstance(value, str) else repr(value)
    text = "".join(char if char.isprintable() else "?" for char in text)
    return text if len(text) <= _SHOWN_MAX else f"{text[:_SHOWN_MAX]}…"
