"""Decider: what a user asks for, validated once and never checked again."""

from __future__ import annotations

from dataclasses import dataclass

from core.catalogue.model import Size


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
