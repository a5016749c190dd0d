"""Decider: whether a file can be a picture that we take, by what its platform announces of it."""

from __future__ import annotations

import math

from core.errors import Problem
from core.media.fit import DEFAULT

INPUT_MAX_BYTES = DEFAULT.bytes
"""The largest picture that we read, in bytes; a larger one is refused by its announced size."""
EXTENSIONS = frozenset(
    {"apng", "avif", "bmp", "dib", "gif", "heic", "heif", "hif"}
    | {"jfif", "jpe", "jpeg", "jpg", "png", "tif", "tiff", "webp"}
)
"""Extensions that pictures have; what the bytes are is found out later."""
_VAGUE = frozenset({"", "application/octet-stream", "binary/octet-stream"})


def problem(
    *, parameter: str, filename: str, size_bytes: int | None, content_type: str | None
) -> Problem | None:
    """Return what is wrong with a file that was given as `parameter`; None where nothing is."""
    if _is_no_picture(filename, content_type):
        reason = "that is no picture"
        allowed = "a JPEG, PNG, WebP, GIF, AVIF, BMP or HEIC file"
    elif size_bytes is not None and size_bytes > INPUT_MAX_BYTES:
        reason = f"the picture is too large: {_mib(size_bytes)}"
        allowed = f"at most {_mib(INPUT_MAX_BYTES)}"
    else:
        return None
    return Problem(parameter=parameter, reason=reason, allowed=allowed)


def _is_no_picture(filename: str, content_type: str | None) -> bool:
    """Whether the announced type is clearly another one; a picture's extension is believed."""
    kind = (content_type or "").partition(";")[0].strip().casefold()
    if kind.startswith("image/") or kind in _VAGUE:
        return False
    _, dot, extension = filename.casefold().rpartition(".")
    return not dot or extension not in EXTENSIONS


def _mib(size_bytes: int) -> str:
    """Return a size in words, rounded up, so that what is over a limit never reads as the limit."""
    return f"{math.ceil(size_bytes * 10 / 2**20) / 10:g} MiB"
