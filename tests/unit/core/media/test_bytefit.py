"""Pictures within a limit of bytes."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from core.errors import TooLarge, WrongType
from core.media.bytefit import fit_bytes
from core.media.item import Kind
from tests.fakes import pictures


def noisy(size: tuple[int, int]) -> Image.Image:
    """A photograph with grain, which is what packs badly."""
    grain = np.random.default_rng(7).integers(-25, 25, (size[1], size[0], 1))
    photo = np.asarray(pictures.photo("coffee", size), dtype=int) + grain
    return Image.fromarray(photo.clip(0, 255).astype(np.uint8))


def test_what_fits_is_left_alone() -> None:
    """A picture within the limit is handed on byte for byte."""
    data = pictures.encoded(pictures.photo(), "PNG")

    fitted = fit_bytes(data, len(data))

    assert (fitted.data, fitted.kind, fitted.notes) == (data, Kind.PNG, ())
    assert (fitted.width_px, fitted.height_px) == (512, 512)


def test_a_kind_that_is_not_shown_is_converted() -> None:
    """A picture that fits but is of a kind the place does not show becomes a JPEG."""
    fitted = fit_bytes(pictures.encoded(pictures.photo(), "HEIF"), 10_000_000)

    assert (fitted.kind, fitted.width_px) == (Kind.JPEG, 512)


@pytest.mark.parametrize("limit_bytes", [800_000, 300_000, 120_000, 40_000])
def test_the_limit_is_kept_and_used(limit_bytes: int) -> None:
    """The result is within the limit and does not waste most of it."""
    data = pictures.encoded(noisy((1536, 1024)), "PNG")

    fitted = fit_bytes(data, limit_bytes)

    image = Image.open(io.BytesIO(fitted.data))
    assert limit_bytes * 0.5 < len(fitted.data) <= limit_bytes
    assert image.size == (fitted.width_px, fitted.height_px)
    assert image.width / image.height == pytest.approx(1.5, abs=0.01)
    assert fitted.notes[0].startswith("Re-encoded at quality ")


def test_quality_goes_before_pixels() -> None:
    """Pixels are given up only when quality alone does not do."""
    data = pictures.encoded(noisy((1024, 768)), "PNG")

    assert fit_bytes(data, 400_000).width_px == 1024
    assert fit_bytes(data, 60_000).width_px < 1024


def test_what_cannot_fit_is_too_large() -> None:
    """A picture is not made unrecognisable to fit."""
    with pytest.raises(TooLarge) as caught:
        fit_bytes(pictures.encoded(noisy((800, 600)), "PNG"), 2000)

    assert (caught.value.limit, caught.value.unit) == (2000, "bytes")


@pytest.mark.parametrize("limit_bytes", [0, -1])
def test_nothing_fits_where_there_is_no_room(limit_bytes: int) -> None:
    """A limit that something else has used up is a limit like any other."""
    with pytest.raises(TooLarge):
        fit_bytes(pictures.jpeg(), limit_bytes)


def test_metadata_stays_behind_when_something_is_changed() -> None:
    """Re-encoding leaves the place a picture was taken behind."""
    data = pictures.encoded(noisy((800, 600)), quality=98, exif=pictures.exif(gps=True))

    assert b"SECRETCAMERA" not in fit_bytes(data, 100_000).data


def test_what_is_no_picture_is_refused() -> None:
    """A web page does not fit anywhere."""
    with pytest.raises(WrongType):
        fit_bytes(b"<html></html>", 1000)
