"""Decider: how a look is applied this time: seed, gain and scale."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np

from core.studio.looks.pixels import Pixels


@dataclass(frozen=True, kw_only=True, slots=True)
class Touch:
    """Everything besides the picture that a look depends on."""

    seed: int
    """Decides every random choice."""
    gain: float = 1.0
    """How hard the effect is pressed: about 0.7 (hint) to 1.5 (heavy), from the guidance scale."""
    scale: float = 1.0
    """Size of strokes, dots and cells; 1 suits a picture of 1024 px."""

    def random(self, purpose: str) -> np.random.Generator:
        """A generator of its own for one purpose, so that looks do not disturb each other."""
        return np.random.default_rng([self.seed, zlib.crc32(purpose.encode())])

    def px(self, at_1024: float, least: float = 0.5) -> float:
        """A length in pixels that is `at_1024` on a picture of 1024 px."""
        return max(least, at_1024 * self.scale)

    def whole_px(self, at_1024: float, least: int = 1) -> int:
        """The same in whole pixels."""
        return max(least, round(at_1024 * self.scale))

    def coarser(self, factor: float) -> Touch:
        """The same touch with a broader hand."""
        return replace(self, scale=self.scale * factor)


Look: TypeAlias = Callable[[Pixels, Touch], Pixels]
"""What a look is: a picture and a touch give a picture of the same shape."""
