"""What is no picture, or means harm, ends in exactly one clear error."""

from __future__ import annotations

import io
import random
import struct
import subprocess
import sys
import zipfile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from core.errors import MediaError, TooLarge, Unreadable, WrongType
from core.media.codec import codec_errors
from core.media.fit import Bounds, load_srgb, prepare, probe_picture
from tests.fakes import pictures

FORMS = ("JPEG", "PNG", "WEBP", "GIF", "AVIF", "BMP", "HEIF", "MPO")

MEGAPIXELS_900 = (30_000, 30_000)

PROBE = """
import re, sys
from pathlib import Path
from core.errors import TooLarge
from core.media.fit import prepare

def peak_kib():
    return int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])

data = sys.stdin.buffer.read()
before = peak_kib()
try:
    prepare(data)
except TooLarge as error:
    print(error.unit, error.limit, peak_kib() - before, peak_kib())
"""


def archive() -> bytes:
    """A ZIP archive with a picture in it."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        file.writestr("photo.png", pictures.black_png(8, 8))
    return out.getvalue()


WRONG = {
    "a web page": b"<!DOCTYPE html><html><body>Sign in</body></html>",
    "a PDF": b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\n",
    "an MP4 video": b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom" + b"\x00" * 200,
    "an SVG drawing": b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>',
    "a ZIP archive": archive(),
    "a TIFF picture": pictures.encoded(pictures.photo(size=(8, 8)), "TIFF"),
    "a PostScript file": b"%!PS-Adobe-3.0 EPSF-3.0\n",
    "an empty file": b"",
    "a text file": b"this is not a picture at all",
}


@pytest.mark.parametrize(("found", "data"), WRONG.items(), ids=WRONG)
def test_the_wrong_type_is_named(found: str, data: bytes) -> None:
    """A file that is no picture is refused by what it is, whatever it was called."""
    with pytest.raises(WrongType) as caught:
        prepare(data)

    assert caught.value.found == found


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("kept", [0.3, 0.5, 0.9])
def test_a_truncated_picture_is_unreadable(form: str, kept: float) -> None:
    """Half a download is refused instead of becoming half a grey picture."""
    options = {"save_all": True, "append_images": []} if form == "MPO" else {}
    data = pictures.encoded(pictures.photo(size=(400, 300)), form, **options)

    with pytest.raises(Unreadable):
        prepare(data[: int(len(data) * kept)])


@pytest.mark.parametrize("form", FORMS)
def test_a_header_alone_is_unreadable(form: str) -> None:
    """The first bytes of a picture are no picture."""
    data = pictures.encoded(pictures.photo(size=(64, 64)), form)

    with pytest.raises(Unreadable):
        prepare(data[:40])


def test_too_many_bytes_are_refused_unread() -> None:
    """The length is looked at before anything else."""
    with pytest.raises(TooLarge) as caught:
        prepare(b"\x00" * 101, Bounds(bytes=100))

    assert (caught.value.limit, caught.value.unit) == (100, "bytes")


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_900_megapixels_are_refused_at_the_header() -> None:
    """A valid PNG of 900 million pixels in 110 KB is refused and takes hardly any memory."""
    data = pictures.black_png(*MEGAPIXELS_900)
    done = subprocess.run(
        [sys.executable, "-c", PROBE], input=data, capture_output=True, check=True, timeout=60
    )

    unit, limit, grown_kib, peak_kib = done.stdout.split()

    assert len(data) < 200_000
    assert (unit, int(limit)) == (b"pixels", 50_000_000)
    assert int(grown_kib) < 8 * 1024
    assert int(peak_kib) < 64 * 1024


def webp_header(width: int, height: int) -> bytes:
    """A WebP whose extended header claims a canvas, with nothing on it."""
    canvas = struct.pack("<I", width - 1)[:3] + struct.pack("<I", height - 1)[:3]
    body = b"WEBPVP8X" + struct.pack("<I", 10) + b"\x00\x00\x00\x00" + canvas
    return b"RIFF" + struct.pack("<I", len(body)) + body


def gif_header(width: int, height: int) -> bytes:
    """A GIF of one byte of pixels on a huge screen."""
    screen = struct.pack("<HHBBB", width, height, 0x80, 0, 0) + b"\x00" * 6
    frame = b"," + struct.pack("<HHHHB", 0, 0, width, height, 0) + b"\x02\x02\x4c\x01\x00"
    return b"GIF89a" + screen + frame + b";"


def bmp_header(width: int, height: int) -> bytes:
    """A BMP that is nothing but its header."""
    info = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 24, 0, 0, 0, 0, 0, 0)
    return b"BM" + struct.pack("<IHHI", 54, 0, 0, 54) + info


BOMBS = {
    "png": pictures.unfinished_png(60_000, 60_000),
    "png-wide": pictures.unfinished_png(2_000_000_000, 1),
    "png-warned": pictures.unfinished_png(10_000, 10_000),
    "gif": gif_header(65_535, 65_535),
    "bmp": bmp_header(40_000, 40_000),
    "bmp-upside-down": bmp_header(40_000, -40_000),
    "black-png": pictures.black_png(16_000, 16_000),
}


@pytest.mark.parametrize("data", BOMBS.values(), ids=BOMBS)
def test_a_bomb_is_too_large(data: bytes) -> None:
    """A header that claims too many pixels is enough to refuse the file."""
    with pytest.raises(TooLarge) as caught:
        prepare(data)

    assert caught.value.unit in {"pixels", "pixels a side"}


def test_webp_has_a_bound_of_its_own() -> None:
    """A WebP of more pixels than its decoder can be trusted with is refused, a JPEG is not."""
    bounds = Bounds(webp_pixels=10_000)
    photo = pictures.photo(size=(200, 100))

    assert probe_picture(pictures.encoded(photo), bounds)[1:] == (200, 100)
    with pytest.raises(TooLarge) as caught:
        probe_picture(pictures.encoded(photo, "WEBP"), bounds)

    assert (caught.value.limit, caught.value.unit) == (10_000, "pixels")


@pytest.mark.parametrize(
    "data",
    [
        webp_header(16_384, 16_384),
        b"RIFF\x20\x00\x00\x00WEBPVP8L\x08\x00\x00\x00\x2f\xff\xff\xff\x0f" + b"\x00" * 20,
        b"RIFF\x20\x00\x00\x00WEBPVP8 \x0e\x00\x00\x00\x30\x01\x00\x9d\x01\x2a\xff\x3f\xff\x3f"
        + b"\x00" * 20,
    ],
    ids=["extended", "lossless", "lossy"],
)
def test_a_webp_is_refused_before_its_decoder_is_made(data: bytes) -> None:
    """A WebP that claims 16384 pixels a side is too large before memory is reserved for it."""
    with pytest.raises(TooLarge) as caught:
        prepare(data)

    assert (caught.value.limit, caught.value.unit) == (25_000_000, "pixels")


@pytest.mark.parametrize("form", ["GIF", "WEBP", "PNG"])
def test_too_many_frames_are_refused(form: str) -> None:
    """An animation of more frames than the bound is refused, whatever each of them costs."""
    data = pictures.animation(form, 21, size=(16, 16))

    with pytest.raises(TooLarge) as caught:
        prepare(data, Bounds(frames=20))

    assert (caught.value.limit, caught.value.unit) == (20, "frames")


def test_the_side_is_bounded() -> None:
    """A line of pixels may be no longer than the bound, however few there are of them."""
    with pytest.raises(TooLarge) as caught:
        prepare(pictures.black_png(40_000, 1))

    assert caught.value.unit == "pixels a side"


@pytest.mark.parametrize("size", [(0, 10), (10, 0), (0, 0)])
def test_a_picture_of_no_size_is_refused(size: tuple[int, int]) -> None:
    """No pixels, no picture."""
    for data in (pictures.unfinished_png(*size), bmp_header(*size), gif_header(*size)):
        with pytest.raises(Unreadable):
            prepare(data)


def test_text_bombs_in_png_are_refused() -> None:
    """A compressed text that unpacks to more than anybody writes is an error, not memory."""
    data = pictures.png_with_text_bomb()

    with pytest.raises(MediaError):
        prepare(data)


def test_no_memory_to_decode_is_too_large() -> None:
    """A codec that runs out of memory means that the picture is too large for us."""
    with pytest.raises(TooLarge), codec_errors(Bounds()):
        raise MemoryError


SEEDS = {
    form: pictures.encoded(pictures.photo(size=(40, 30)), form, exif=pictures.exif(6))
    for form in FORMS
}
SEEDS["animated"] = pictures.animation("WEBP", 3)
SEEDS["gif"] = pictures.animation("GIF", 3)
SEEDS["16 bit"] = pictures.encoded(Image.new("I;16", (30, 20)), "PNG")
SEEDS["profile"] = pictures.encoded(
    pictures.photo(size=(40, 30)), icc_profile=pictures.p3_profile()
)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(seed=st.sampled_from(sorted(SEEDS)), chance=st.randoms(use_true_random=False))
def test_corrupt_bytes_end_in_a_picture_or_a_media_error(seed: str, chance: random.Random) -> None:
    """Whatever bytes are damaged, the answer is a picture or one of our own errors."""
    data = bytearray(SEEDS[seed])
    for _ in range(chance.randint(1, 12)):
        data[chance.randrange(len(data))] = chance.randrange(256)
    if chance.random() < 0.3:
        at = chance.randrange(len(data))
        del data[at : at + chance.randint(1, 40)]

    try:
        prepared = prepare(bytes(data))
    except MediaError:
        return

    assert max(prepared.width_px, prepared.height_px) <= 1536


@settings(max_examples=200, deadline=None)
@given(start=st.sampled_from([data[:16] for data in SEEDS.values()]), rest=st.binary(max_size=400))
def test_rubbish_behind_a_signature_is_a_media_error(start: bytes, rest: bytes) -> None:
    """A true beginning with anything behind it raises nothing but MediaError."""
    for read in (prepare, probe_picture, load_srgb):
        try:
            read(start + rest)
        except MediaError:
            continue


def test_every_seed_is_a_picture() -> None:
    """The fuzzing starts from pictures that can be read."""
    assert all(prepare(data).data for data in SEEDS.values())
    assert len(SEEDS) == len(FORMS) + 4
