"""
Decider: any picture in, a plain JPEG out: upright, sRGB, opaque, bounded, without metadata.

Every failure is a MediaError: WrongType for what is no picture, TooLarge for what is over a
bound, Unreadable for what is damaged. Decoding takes memory and seconds; callers on an event
loop go through `core.media.decoding`.
"""

from __future__ import annotations

import io
from dataclasses import dataclass

from PIL import Image

from core.media import colour
from core.media.codec import Bounds, Opened, decode, open_picture
from core.media.item import Kind

__all__ = ["DEFAULT", "Bounds", "Prepared", "encode_jpeg", "load_srgb", "prepare", "probe_picture"]

SIDE_PX = 1536
"""Source: the API fits pictures into 1536x1536 (image-to-image page, `image`)."""

JPEG_QUALITY = 92
"""With full chroma: about 0.6 MB at 1536x1152, in 9 ms; a PNG is five times that."""

DEFAULT = Bounds()

_GAP = 2.0
"""How far a cheap reduction may go before the careful one; 2 cannot be told from none."""

_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""Source: EXIF 2.32, tag 0x0112: what undoes each stored orientation."""

_SIDEWAYS = frozenset({5, 6, 7, 8})
"""The orientations that exchange width and height."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Prepared:
    """A picture ready to be stored, sent or shown."""

    data: bytes
    kind: Kind
    width_px: int
    height_px: int
    notes: tuple[str, ...] = ()
    """What was done that its owner might wonder about, in words."""


def prepare(data: bytes, bounds: Bounds = DEFAULT) -> Prepared:
    """
    Return `data` as a JPEG within 1536x1536, as displayed.

    Orientation is applied; CMYK, 16-bit and wide-gamut colours become sRGB, transparency becomes
    white, an animation its first frame; EXIF, GPS, XMP, profiles and comments are left behind.
    Raises WrongType, TooLarge or Unreadable.
    """
    opened = open_picture(data, bounds)
    notes = _notes(opened)
    upright = _upright(opened, SIDE_PX)
    return _as_jpeg(upright, notes)


def probe_picture(data: bytes, bounds: Bounds = DEFAULT) -> tuple[Kind, int, int]:
    """
    Return the kind of `data` and its width and height in pixels, as displayed.

    Only the header is read: a picture that passes may still turn out to be damaged. Raises
    WrongType, TooLarge or Unreadable.
    """
    opened = open_picture(data, bounds)
    width_px, height_px = opened.size
    if opened.orientation in _SIDEWAYS:
        width_px, height_px = height_px, width_px
    return opened.kind, width_px, height_px


def load_srgb(data: bytes, *, side_px: int | None = None, bounds: Bounds = DEFAULT) -> Image.Image:
    """
    Return `data` decoded as `prepare` does it, within `side_px` each side if that is given.

    Raises WrongType, TooLarge or Unreadable.
    """
    return _upright(open_picture(data, bounds), side_px)


def encode_jpeg(image: Image.Image, *, quality: int = JPEG_QUALITY) -> bytes:
    """Return an RGB picture as a JPEG with full chroma and no metadata."""
    out = io.BytesIO()
    image.save(out, "JPEG", quality=quality, subsampling=0)
    return out.getvalue()


def _upright(opened: Opened, side_px: int | None) -> Image.Image:
    """Decode, shrink first and turn the small picture: the box is square, so that is the same."""
    size = opened.size if side_px is None else _within(opened.size, side_px)
    profile = opened.image.info.get("icc_profile")
    image = colour.resizable(decode(opened, at_least=size))
    if image.size != size:
        image = image.resize(size, Image.Resampling.LANCZOS, reducing_gap=_GAP)
    plain = colour.to_srgb(image, profile)
    turn = _UPRIGHT.get(opened.orientation)
    return plain if turn is None else plain.transpose(turn)


def _within(size: tuple[int, int], side_px: int) -> tuple[int, int]:
    """Return `size` shrunk into a square of `side_px`, at least one pixel each way."""
    scale = min(1.0, side_px / max(size))
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def _as_jpeg(image: Image.Image, notes: tuple[str, ...]) -> Prepared:
    return Prepared(
        data=encode_jpeg(image),
        kind=Kind.JPEG,
        width_px=image.width,
        height_px=image.height,
        notes=notes,
    )


def _notes(opened: Opened) -> tuple[str, ...]:
    notes = []
    if opened.frames > 1:
        notes.append(f"The first of {opened.frames} frames was used.")
    if max(opened.size) > SIDE_PX:
        notes.append(f"Made smaller to fit {SIDE_PX}x{SIDE_PX}.")
    if colour.has_alpha(opened.image):
        notes.append("Transparent parts became white.")
    return tuple(notes)
