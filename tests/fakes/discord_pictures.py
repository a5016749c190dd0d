"""What Discord learns of an upload by itself: its type by name, and the size of a picture."""

from __future__ import annotations

import contextlib
import io
import mimetypes
import warnings

from PIL import Image

OTHERS = {".webp": "image/webp", ".avif": "image/avif", ".heic": "image/heic"}
"""Types that the machine's own table may not know."""


def content_type_of(filename: str) -> str:
    """Return the type that goes with the extension, whatever is in the file."""
    for extension, content_type in OTHERS.items():
        if filename.lower().endswith(extension):
            return content_type
    return mimetypes.guess_type(filename)[0] or "application/octet-stream"


def size_px_of(data: bytes) -> tuple[int, int] | None:
    """Return width and height of a picture, None for anything else."""
    with contextlib.suppress(Exception), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with Image.open(io.BytesIO(data)) as picture:
            return picture.size
    return None
