"""Decider: what one image-to-image model is, as a value."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, kw_only=True, slots=True, order=True)
class Size:
    """A picture's width and height in pixels; written `WIDTHxHEIGHT`."""

    width_px: int
    height_px: int

    def __str__(self) -> str:
        """Write the size the way the API's page does, for example `1280x720`."""
        return f"{self.width_px}x{self.height_px}"

    @property
    def ratio(self) -> float:
        """Width divided by height."""
        return self.width_px / self.height_px


class Sizing(StrEnum):
    """Where the size of a model's result comes from."""

    INPUT = "input"
    """The result takes the reference image's dimensions; a size is refused."""
    LISTED = "listed"
    """One of a list; width and height are always sent."""
    FREE = "free"
    """Any size from 256 to 1536 each side."""


class Parameter(StrEnum):
    """An optional parameter that a model may read; the value is its wire name."""

    GUIDANCE_SCALE = "guidance_scale"
    STRENGTH = "strength"
    NEGATIVE_PROMPT = "negative_prompt"
    INFERENCE_TYPE = "inference_type"


class Quirk(StrEnum):
    """A way in which a model is believed to depart from the API's page."""

    STRENGTH_MEANS_FIDELITY = "strength_means_fidelity"
    """A higher strength is believed to keep more of the input."""
    SWAPS_WIDTH_AND_HEIGHT = "swaps_width_and_height"
    """The result is believed to come back with the sides exchanged."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Model:
    """One image-to-image model of the catalogue."""

    model_id: str
    """Our stable short name, for example `flux-dev`."""
    app_id: str
    """The provider's identifier; an opaque, case-sensitive constant."""
    name: str
    """The name people read."""
    good_for: str
    """One line on what it is good for."""
    sizing: Sizing
    """Where the size of its results comes from."""
    sizes: tuple[Size, ...] = ()
    """The listed sizes in the order of the API's page; empty unless `sizing` is LISTED."""
    reads: frozenset[Parameter] = frozenset()
    """The optional parameters it is known to read; others are sent and said to be ignored."""
    images_max: int = 1
    """How many reference images it takes."""
    sends_file_urls: bool = False
    """Whether its pictures travel in `file_urls` (with `image` as the first of them)."""
    qolaba_deployed: bool = False
    """Whether `inference_type` may be given."""
    credits_per_picture: int = 0
    """Estimated cost of one picture in credits; 0 when unknown."""
    credits_are_published: bool = False
    """Whether the estimate is a published price for this model rather than a guess."""
    typical_s: float = 15.0
    """How long a job is expected to take until durations have been learned, in seconds."""
    quirks: frozenset[Quirk] = frozenset()
    """The quirks that are switched on; none is by default."""
    notes: tuple[str, ...] = ()
    """Sentences for whoever chooses the model."""
