"""What a file may be said to be, and still be taken for a picture."""

from __future__ import annotations

import pytest

from adapters import candidates
from adapters.candidates import INPUT_MAX_BYTES
from core.errors import Problem


def judged(
    filename: str = "a.png", size_bytes: int | None = 1, content_type: str | None = "image/png"
) -> Problem | None:
    return candidates.problem(
        parameter="image2", filename=filename, size_bytes=size_bytes, content_type=content_type
    )


@pytest.mark.parametrize(
    ("filename", "content_type"),
    [
        ("a.bin", "image/png"),
        ("a", None),
        ("a", "application/octet-stream"),
        ("A.HEIC", "application/pdf"),
        ("a.pdf", "Image/PNG; charset=binary"),
    ],
)
def test_what_may_be_a_picture_is_left_to_its_bytes(
    filename: str, content_type: str | None
) -> None:
    assert judged(filename, content_type=content_type) is None


@pytest.mark.parametrize("filename", ["a.pdf", "a", "png"])
def test_what_is_clearly_none_is_named(filename: str) -> None:
    found = judged(filename, content_type="application/pdf")
    assert found is not None
    assert (found.parameter, found.reason) == ("image2", "that is no picture")


def test_what_is_too_large_is_never_said_to_be_as_large_as_the_limit() -> None:
    assert judged(size_bytes=INPUT_MAX_BYTES) is None
    assert judged(size_bytes=None) is None
    found = judged(size_bytes=INPUT_MAX_BYTES + 1)
    assert found is not None
    assert found.reason == "the picture is too large: 32.1 MiB"
    assert found.allowed == "at most 32 MiB"
