"""Pictures for tests: real photographs at any size, in any format, with and without faults."""

from __future__ import annotations

import functools
import io
import struct
import zlib
from typing import Literal

import pillow_heif
import skimage.data
from PIL import Image, ImageOps, ImageStat

pillow_heif.register_heif_opener(thumbnails=False)

Motif = Literal["astronaut", "chelsea", "coffee", "rocket"]

P3_MATRIX = (
    (0.51512, 0.29198, 0.15710),
    (0.24120, 0.69225, 0.06657),
    (-0.00105, 0.04189, 0.78407),
)
"""Display P3 primaries as XYZ, adapted to D50. Source: SMPTE EG 432-1 with D65 white."""

P3_GAMMA = 563 / 256
"""About 2.2, as an ICC profile can write it."""


@functools.cache
def photo(motif: Motif = "astronaut", size: tuple[int, int] | None = None) -> Image.Image:
    """A photograph, cropped to `size`; not to be changed by whoever gets it."""
    image = Image.fromarray(getattr(skimage.data, motif)()).convert("RGB")
    return image if size is None else ImageOps.fit(image, size)


def encoded(image: Image.Image, form: str = "JPEG", **options: object) -> bytes:
    """The bytes of `image` in one of Pillow's formats."""
    out = io.BytesIO()
    image.save(out, form, **options)
    return out.getvalue()


@functools.cache
def jpeg(motif: Motif = "astronaut", size: tuple[int, int] | None = None) -> bytes:
    """A photograph as a JPEG."""
    return encoded(photo(motif, size), quality=90)


def oriented(orientation: int, size: tuple[int, int] = (96, 64)) -> Image.Image:
    """
    A picture to be stored so that it looks right only when `orientation` is applied.

    As displayed it is red, green, blue and white in the quarters from the top left, clockwise.
    """
    shown = Image.new("RGB", size, "red")
    width, height = size
    shown.paste("lime", (width // 2, 0, width, height // 2))
    shown.paste("white", (0, height // 2, width // 2, height))
    shown.paste("blue", (width // 2, height // 2, width, height))
    stored = {
        1: None,
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }[orientation]
    return shown if stored is None else shown.transpose(stored)


def exif(orientation: int = 1, *, gps: bool = False) -> bytes:
    """EXIF with an orientation, and with the place a picture was taken if `gps`."""
    tags = Image.Exif()
    tags[0x0112] = orientation
    if gps:
        tags[0x010F] = "SECRETCAMERA"
        tags.get_ifd(0x8825).update({1: "N", 2: (48.0, 51.0, 29.0), 3: "E", 4: (2.0, 17.0, 40.0)})
    return tags.tobytes()


def png_header(width: int, height: int, *, depth: int = 8, colour: int = 2) -> bytes:
    """The beginning of a PNG, up to where its pixels or texts would be."""
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header)


def unfinished_png(width: int, height: int) -> bytes:
    """A PNG that claims a size and ends where its pixels begin."""
    return png_header(width, height) + _chunk(b"IDAT", zlib.compress(b"\x00" * 9))


def black_png(width: int, height: int) -> bytes:
    """A whole and valid 1-bit PNG, however large: black packs a thousand to one."""
    packer = zlib.compressobj(9)
    row = b"\x00" * (1 + (width + 7) // 8)
    body = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()
    start = png_header(width, height, depth=1, colour=0)
    return start + _chunk(b"IDAT", body) + _chunk(b"IEND", b"")


def png_with_text_bomb(unpacked_bytes: int = 200_000_000) -> bytes:
    """A small picture with a compressed comment that unpacks to `unpacked_bytes`."""
    packer = zlib.compressobj(9)
    packed = b"".join(packer.compress(b"\x00" * 1_000_000) for _ in range(unpacked_bytes // 10**6))
    text = _chunk(b"zTXt", b"Comment\x00\x00" + packed + packer.flush())
    whole = black_png(8, 8)
    return whole[: len(png_header(8, 8))] + text + whole[len(png_header(8, 8)) :]


def animation(form: str, frames: int, size: tuple[int, int] = (48, 32)) -> bytes:
    """An animation that starts red and goes on in other colours."""
    images = [Image.new("RGB", size, "red")]
    images += [Image.new("RGB", size, (0, 10 + at % 200, at // 200)) for at in range(1, frames)]
    return encoded(
        images[0], form, save_all=True, append_images=images[1:], duration=50, lossless=True
    )


def p3_profile() -> bytes:
    """A Display P3 profile: a matrix and a gamma, as ICC.1:2001 has them."""
    curve = b"curv" + struct.pack(">IIH", 0, 1, 563) + b"\x00\x00"
    columns = list(zip(*P3_MATRIX, strict=True))
    tags = {
        b"desc": b"desc" + struct.pack(">II", 0, 11) + b"Display P3\x00" + b"\x00" * 78 + b"\x00",
        b"cprt": b"text\x00\x00\x00\x00none\x00\x00\x00\x00",
        b"wtpt": _xyz((0.96420, 1.0, 0.82491)),
        b"rXYZ": _xyz(columns[0]),
        b"gXYZ": _xyz(columns[1]),
        b"bXYZ": _xyz(columns[2]),
        b"rTRC": curve,
        b"gTRC": curve,
        b"bTRC": curve,
    }
    at = 128 + 4 + 12 * len(tags)
    table, body = struct.pack(">I", len(tags)), b""
    for name, value in tags.items():
        table += name + struct.pack(">II", at + len(body), len(value))
        body += value + b"\x00" * (-len(value) % 4)
    return _profile_header(at + len(body)) + table + body


def _profile_header(size: int) -> bytes:
    date = struct.pack(">6H", 2026, 1, 1, 0, 0, 0)
    return (
        struct.pack(">I4sI", size, b"none", 0x02400000)
        + b"mntrRGB XYZ "
        + date
        + b"acsp"
        + b"\x00" * 28
        + struct.pack(">3I", 0xF6D6, 0x10000, 0xD32D)
        + b"\x00" * 48
    )


def _xyz(values: tuple[float, ...]) -> bytes:
    return b"XYZ \x00\x00\x00\x00" + struct.pack(">3i", *(round(v * 65536) for v in values))


def _chunk(name: bytes, body: bytes) -> bytes:
    crc = struct.pack(">I", zlib.crc32(name + body))
    return struct.pack(">I", len(body)) + name + body + crc


def mean_colour(data: bytes) -> tuple[float, ...]:
    """Return the mean of a file's picture; results of the provider fake are each of one colour."""
    return tuple(ImageStat.Stat(Image.open(io.BytesIO(data)).convert("RGB")).mean)


def colour_distance(one: tuple[float, ...], other: tuple[float, ...]) -> float:
    """Return by how much two colours differ in the part in which they differ most."""
    return max(abs(a - b) for a, b in zip(one, other, strict=True))
