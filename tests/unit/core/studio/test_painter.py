"""What the eight models make of a real photograph, measured in mean absolute differences."""

from __future__ import annotations

import io
from functools import cache
from itertools import combinations, pairwise
from pathlib import Path

import numpy as np
import pytest
import skimage
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from core.errors import MediaError
from core.media.item import Kind
from core.studio.manner import MANNERS
from core.studio.painter import Painting, paint

MODELS = tuple(MANNERS)
PROMPTS = ("a woodcut of a harbour", "watercolour, golden hour", "make it night, add snow")
_PHOTOGRAPHS = Path(skimage.__file__).parent / "data"
_SIDE_PX = 256


@cache
def _photograph(name: str) -> bytes:
    with Image.open(_PHOTOGRAPHS / name) as opened:
        picture = opened.convert("RGB")
    picture.thumbnail((_SIDE_PX, _SIDE_PX))
    return _png(picture)


def _png(picture: Image.Image) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()


def _levels(data: bytes) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    with Image.open(io.BytesIO(data)) as opened:
        return np.asarray(opened.convert("RGB"), dtype=np.float32)


def _apart(one: bytes, other: bytes) -> float:
    """Mean absolute difference of two pictures of one size, in levels of 255."""
    return float(np.abs(_levels(one) - _levels(other)).mean())


@cache
def _painted(  # one picture, remembered, because many tests look at the same ones
    model_id: str = "flux-dev",
    prompt: str = PROMPTS[0],
    negative_prompt: str = "",
    *,
    strength: float | None = None,
    guidance_scale: float | None = None,
    size: tuple[int, int] | None = None,
    batch_index: int = 0,
    extra: str | None = None,
    photograph: str = "chelsea.png",
) -> bytes:
    images = (_photograph(photograph), *([_photograph(extra)] if extra else []))
    return paint(
        Painting(
            model_id=model_id,
            prompt=prompt,
            negative_prompt=negative_prompt,
            images=images,
            strength=strength,
            guidance_scale=guidance_scale,
            size=size,
            batch_index=batch_index,
        )
    ).data


@pytest.mark.parametrize("model_id", MODELS)
@pytest.mark.parametrize("prompt", PROMPTS)
def test_paint_differs_from_the_source(model_id: str, prompt: str) -> None:
    """Each result is far from the source, but no plain area either."""
    data = _painted(model_id, prompt)

    assert _apart(data, _photograph("chelsea.png")) > 12
    assert float(_levels(data).std()) > 15


@pytest.mark.parametrize("prompt", PROMPTS)
def test_paint_differs_between_models(prompt: str) -> None:
    """No two of the eight models make the same of one prompt."""
    nearest = min(
        _apart(_painted(one, prompt), _painted(other, prompt))
        for one, other in combinations(MODELS, 2)
    )

    assert nearest > 5


@pytest.mark.parametrize("model_id", MODELS)
def test_paint_differs_between_prompts(model_id: str) -> None:
    """No two prompts come out alike."""
    nearest = min(
        _apart(_painted(model_id, one), _painted(model_id, other))
        for one, other in combinations(PROMPTS, 2)
    )

    assert nearest > 12


@pytest.mark.parametrize("prompt", PROMPTS)
def test_flux_dev_departs_further_with_strength(prompt: str) -> None:
    """The difference from the source grows with every step of strength."""
    steps = [
        _apart(_painted("flux-dev", prompt, strength=s), _photograph("chelsea.png"))
        for s in (0.05, 0.2, 0.4, 0.6, 0.8, 1.0)
    ]

    assert all(later > earlier + 2 for earlier, later in pairwise(steps))


@pytest.mark.parametrize("model_id", MODELS)
def test_paint_reads_strength_for_every_model(model_id: str) -> None:
    """A high strength leaves the source further behind than a low one."""
    low, high = (_painted(model_id, PROMPTS[1], strength=s) for s in (0.15, 1.0))
    source = _photograph("chelsea.png")
    if model_id != "flux-redux":  # it turns the picture round, so that it is far away in any case
        assert _apart(high, source) > _apart(low, source) + 3

    assert _apart(low, high) > 6


@pytest.mark.parametrize("model_id", MODELS)
def test_paint_reads_guidance_for_every_model(model_id: str) -> None:
    """Guidance presses the effect harder."""
    low, high = (_painted(model_id, PROMPTS[1], guidance_scale=g) for g in (1.0, 20.0))

    assert _apart(low, high) > 4


@pytest.mark.parametrize("model_id", MODELS)
@pytest.mark.parametrize(
    ("negative_prompt", "least"), [("golden hour", 3.0), ("orange", 1.0), ("zorblax", 1.0)]
)
def test_paint_reads_the_negative_prompt_for_every_model(
    model_id: str, negative_prompt: str, least: float
) -> None:
    """What is unwanted is missing; a colour is drained; even an unknown word tells."""
    plain, refused = (_painted(model_id, PROMPTS[1], n) for n in ("", negative_prompt))

    assert _apart(plain, refused) > least


def test_negative_prompt_removes_what_it_names() -> None:
    """A prompt with a mood that is refused is about the prompt without it."""
    without = _painted("flux-dev", "watercolour")
    refused = _painted("flux-dev", "watercolour, night", "night")
    with_it = _painted("flux-dev", "watercolour, night")

    assert _apart(refused, without) < 0.5 * _apart(with_it, without)


@pytest.mark.parametrize("model_id", MODELS)
def test_paint_varies_within_a_batch(model_id: str) -> None:
    """Pictures of one batch are seen differently, and are nearer to each other than styles are."""
    batch = [_painted(model_id, PROMPTS[0], batch_index=i) for i in range(4)]

    assert min(_apart(one, other) for one, other in combinations(batch, 2)) > 5


@pytest.mark.parametrize("model_id", MODELS)
def test_paint_takes_over_the_colours_of_an_extra_picture(model_id: str) -> None:
    """A second picture moves the mean colour of the result towards its own."""
    plain = _painted(model_id, PROMPTS[1])
    led = _painted(model_id, PROMPTS[1], extra="rocket.jpg")
    wanted = _levels(_photograph("rocket.jpg")).mean(axis=(0, 1))
    before, after = (
        float(np.abs(_levels(data).mean(axis=(0, 1)) - wanted).mean()) for data in (plain, led)
    )

    assert after < 0.8 * before


@pytest.mark.parametrize("model_id", MODELS)
@pytest.mark.parametrize("size", [(320, 480), (300, 131), (256, 256)])
def test_paint_gives_exactly_the_requested_size(model_id: str, size: tuple[int, int]) -> None:
    """Width and height are those asked for, to the pixel."""
    with Image.open(io.BytesIO(_painted(model_id, size=size))) as picture:
        assert picture.size == size


def test_paint_keeps_the_sources_size_when_none_is_asked_for() -> None:
    """Without a size the source's is kept, but within 1536 px."""
    wide = _png(Image.new("RGB", (3000, 40), "teal"))
    small = _png(Image.new("RGB", (123, 77), "teal"))
    results = [
        paint(Painting(model_id="flux-dev", prompt="ink", images=(data,))) for data in (wide, small)
    ]

    assert [(r.width_px, r.height_px) for r in results] == [(1536, 20), (123, 77)]


@pytest.mark.parametrize("model_id", MODELS)
def test_paint_says_honestly_what_it_made(model_id: str) -> None:
    """PNG from GPT Image, JPEG from the others, and the value says which."""
    done = paint(Painting(model_id=model_id, prompt="oil", images=(_photograph("coffee.png"),)))
    with Image.open(io.BytesIO(done.data)) as picture:
        found = (Kind.PNG if picture.format == "PNG" else Kind.JPEG, *picture.size)

    assert found == (done.kind, done.width_px, done.height_px)
    assert done.kind is (Kind.PNG if model_id == "gpt-image" else Kind.JPEG)


@pytest.mark.parametrize("model_id", MODELS)
def test_paint_gives_the_same_bytes_for_the_same_task(model_id: str) -> None:
    """A task is its result: nothing else goes in."""
    task = Painting(
        model_id=model_id, prompt=PROMPTS[0], images=(_photograph("coffee.png"),), batch_index=2
    )

    assert paint(task) == paint(task)


def test_paint_varies_with_words_that_mean_nothing() -> None:
    """Unknown words are reported as ignored, and yet each changes the picture, always alike."""
    words = ("zorblax", "frobnicate", "quuxly")
    pictures = [_painted("flux-dev", word) for word in words]
    ignored = [
        paint(Painting(model_id="flux-dev", prompt=w, images=(_photograph("chelsea.png"),))).ignored
        for w in words
    ]

    assert min(_apart(one, other) for one, other in combinations(pictures, 2)) > 4
    assert ignored == [(word,) for word in words]


def test_paint_recolours_what_is_named() -> None:
    """The orange suit turns blue; the pale background keeps its colour."""
    after = _levels(
        _painted("flux-kontext-max", "make the orange suit blue", photograph="astronaut.png")
    )
    before = _levels(_photograph("astronaut.png"))
    orange = (before[..., 0] > 170) & (before[..., 2] < 90)
    pale = before.min(axis=2) > 170

    assert after[orange][:, 2].mean() > after[orange][:, 0].mean() + 20
    assert np.abs(after[pale] - before[pale]).mean() < 12


def test_paint_keeps_one_colour() -> None:
    """Black and white but for the red: what was red is, what was blue is grey."""
    after = _levels(
        _painted("flux-kontext-max", "black and white except red", photograph="coffee.png")
    )
    before = _levels(_photograph("coffee.png"))
    red = (before[..., 0] > 130) & (before[..., 1] < 50)
    chroma = after.max(axis=2) - after.min(axis=2)
    pale = (before.max(axis=2) - before.min(axis=2) < 30) & (before.max(axis=2) > 120)

    assert chroma[red].mean() > 60
    assert chroma[pale].mean() < 25


def test_pulid_preserves_the_middle() -> None:
    """The middle stays nearer to the source than what is around it."""
    away = np.abs(
        _levels(_painted("flux-pulid", "mosaic", photograph="astronaut.png"))
        - _levels(_photograph("astronaut.png"))
    ).mean(axis=2)
    height, width = away.shape
    middle = away[height // 3 : height * 6 // 10, width * 2 // 5 : width * 3 // 5]

    assert middle.mean() < 0.7 * away[:, : width // 6].mean()


def test_gpt_image_minds_the_order() -> None:
    """The same two edits in another order give another picture."""
    one, other = (_painted("gpt-image", p) for p in ("pixel art, fog", "fog, pixel art"))

    assert _apart(one, other) > 3


@pytest.mark.parametrize("data", [b"", b"no picture", b"\xff\xd8\xff\xe0" + b"\0" * 64])
def test_paint_refuses_what_is_no_picture(data: bytes) -> None:
    """Bytes that cannot be decoded end in a media error."""
    with pytest.raises(MediaError):
        paint(Painting(model_id="flux-dev", prompt="ink", images=(data,)))


@pytest.mark.slow
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    model_id=st.sampled_from((*MODELS, "an-operators-own")),
    width=st.integers(1, 48),
    height=st.integers(1, 48),
    shade=st.sampled_from(["black", "white", "grey", "red", "noise"]),
    prompt=st.one_of(
        st.text(min_size=1, max_size=30),
        st.sampled_from(["mosaic in space, snow", "stained glass", "low poly city", "storm, ink"]),
    ),
    strength=st.floats(0.001, 1.0),
    guidance_scale=st.floats(1.0, 30.0),
    batch_index=st.integers(0, 7),
)
def test_paint_holds_for_anything(
    *,
    model_id: str,
    width: int,
    height: int,
    shade: str,
    prompt: str,
    strength: float,
    guidance_scale: float,
    batch_index: int,
) -> None:
    """Tiny, flat, black and noisy pictures with any prompt come out whole and without a warning."""
    if shade == "noise":
        noise = np.random.default_rng(width).integers(0, 256, (height, width, 3), dtype=np.uint8)
        picture = Image.fromarray(noise)
    else:
        picture = Image.new("RGB", (width, height), shade)
    done = paint(
        Painting(
            model_id=model_id,
            prompt=prompt,
            images=(_png(picture),),
            strength=strength,
            guidance_scale=guidance_scale,
            batch_index=batch_index,
        )
    )

    assert _levels(done.data).shape == (height, width, 3)


@pytest.mark.parametrize("shape", [(1, 1), (1, 3000), (3000, 1), (16, 16)])
@pytest.mark.parametrize("mode", ["L", "RGBA", "P", "1"])
def test_paint_holds_for_odd_shapes_and_modes(shape: tuple[int, int], mode: str) -> None:
    """One pixel, a line of three thousand, grey, transparent and indexed pictures are drawn."""
    picture = Image.linear_gradient("L").resize(shape).convert("RGB").convert(mode)
    done = paint(Painting(model_id="flux-canny", prompt="neon city", images=(_png(picture),)))

    assert max(done.width_px, done.height_px) == min(1536, max(shape))
