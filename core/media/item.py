"""Decider: the value that stands for one stored file of media."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """A kind of picture that can be read, named by its usual file extension."""

    JPEG = "jpg"
    PNG = "png"
    WEBP = "webp"
    GIF = "gif"
    AVIF = "avif"
    BMP = "bmp"
    HEIC = "heic"

    @property
    def mime(self) -> str:
        """The media type to announce, for example `image/jpeg`."""
        return "image/jpeg" if self is Kind.JPEG else f"image/{self.value}"

    @property
    def extension(self) -> str:
        """The honest file extension, without the dot."""
        return self.value


@dataclass(frozen=True, kw_only=True, slots=True)
class MediaItem:
    """One picture in the spool, found by what it contains."""

    sha256: str
    """Hexadecimal digest of the bytes; 64 characters."""
    kind: Kind
    """What the bytes are, whatever any file name said."""
    size_bytes: int
    """Length of the file."""
    width_px: int
    """Width as displayed, that is after orientation."""
    height_px: int
    """Height as displayed, that is after orientation."""

    @property
    def name(self) -> str:
        """The file's name in the spool: digest and honest extension."""
        return f"{self.sha256}.{self.kind.extension}"


_NAME = re.compile(rf"[0-9a-f]{{64}}\.({'|'.join(Kind)})")


def is_name(text: str) -> bool:
    """Whether `text` can be the name of a picture in the spool: what has another is not ours."""
    return _NAME.fullmatch(text) is not None
