"""What preparing does to pictures that can be read."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from core.media import fit
from core.media.item import Kind
from tests.fakes import pictures


def shown(prepared: fit.Prepared) -> Image.Image:
    """The prepared picture, decoded, after what is true of every one has been checked."""
    image = Image.open(io.BytesIO(prepared.data))
    image.load()
    assert (image.format, image.mode) == ("JPEG", "RGB")
    assert image.size == (prepared.width_px, prepared.height_px)
    assert prepared.kind is Kind.JPEG
    return image


def corners(image: Image.Image) -> list[str]:
    """The names of the colours in the middle of each quarter, clockwise from the top left."""
    names = {"red": (255, 0, 0), "lime": (0, 255, 0), "blue": (0, 0, 255), "white": (255, 255, 255)}
    width, height = image.size
    places = [(1, 1), (3, 1), (3, 3), (1, 3)]
    pixels = [image.getpixel((x * width // 4, y * height // 4)) for x, y in places]
    return [
        min(
            names, key=lambda name: sum(abs(a - b) for a, b in zip(names[name], pixel, strict=True))
        )
        for pixel in pixels
        if isinstance(pixel, tuple)
    ]


def average_difference(a: Image.Image, b: Image.Image) -> float:
    """Mean absolute difference per channel, 0 to 255."""
    left, right = (np.asarray(image.convert("RGB"), dtype=float) for image in (a, b))
    return float(np.abs(left - right).mean())


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize(
    ("form", "size"),
    [("JPEG", (96, 64)), ("JPEG", (3000, 2000)), ("WEBP", (96, 64)), ("PNG", (96, 64)),
     ("AVIF", (96, 64)), ("HEIF", (96, 64))],
)  # fmt: skip
def test_orientation_is_applied(orientation: int, form: str, size: tuple[int, int]) -> None:
    """Whatever way up a camera stored it, the picture comes out as it is displayed."""
    stored = pictures.oriented(orientation, size)
    data = pictures.encoded(stored, form, exif=pictures.exif(orientation))

    prepared = fit.prepare(data)

    assert corners(shown(prepared)) == ["red", "lime", "blue", "white"]
    assert prepared.width_px > prepared.height_px
    assert fit.probe_picture(data)[1:] == size


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((4000, 3000), (1536, 1152)),
        ((3000, 4000), (1152, 1536)),
        ((1536, 1536), (1536, 1536)),
        ((640, 480), (640, 480)),
        ((5000, 10), (1536, 3)),
        ((1, 6000), (1, 1536)),
        ((1, 1), (1, 1)),
    ],
)
def test_pictures_are_made_to_fit_and_never_enlarged(
    size: tuple[int, int], expected: tuple[int, int]
) -> None:
    """The ratio stays, the longer side is at most 1536, and small pictures stay small."""
    prepared = fit.prepare(pictures.encoded(Image.new("RGB", size, "teal")))

    assert shown(prepared).size == expected


def test_shrinking_while_decoding_cannot_be_seen() -> None:
    """Skipping detail in the decoder gives what full decoding and careful shrinking give."""
    photo = pictures.photo("chelsea", (4000, 3000))
    careful = photo.resize((1536, 1152), Image.Resampling.LANCZOS)

    prepared = fit.prepare(pictures.encoded(photo, quality=95))

    assert average_difference(shown(prepared), careful) < 1.0


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "AVIF", "BMP", "HEIF", "GIF"])
def test_every_kind_is_read(form: str) -> None:
    """A photograph in any of the kinds comes out as itself."""
    photo = pictures.photo("coffee", (320, 200))

    prepared = fit.prepare(pictures.encoded(photo, form, quality=95))

    assert average_difference(shown(prepared), photo) < (12 if form == "GIF" else 4)


def test_progressive_jpeg_is_read() -> None:
    """A progressive JPEG comes out as the same picture."""
    photo = pictures.photo("coffee", (2400, 1600))

    prepared = fit.prepare(pictures.encoded(photo, progressive=True, quality=92))

    assert average_difference(shown(prepared), photo.resize((1536, 1024))) < 2


def test_cmyk_jpeg_becomes_rgb() -> None:
    """A CMYK JPEG without a profile comes out in its own colours."""
    photo = pictures.photo("coffee", (2000, 1200))

    prepared = fit.prepare(pictures.encoded(photo.convert("CMYK"), quality=95))

    assert average_difference(shown(prepared), photo.resize((1536, 922))) < 3


def test_sixteen_bit_ramp_keeps_its_middle() -> None:
    """A 16-bit grey ramp from black to white stays a ramp instead of clipping to white."""
    ramp = Image.new("I;16", (512, 8))
    for x in range(512):
        for y in range(8):
            ramp.putpixel((x, y), round(x * 65535 / 511))

    image = shown(fit.prepare(pictures.encoded(ramp, "PNG")))

    greys = [image.getpixel((x, 4)) for x in (0, 128, 256, 384, 511)]
    assert [pixel[0] for pixel in greys if isinstance(pixel, tuple)] == pytest.approx(
        [0, 64, 128, 192, 255], abs=2
    )


def transparent(mode: str) -> bytes:
    """A PNG whose left half is opaque dark red or grey and whose right half shows through."""
    image = Image.new("RGBA", (80, 40), (120, 0, 0, 255))
    image.paste((0, 0, 90, 0), (40, 0, 80, 40))
    if mode == "LA":
        return pictures.encoded(image.convert("LA"), "PNG")
    if mode == "P":
        indexed = image.convert("RGB").convert("P", palette=Image.Palette.ADAPTIVE, colors=2)
        hidden = indexed.getpixel((60, 20))
        return pictures.encoded(indexed, "PNG", transparency=hidden)
    if mode == "RGB":
        return pictures.encoded(image.convert("RGB"), "PNG", transparency=(0, 0, 90))
    if mode == "1":
        bits = image.getchannel("A").point(lambda value: 255 - value).convert("1")
        return pictures.encoded(bits, "PNG", transparency=255)
    return pictures.encoded(image, "WEBP" if mode == "WEBP" else "PNG", lossless=True)


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P", "RGB", "1", "WEBP"])
def test_transparency_becomes_white(mode: str) -> None:
    """What shows through becomes white, however the file says so; hidden colours stay hidden."""
    prepared = fit.prepare(transparent(mode))

    image = shown(prepared)
    hidden, kept = image.getpixel((60, 20)), image.getpixel((20, 20))
    assert isinstance(hidden, tuple)
    assert isinstance(kept, tuple)
    assert min(hidden) > 250
    assert kept[1] < 60
    assert prepared.notes == ("Transparent parts became white.",)


@pytest.mark.parametrize("mode", ["1", "L", "P", "LA", "RGBA", "CMYK", "YCbCr", "I;16"])
def test_odd_colour_modes_are_read(mode: str) -> None:
    """Every mode that the formats can store comes out as RGB."""
    source = Image.new("L", (40, 30), 200)
    image = source.convert("I").convert("I;16") if mode == "I;16" else source.convert(mode)
    form = "JPEG" if mode in {"CMYK", "YCbCr"} else "PNG"

    prepared = fit.prepare(pictures.encoded(image, form))

    assert shown(prepared).size == (40, 30)


@pytest.mark.parametrize("form", ["GIF", "WEBP", "PNG", "AVIF"])
def test_an_animation_becomes_its_first_frame(form: str) -> None:
    """The first frame is taken, and the notes say so."""
    prepared = fit.prepare(pictures.animation(form, 5))

    pixel = shown(prepared).getpixel((10, 10))
    assert isinstance(pixel, tuple)
    assert pixel == pytest.approx((254, 0, 0), abs=4)
    assert prepared.notes == ("The first of 5 frames was used.",)


def test_a_multi_picture_jpeg_gives_its_first_picture() -> None:
    """Phones put a second picture into a JPEG (MPO): the first one is the photograph."""
    first, second = pictures.photo("coffee", (300, 200)), Image.new("RGB", (300, 200), "lime")
    data = pictures.encoded(first, "MPO", quality=95, save_all=True, append_images=[second])

    prepared = fit.prepare(data)

    assert average_difference(shown(prepared), first) < 4
    assert fit.probe_picture(data) == (Kind.JPEG, 300, 200)


def test_wide_gamut_becomes_srgb() -> None:
    """A Display P3 picture comes out in the sRGB values of the same colours."""
    stored = (200, 100, 50)
    xyz = np.array(pictures.P3_MATRIX) @ (np.array(stored) / 255) ** pictures.P3_GAMMA
    srgb = np.array([(0.43607, 0.38515, 0.14307), (0.22249, 0.71687, 0.06061),
                     (0.01392, 0.09708, 0.71410)])  # fmt: skip
    linear = np.clip(np.linalg.solve(srgb, xyz), 0, 1)
    curved = np.where(linear < 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    data = pictures.encoded(
        Image.new("RGB", (64, 64), stored), quality=100, icc_profile=pictures.p3_profile()
    )

    pixel = shown(fit.prepare(data)).getpixel((32, 32))

    assert pixel == pytest.approx(tuple(curved * 255), abs=3)
    assert pixel != pytest.approx(stored, abs=8)


@pytest.mark.parametrize("mode", ["L", "RGBA", "CMYK"])
def test_a_profile_that_does_not_fit_is_passed_over(mode: str) -> None:
    """An RGB profile on a grey, transparent or CMYK picture does no harm."""
    image = pictures.photo(size=(64, 64)).convert(mode)
    form = "JPEG" if mode == "CMYK" else "PNG"

    prepared = fit.prepare(pictures.encoded(image, form, icc_profile=pictures.p3_profile()))

    assert average_difference(shown(prepared), image.convert("RGB")) < 12


@pytest.mark.parametrize("profile", [b"rubbish", b"\x00" * 200, pictures.p3_profile()[:300]])
def test_a_damaged_profile_is_passed_over(profile: bytes) -> None:
    """Rubbish where a profile should be does not make a picture unreadable."""
    photo = pictures.photo(size=(64, 64))

    prepared = fit.prepare(pictures.encoded(photo, icc_profile=profile))

    assert prepared == fit.prepare(pictures.encoded(photo))


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "AVIF", "HEIF", "GIF"])
def test_metadata_is_left_behind(form: str) -> None:
    """No place, camera, profile, XMP or comment survives."""
    xmp = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>SECRETXMP</x:xmpmeta>"
    options: dict[str, object] = {
        "exif": pictures.exif(gps=True),
        "icc_profile": pictures.p3_profile(),
        "xmp": xmp,
        "comment": b"SECRETCOMMENT",
    }
    data = pictures.encoded(pictures.photo(size=(80, 60)), form, **options)

    prepared = fit.prepare(data)

    image = shown(prepared)
    assert b"SECRET" in data
    assert b"SECRET" not in prepared.data
    assert not image.getexif()
    assert set(image.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}


def test_damaged_exif_is_no_reason_to_refuse() -> None:
    """A picture whose EXIF cannot be parsed is taken as upright."""
    data = pictures.encoded(
        pictures.photo(size=(80, 60)), exif=b"Exif\x00\x00II*\x00\xff\xff\xff\x7f"
    )

    assert shown(fit.prepare(data)).size == (80, 60)


def test_preparing_twice_changes_next_to_nothing() -> None:
    """What was prepared once fits already."""
    once = fit.prepare(pictures.jpeg("coffee", (2000, 1500)))

    twice = fit.prepare(once.data)

    assert twice.notes == ()
    assert average_difference(shown(once), shown(twice)) < 1.5
