"""What is done to drawn pictures."""

from __future__ import annotations

import io
import random

import pytest
from PIL import Image

from core.media.item import Kind
from core.media.probe import sniff
from core.studio import pictures


def drawn(kind: str, side_px: int = 64, **options: object) -> bytes:
    noise = random.Random(1).randbytes(side_px * side_px * 3)
    target = io.BytesIO()
    Image.frombytes("RGB", (side_px, side_px), noise).save(target, kind, **options)
    return target.getvalue()


@pytest.mark.parametrize("kind", [Kind.JPEG, Kind.PNG])
def test_pictures_say_that_they_are_previews(kind: Kind) -> None:
    """A comment in the file says so, and the picture itself is unchanged."""
    data = drawn(kind.name)

    marked = pictures.marked(data, kind)

    with Image.open(io.BytesIO(marked)) as after, Image.open(io.BytesIO(data)) as before:
        said = {str(name).lower(): text for name, text in after.info.items()}["comment"]
        assert "local preview" in str(said)
        assert after.tobytes() == before.tobytes()


def test_jfif_header_stays_first() -> None:
    """The comment follows a JPEG's JFIF header, which some readers expect at the start."""
    marked = pictures.marked(drawn("JPEG"), Kind.JPEG)

    assert marked[:4] == b"\xff\xd8\xff\xe0"
    assert marked.index(b"\xff\xfe") < marked.index(b"\xff\xdb")


def test_jpeg_without_jfif_header() -> None:
    """Without such a header the comment is the first thing."""
    marked = pictures.marked(b"\xff\xd8\xff\xdb", Kind.JPEG)

    assert marked[:4] == b"\xff\xd8\xff\xfe"


def test_other_kinds_are_left_alone() -> None:
    """Of other kinds nothing is changed."""
    assert pictures.marked(b"RIFF", Kind.WEBP) == b"RIFF"


def test_small_copy_is_small() -> None:
    """Even of noise the small copy is a WebP with the long side cut down."""
    copy = pictures.small_copy(drawn("PNG", 1024))

    assert sniff(copy) is Kind.WEBP
    assert Image.open(io.BytesIO(copy)).size == (768, 768)


def test_small_copy_of_a_usual_picture_fits() -> None:
    """A picture that is no noise comes to at most 100 KB."""
    target = io.BytesIO()
    Image.radial_gradient("L").resize((1600, 676)).convert("RGB").save(target, "JPEG")

    assert len(pictures.small_copy(target.getvalue())) <= 100 * 1024
