"""
Decider: opening and decoding pictures of unknown origin within bounds.

The one module in which a codec meets bytes that somebody sent: whatever it raises becomes a
MediaError here. Only the codecs of the kinds we name are ever tried.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from PIL import AvifImagePlugin, Image, ImageFile, WebPImagePlugin

from core.errors import MediaError, TooLarge, Unreadable, WrongType
from core.media.item import Kind
from core.media.probe import HEAD_BYTES, describe, sniff, webp_size

_PLUGINS = (AvifImagePlugin, WebPImagePlugin)
"""Imported so that Pillow finds them without importing its forty other codecs."""

_FORMATS = {
    Kind.JPEG: "JPEG",
    Kind.PNG: "PNG",
    Kind.WEBP: "WEBP",
    Kind.GIF: "GIF",
    Kind.AVIF: "AVIF",
    Kind.BMP: "BMP",
    Kind.HEIC: "HEIF",
}
"""Pillow's names; JPEG also opens the multi-picture JPEGs of phones (MPO)."""

_THREADS = 2
"""For the codecs that start threads of their own; each takes address space, which is limited."""

_ORIENTATION = 0x0112
"""Source: EXIF 2.32, tag "Orientation"."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Bounds:
    """How large a picture may be before it is refused unread."""

    bytes: int = 32 * 1024 * 1024
    """Length of the file."""
    pixels: int = 50_000_000
    """Width times height; the largest phone cameras make 48 to 50 million in one shot."""
    webp_pixels: int = 25_000_000
    """The same for WebP, which cannot be decoded in pieces: 48 million take 0.8 GB."""
    frames: int = 1000
    """Frames of an animation; only the first is used, but counting them takes time."""
    side: int = 32_768
    """Width or height in pixels."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Opened:
    """A picture whose header has been read and is within bounds; its pixels have not."""

    kind: Kind
    image: ImageFile.ImageFile
    frames: int
    """How many pictures the file holds; 1 unless it is an animation."""
    orientation: int
    """As EXIF counts it, 1 to 8; 1 is upright."""
    size: tuple[int, int]
    """Width and height in pixels as stored."""


def open_picture(data: bytes, bounds: Bounds) -> Opened:
    """Read the header of `data`; raises WrongType, TooLarge or Unreadable."""
    if len(data) > bounds.bytes:
        raise TooLarge(bounds.bytes, "bytes")
    kind = sniff(data[:HEAD_BYTES])
    if kind is None:
        raise WrongType(describe(data[:HEAD_BYTES]))
    if kind is Kind.WEBP:
        _check_size(webp_size(data[:HEAD_BYTES]) or (0, 0), kind, bounds)
    with codec_errors(bounds):
        image = _open(data, kind)
        _check_size(image.size, kind, bounds)
        frames = _frames(image, bounds)
        orientation = _orientation(image, kind)
    return Opened(kind=kind, image=image, frames=frames, orientation=orientation, size=image.size)


def decode(opened: Opened, *, at_least: tuple[int, int] | None = None) -> Image.Image:
    """
    Decode the first frame; raises Unreadable or TooLarge.

    A JPEG may come back smaller, but not smaller than `at_least` (as stored, in pixels): its
    decoder can skip detail that a smaller picture does not need.
    """
    with codec_errors(Bounds()):
        if at_least is not None and opened.kind is Kind.JPEG:
            opened.image.draft(None, at_least)
        opened.image.load()
    return opened.image


def _open(data: bytes, kind: Kind) -> ImageFile.ImageFile:
    if kind is Kind.HEIC:
        import pillow_heif

        pillow_heif.register_heif_opener(thumbnails=False, decode_threads=_THREADS)
    if kind is Kind.AVIF:
        AvifImagePlugin.DEFAULT_MAX_THREADS = _THREADS
    return Image.open(io.BytesIO(data), formats=(_FORMATS[kind],))


def _check_size(size: tuple[int, int], kind: Kind, bounds: Bounds) -> None:
    width_px, height_px = size
    pixels = bounds.webp_pixels if kind is Kind.WEBP else bounds.pixels
    if max(size) > bounds.side:
        raise TooLarge(bounds.side, "pixels a side")
    if width_px * height_px > pixels:
        raise TooLarge(pixels, "pixels")


def _frames(image: ImageFile.ImageFile, bounds: Bounds) -> int:
    """Count the frames; a second picture inside a JPEG or HEIC is a preview, not a frame."""
    if image.format not in {"GIF", "WEBP", "PNG", "AVIF"}:
        return 1
    frames = int(getattr(image, "n_frames", 1))
    if frames > bounds.frames:
        raise TooLarge(bounds.frames, "frames")
    return max(1, frames)


def _orientation(image: ImageFile.ImageFile, kind: Kind) -> int:
    """Return the stored orientation; damaged EXIF is no reason to refuse a picture."""
    if kind is Kind.HEIC:
        return 1  # libheif has turned it already
    try:
        value = image.getexif().get(_ORIENTATION, 1)
    except Exception:  # noqa: BLE001 - EXIF parsing raises whatever it likes, and we can do without
        return 1
    return value if value in range(1, 9) else 1


@contextmanager
def codec_errors(bounds: Bounds) -> Iterator[None]:
    """Turn whatever codecs raise over hostile bytes into a MediaError."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            yield
    except MediaError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as exc:
        raise TooLarge(bounds.pixels, "pixels") from exc
    except MemoryError as exc:
        raise TooLarge(bounds.pixels, "pixels", "not enough memory to decode it") from exc
    except Exception as exc:  # codecs raise whatever they like over hostile bytes
        raise Unreadable(f"{type(exc).__name__} while decoding") from exc
