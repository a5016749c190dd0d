"""What files are by their first bytes."""

from __future__ import annotations

import pytest

from core.media.item import Kind
from core.media.probe import describe, is_web_page, sniff, webp_size
from tests.fakes import pictures

FORMS = {
    Kind.JPEG: "JPEG",
    Kind.PNG: "PNG",
    Kind.WEBP: "WEBP",
    Kind.GIF: "GIF",
    Kind.AVIF: "AVIF",
    Kind.BMP: "BMP",
    Kind.HEIC: "HEIF",
}

NOT_PICTURES = {
    "a PDF": b"%PDF-1.7\n%\xe2\xe3",
    "a ZIP archive": b"PK\x03\x04\x14\x00\x06\x00",
    "a gzip archive": b"\x1f\x8b\x08\x00",
    "a TIFF picture": b"II*\x00\x08\x00",
    "a Photoshop file": b"8BPS\x00\x01",
    "a web page": b"\n <!DOCTYPE html><html lang=en>",
    "an SVG drawing": b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg">',
    "an XML file": b"<?xml version='1.0'?><rss>",
    "JSON data": b'{"ok":false,"error":"invalid_auth"}',
    "an MP4 video": b"\x00\x00\x00\x20ftypisom\x00\x00\x02\x00isomiso2",
    "a QuickTime video": b"\x00\x00\x00\x14ftypqt  \x00\x00\x02\x00qt  ",
    "an AVI video": b"RIFF\x00\x10\x00\x00AVI LIST",
    "a WAV sound file": b"RIFF\x00\x10\x00\x00WAVEfmt ",
    "a Matroska or WebM video": b"\x1aE\xdf\xa3\x01\x00",
    "an MP3 sound file": b"ID3\x04\x00",
    "a JPEG XL picture": b"\xff\x0a\xfa\x7f",
    "a program": b"MZ\x90\x00",
    "a text file": "Zażółć gęślą jaźń".encode(),
    "an empty file": b"",
    "an unknown kind of file": b"\x00\x01\x02\x03\xfe\xff" * 8,
}


@pytest.mark.parametrize("kind", Kind)
def test_sniff_knows_each_kind_by_32_bytes(kind: Kind) -> None:
    """32 bytes are enough to know every kind of picture that is read."""
    data = pictures.encoded(pictures.photo(size=(64, 48)), FORMS[kind])

    assert sniff(data[:32]) == kind


@pytest.mark.parametrize(("words", "head"), NOT_PICTURES.items(), ids=NOT_PICTURES)
def test_describe_names_what_is_no_picture(words: str, head: bytes) -> None:
    """What is no picture that can be read is not sniffed, and is named in words."""
    assert (sniff(head), describe(head)) == (None, words)


@pytest.mark.parametrize(("kind", "words"), [(Kind.PNG, "a PNG"), (Kind.AVIF, "an AVIF")])
def test_describe_names_pictures_too(kind: Kind, words: str) -> None:
    """A picture is called a picture of its kind."""
    data = pictures.encoded(pictures.photo(size=(64, 48)), FORMS[kind])

    assert describe(data) == f"{words} picture"


def test_a_letter_cut_at_the_end_is_still_text() -> None:
    """A head that ends in the middle of a letter does not make a text file binary."""
    head = ("a" * 511 + "é").encode()[:512]

    assert describe(head) == "a text file"


def test_a_heif_container_with_av1_inside_is_avif() -> None:
    """The structural brand says nothing, so the compatible brands decide."""
    head = b"\x00\x00\x00\x1cftypmif1\x00\x00\x00\x00mif1avifmiaf"

    assert sniff(head) == Kind.AVIF


@pytest.mark.parametrize("size", [(1, 1), (64, 48), (3000, 7)])
@pytest.mark.parametrize(
    "options", [{"lossless": True}, {"quality": 50}, {"exif": b"Exif\x00\x00"}]
)
def test_webp_size_is_what_the_picture_has(
    size: tuple[int, int], options: dict[str, object]
) -> None:
    """The size in the header of each of the three sorts of WebP is read."""
    data = pictures.encoded(pictures.photo(size=size), "WEBP", **options)

    assert webp_size(data[:32]) == size
    assert webp_size(pictures.jpeg()) is None


def test_bm_alone_is_no_bitmap() -> None:
    """Two letters at the start of a text do not make a bitmap."""
    assert sniff(b"BMW is a maker of cars and motor cycles") is None


def test_a_page_behind_a_comment_is_a_page() -> None:
    """A login page may begin with a comment."""
    assert is_web_page(b"<!-- build 12 -->\n<html><head>")


@pytest.mark.parametrize(("kind", "mime"), [(Kind.JPEG, "image/jpeg"), (Kind.WEBP, "image/webp")])
def test_a_kind_has_its_media_type(kind: Kind, mime: str) -> None:
    """The media type is the registered one, which for JPEG is not its extension."""
    assert kind.mime == mime
