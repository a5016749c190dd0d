"""Result pictures of the provider fake: real files, made once, each a different colour."""

from __future__ import annotations

import colorsys
import functools
import io

from PIL import Image

from tests.fakes.provider_script import Format

_SIDES = (96, 64)
_PILLOW = {"jpg": "JPEG", "png": "PNG", "webp": "WEBP"}


@functools.cache
def picture(form: Format, index: int) -> bytes:
    """Return the file that is served for the picture with this index in its batch."""
    if form == "html":
        return b"<!doctype html><title>Not here</title>"
    if form == "empty":
        return b""
    if form == "cut":
        return picture("jpg", index)[:200]
    colour = colorsys.hsv_to_rgb(index / 8, 0.7, 0.9)
    image = Image.new("RGB", _SIDES, tuple(round(255 * part) for part in colour))
    file = io.BytesIO()
    image.save(file, _PILLOW[form])
    return file.getvalue()
