"""Decider: the value that stands for one stored file of media."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import cast


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


def to_json(item: MediaItem) -> dict[str, object]:
    """Return the picture as JSON values, for keeping."""
    return {
        "sha256": item.sha256,
        "kind": item.kind.value,
        "size_bytes": item.size_bytes,
        "width_px": item.width_px,
        "height_px": item.height_px,
    }


def from_json(data: Mapping[str, object]) -> MediaItem:
    """Return the picture that `to_json` wrote."""
    return MediaItem(
        sha256=str(data["sha256"]),
        kind=Kind(str(data["kind"])),
        size_bytes=cast("int", data["size_bytes"]),
        width_px=cast("int", data["width_px"]),
        height_px=cast("int", data["height_px"]),
    )


_NAME = re.compile(rf"[0-9a-f]{{64}}\.({'|'.join(Kind)})")


def is_name(text: str) -> bool:
    """Whether `text` can be the name of a picture in the spool: what has another is not ours."""
    return _NAME.fullmatch(text) is not None
