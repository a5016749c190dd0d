"""Decider: what a file is by its first bytes; no file name and no header is trusted."""

from __future__ import annotations

from collections.abc import Callable

from core.media.item import Kind

HEAD_BYTES = 512
"""How much of a file `describe` wants to see; `sniff` is sure with 32 bytes."""

_BMP_HEADER_BYTES = frozenset({12, 40, 52, 56, 64, 108, 124})
"""Source: the header sizes of OS/2 and Windows bitmaps (BITMAPCOREHEADER to BITMAPV5HEADER)."""

_AVIF_BRANDS = frozenset({b"avif", b"avis"})
_HEIC_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"})
_HEIF_BRANDS = frozenset({b"mif1", b"msf1", b"mif2"})
"""Structural brands that say "a picture in this container" without saying how it is coded."""

_SIGNATURES: tuple[tuple[bytes, Kind], ...] = (
    (b"\xff\xd8\xff", Kind.JPEG),
    (b"\x89PNG\r\n\x1a\n", Kind.PNG),
    (b"GIF87a", Kind.GIF),
    (b"GIF89a", Kind.GIF),
)

_LOOKS: tuple[tuple[bytes, str], ...] = (
    (b"%PDF-", "a PDF"),
    (b"%!PS", "a PostScript file"),
    (b"PK\x03\x04", "a ZIP archive"),
    (b"PK\x05\x06", "a ZIP archive"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (b"Rar!", "a RAR archive"),
    (b"8BPS", "a Photoshop file"),
    (b"II*\x00", "a TIFF picture"),
    (b"MM\x00*", "a TIFF picture"),
    (b"II+\x00", "a TIFF picture"),
    (b"MM\x00+", "a TIFF picture"),
    (b"\x00\x00\x01\x00", "a Windows icon"),
    (b"\xff\x0a", "a JPEG XL picture"),
    (b"\x00\x00\x00\x0cJXL ", "a JPEG XL picture"),
    (b"\x00\x00\x00\x0cjP  ", "a JPEG 2000 picture"),
    (b"\x1aE\xdf\xa3", "a Matroska or WebM video"),
    (b"OggS", "an Ogg file"),
    (b"fLaC", "a FLAC sound file"),
    (b"ID3", "an MP3 sound file"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
)


def sniff(head: bytes) -> Kind | None:
    """Return the kind of picture that a file beginning with `head` is, or None."""
    for signature, kind in _SIGNATURES:
        if head.startswith(signature):
            return kind
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return Kind.WEBP
    if head[:2] == b"BM" and _little(head[14:18]) in _BMP_HEADER_BYTES:
        return Kind.BMP
    return _sniff_container(head)


def describe(head: bytes) -> str:
    """Return what a file beginning with `head` looks like, in words: "a PDF", "a web page"."""
    kind = sniff(head)
    if kind is not None:
        return f"a {kind.name} picture" if kind not in _WITH_AN else f"an {kind.name} picture"
    for look in (_signed, _contained, _written):
        words = look(head)
        if words is not None:
            return words
    return "an unknown kind of file"


def webp_size(head: bytes) -> tuple[int, int] | None:
    """
    Return the width and height in pixels that the header of a WebP claims, or None.

    Source: RFC 9649, 2.5 to 2.7. Its decoder reserves memory for all pixels as soon as it is
    made, so this has to be known before that.
    """
    match head[12:16]:
        case b"VP8X":
            return 1 + _little(head[24:27]), 1 + _little(head[27:30])
        case b"VP8L":
            sides = _little(head[21:25])
            return 1 + (sides & _WEBP_SIDE), 1 + (sides >> 14 & _WEBP_SIDE)
        case b"VP8 ":
            return _little(head[26:28]) & _WEBP_SIDE, _little(head[28:30]) & _WEBP_SIDE
        case _:
            return None


_WEBP_SIDE = 0x3FFF
"""Fourteen bits: a side of all but extended WebPs is at most 16384 pixels."""


def _little(data: bytes) -> int:
    return int.from_bytes(data, "little")


_WITH_AN = frozenset({Kind.AVIF})


def is_web_page(head: bytes) -> bool:
    """Whether `head` is the beginning of an HTML document."""
    return describe(head) == _WEB_PAGE


_WEB_PAGE = "a web page"


def _brands(head: bytes) -> tuple[bytes, ...]:
    """The major brand and the compatible ones that `head` still shows."""
    if head[4:8] != b"ftyp":
        return ()
    end = min(int.from_bytes(head[:4], "big"), len(head))
    return (head[8:12], *(head[at : at + 4] for at in range(16, end - 3, 4)))


def _sniff_container(head: bytes) -> Kind | None:
    brands = _brands(head)
    if not brands:
        return None
    major = brands[0]
    if major in _AVIF_BRANDS or (major in _HEIF_BRANDS and _AVIF_BRANDS.intersection(brands)):
        return Kind.AVIF
    return Kind.HEIC if major in _HEIC_BRANDS | _HEIF_BRANDS else None


def _signed(head: bytes) -> str | None:
    if not head:
        return "an empty file"
    return next((words for signature, words in _LOOKS if head.startswith(signature)), None)


def _contained(head: bytes) -> str | None:
    brands = _brands(head)
    if brands:
        return "a QuickTime video" if brands[0] == b"qt  " else "an MP4 video"
    if head[:4] == b"RIFF":
        return {b"AVI ": "an AVI video", b"WAVE": "a WAV sound file"}.get(head[8:12])
    return None


_STARTS_OF_TEXT: tuple[tuple[Callable[[str], bool], str], ...] = (
    (lambda text: text.startswith(("<!doctype html", "<html", "<head", "<body")), _WEB_PAGE),
    (lambda text: "<svg" in text and text.startswith("<"), "an SVG drawing"),
    (lambda text: "<html" in text and text.startswith("<"), _WEB_PAGE),
    (lambda text: text.startswith(("<?xml", "<")), "an XML file"),
    (lambda text: text.startswith(("{", "[")), "JSON data"),
)


def _written(head: bytes) -> str | None:
    """Words for a file that is text, or None when it is not."""
    try:
        text = head[:HEAD_BYTES].decode("utf-8-sig", errors="strict")
    except UnicodeDecodeError as exc:
        if exc.start < min(len(head), HEAD_BYTES) - 4:
            return None
        text = head[: exc.start].decode("utf-8-sig", errors="ignore")
    if any(ord(letter) < ord(" ") and letter not in "\t\r\n\f" for letter in text):
        return None
    start = text.lstrip().lower()
    return next((words for matches, words in _STARTS_OF_TEXT if matches(start)), "a text file")
