"""The picture that we draw ourselves."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from core.studio import sample


def test_sample_is_a_detailed_picture_and_always_the_same() -> None:
    """1024 x 683 px of JPEG, light and dark, colourful, byte for byte the same."""
    data = sample.draw_sample()
    with Image.open(io.BytesIO(data)) as picture:
        levels = np.asarray(picture.convert("RGB"), dtype=np.float32)
        found = (picture.format, picture.size)

    assert found == ("JPEG", (1024, 683))
    assert levels.std() > 40
    assert (levels.max(axis=2) - levels.min(axis=2)).mean() > 40
    assert data == sample.draw_sample()
