"""Decider: what is done to a drawn picture before it is handed out."""

from __future__ import annotations

import io
import struct
import zlib

from PIL import Image

from core.media.item import Kind
from core.studio.envelope import NOTICE

SMALL_BYTES = 100 * 1024
"""
How large a small copy should be at most.

Source: github.com/aumritThought/qolaba_modal_docs, `low_res_urls`; so are the qualities.
"""
_QUALITIES = (50, 40, 30, 20)
_SMALL_SIDE_PX = 768
_AFTER_SOI = 2
_JFIF = b"\xff\xe0"
_AFTER_IHDR = 33
"""Signature (8), and the header chunk: length, type, data, checksum (4 + 4 + 13 + 4)."""
_SAID = f"Redraw: {NOTICE}".encode("ascii")


def marked(data: bytes, kind: Kind) -> bytes:
    """Return a JPEG or PNG that says in a comment that it is a local preview."""
    if kind is Kind.JPEG:
        return _with_jpeg_comment(data)
    if kind is Kind.PNG:
        return data[:_AFTER_IHDR] + _png_text(b"Comment\0" + _SAID) + data[_AFTER_IHDR:]
    return data


def _with_jpeg_comment(data: bytes) -> bytes:
    """Put the comment behind the JFIF header, which has to be first where there is one."""
    at = _AFTER_SOI
    if data.startswith(_JFIF, at):
        at += 2 + int(struct.unpack_from(">H", data, at + 2)[0])
    comment = b"\xff\xfe" + struct.pack(">H", len(_SAID) + 2) + _SAID
    return data[:at] + comment + data[at:]


def _png_text(text: bytes) -> bytes:
    body = b"tEXt" + text
    return struct.pack(">I", len(text)) + body + struct.pack(">I", zlib.crc32(body))


def small_copy(data: bytes) -> bytes:
    """Return a small WebP of a picture that we drew ourselves."""
    with Image.open(io.BytesIO(data)) as opened:
        opened.thumbnail((_SMALL_SIDE_PX, _SMALL_SIDE_PX))
        image = opened.convert("RGB")
    for quality in _QUALITIES:
        copy = _webp(image, quality)
        if len(copy) <= SMALL_BYTES:
            break
    return copy


def _webp(image: Image.Image, quality: int) -> bytes:
    target = io.BytesIO()
    image.save(target, "WEBP", quality=quality, method=2)
    return target.getvalue()
