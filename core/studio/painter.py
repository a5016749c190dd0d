"""Decider: one picture of a task, from the bytes that came to the bytes that go."""

from __future__ import annotations

import hashlib
import io
import math
from dataclasses import dataclass

from PIL import Image

from core.media import fit
from core.media.item import Kind
from core.studio import lexicon, manner, vocabulary
from core.studio.lexicon import Reading
from core.studio.looks import palette
from core.studio.looks.pixels import (
    Pixels,
    clip,
    contrast,
    from_picture,
    gamma,
    grid,
    sample_between,
    saturate,
    to_picture,
)
from core.studio.looks.touch import Touch
from core.studio.staging import Wish

_SIDE_MAX_PX = 1536
"""Results without a requested size are no larger. Source: the API's page, row `image`."""
_CANVAS_PX = 1024 * 1024
"""Drawn at no more pixels than this, then enlarged: a second or two on two cores."""
_CANVAS_LEAST_PX = 64
"""Smaller sides are drawn enlarged, because strokes need room."""
_REFERENCE_PX = 256
_USUAL_GUIDANCE = 3.5
"""The guidance scale at which effects have their plain weight."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Painting:
    """One picture to be made."""

    model_id: str
    """The catalogue's name of the model; an unknown one draws like Flux Dev."""
    prompt: str
    negative_prompt: str | None = None
    images: tuple[bytes, ...]
    """The source first, then pictures whose colours are taken over."""
    strength: float | None = None
    """Greater than 0, at most 1; None takes what suits the model."""
    guidance_scale: float | None = None
    """1 to 30; presses the effect harder."""
    size: tuple[int, int] | None = None
    """Width and height in pixels; None keeps the source's, within 1536 px."""
    batch_index: int = 0
    """Which of a batch; each is seen a little differently."""
    seed: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Painted:
    """The picture that was made."""

    data: bytes
    kind: Kind
    width_px: int
    height_px: int
    understood: tuple[str, ...]
    """The phrases of the prompts that mattered."""
    ignored: tuple[str, ...]
    """The words of the prompts that are not in the lexicon."""


def paint(task: Painting) -> Painted:
    """
    Draw one picture; the same task gives the same bytes.

    Raises a MediaError when a picture cannot be used.
    """
    words = vocabulary.packaged()
    reading = lexicon.understand(task.prompt, task.negative_prompt, vocabulary=words)
    how = manner.MANNERS.get(task.model_id, manner.ANY_OTHER)
    source = fit.load_srgb(task.images[0], side_px=_SIDE_MAX_PX)
    width, height = task.size or _within(source.size)
    canvas = _canvas(source, width, height)
    wish = _wish(task, reading, how, canvas, dict(words.tones))
    drawing = how.draw(_varied_view(canvas, task, wish), wish)
    finished = _finished(drawing, task, wish)
    result = to_picture(finished).resize((width, height), Image.Resampling.LANCZOS)
    return Painted(
        data=_encoded(result, gives_png=how.gives_png),
        kind=Kind.PNG if how.gives_png else Kind.JPEG,
        width_px=width,
        height_px=height,
        understood=reading.understood,
        ignored=tuple(dict.fromkeys((*reading.ignored, *reading.disliked))),
    )


def _within(size: tuple[int, int]) -> tuple[int, int]:
    share = min(1.0, _SIDE_MAX_PX / max(size))
    return max(1, round(size[0] * share)), max(1, round(size[1] * share))


def _canvas(source: Image.Image, width: int, height: int) -> Pixels:
    """The source, cropped to the result's proportions, at the size it is drawn in."""
    share = min(1.0, math.sqrt(_CANVAS_PX / (width * height)))
    across = max(_CANVAS_LEAST_PX, round(width * share))
    down = max(_CANVAS_LEAST_PX, round(height * share))
    cropped = _cropped(source, width / height)
    return from_picture(cropped.resize((across, down), Image.Resampling.LANCZOS))


def _cropped(source: Image.Image, ratio: float) -> Image.Image:
    """As much as fits the proportions: the middle, a little more of the top than of the bottom."""
    width = min(source.width, max(1, round(source.height * ratio)))
    height = min(source.height, max(1, round(source.width / ratio)))
    left, top = (source.width - width) // 2, round((source.height - height) * 0.42)
    return source.crop((left, top, left + width, top + height))


def _wish(
    task: Painting, reading: Reading, how: manner.Manner, canvas: Pixels, tones: dict[str, str]
) -> Wish:
    digest = hashlib.sha256(task.images[0])
    digest.update(f"{task.model_id}/{task.batch_index}/{task.seed}".encode())
    area = canvas.shape[0] * canvas.shape[1]
    strength = how.strength if task.strength is None else min(1.0, max(0.01, task.strength))
    return Wish(
        reading=reading,
        touch=Touch(
            seed=int.from_bytes(digest.digest()[:8], "big"),
            gain=_gain(task.guidance_scale),
            scale=math.sqrt(area / (1024 * 683)),
        ),
        strength=strength,
        house_look=how.house_look,
        tones=tones,
    )


def _gain(guidance_scale: float | None) -> float:
    """From 0.7 at a guidance of 1 over 1.0 at 3.5 to about 1.5 at 30."""
    if guidance_scale is None:
        return 1.0
    return 1.0 + 0.235 * math.log(min(30.0, max(1.0, guidance_scale)) / _USUAL_GUIDANCE)


def _varied_view(a: Pixels, task: Painting, wish: Wish) -> Pixels:
    """Further pictures of a batch are seen from a little closer and to the side."""
    if task.batch_index == 0:
        return a
    rng = wish.touch.random("view")
    closer = 1.0 - float(rng.uniform(0.05, 0.13))
    rows, columns = grid(a.shape)
    room = (1.0 - closer) / 2
    y = rows * closer + a.shape[0] * room * float(rng.uniform(0.0, 2.0))
    x = columns * closer + a.shape[1] * room * float(rng.uniform(0.0, 2.0))
    return gamma(sample_between(a, y, x), float(rng.uniform(0.86, 1.16)))


def _finished(a: Pixels, task: Painting, wish: Wish) -> Pixels:
    gain = wish.touch.gain
    pressed = saturate(contrast(clip(a), 1.0 + 0.3 * (gain - 1.0)), 1.0 + 0.3 * (gain - 1.0))
    if task.batch_index:
        turn = float(wish.touch.random("turn").uniform(-0.02, 0.02))
        pressed = palette.turn_hue(pressed, turn)
    for extra in task.images[1:]:
        small = fit.load_srgb(extra, side_px=_REFERENCE_PX)
        share = (0.5 + 0.4 * wish.strength) / len(task.images[1:]) ** 0.5
        pressed = palette.take_over(pressed, from_picture(small), min(1.0, share))
    return pressed


def _encoded(picture: Image.Image, *, gives_png: bool) -> bytes:
    buffer = io.BytesIO()
    if gives_png:
        picture.save(buffer, "PNG", compress_level=4)
    else:
        picture.save(buffer, "JPEG", quality=92, subsampling=0)
    return buffer.getvalue()
