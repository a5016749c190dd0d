"""Decider: what each parameter of the API's page takes, whatever the model."""

from __future__ import annotations

import math
import re
import unicodedata

from core.catalogue import sizes
from core.catalogue.model import Size
from core.errors import Problem

PROMPT_MAX = 4000
"""
Longest prompt and negative prompt, in characters after trimming.

Source: docs.qolaba.ai/api-platform/api-platform/image-generation; the older page names no limit.
"""
GUIDANCE_SCALE_MIN = 1.0
"""Source: docs.qolaba.ai/api-platform/image-to-image, parameter `guidance_scale`."""
GUIDANCE_SCALE_MAX = 30.0
"""Source: docs.qolaba.ai/api-platform/image-to-image, parameter `guidance_scale`."""
STRENGTH_MAX = 1.0
"""
At this strength the input is disregarded; every strength is greater than 0.

Source: docs.qolaba.ai/api-platform/image-to-image, parameter `strength`.
"""
BATCH_MAX = 8
"""Source: docs.qolaba.ai/api-platform/image-to-image, parameter `batch`: 1 to 8."""
INFERENCE_TYPES = ("a10g", "a100", "h100")
"""Source: docs.qolaba.ai/api-platform/image-to-image, parameter `inference_type`."""

_TEXT_ALLOWED = f"1 to {PROMPT_MAX} characters of text"
_BATCH_ALLOWED = f"a whole number from 1 to {BATCH_MAX}"
_STRENGTH_ALLOWED = "a number greater than 0 and at most 1, such as 0.6"
_GUIDANCE_ALLOWED = "a number from 1 to 30, such as 3.5"
_SIZE_ALLOWED = "WIDTHxHEIGHT in pixels, such as 1024x1024"

_NUMBER_CHARS_MAX = 40
_REAL = re.compile(r"[+-]?([0-9]+([.,][0-9]*)?|[.,][0-9]+)(e[+-]?[0-9]+)?", re.IGNORECASE)
_SHOWN_MAX = 40


def prompt(given: object, name: str = "prompt") -> str | Problem:
    """Return the text of a prompt, trimmed."""
    if not isinstance(given, str):
        return _unfit(name, given, _TEXT_ALLOWED)
    text = given.strip()
    categories = {unicodedata.category(char) for char in text}
    if len(text) > PROMPT_MAX:
        reason = f"is {len(text)} characters long"
    elif "\x00" in text or "Cs" in categories:
        reason = "has characters that are no text"
    elif all(category[0] in "CZ" for category in categories):
        reason = "has nothing in it to read"
    else:
        return text
    return Problem(parameter=name, reason=reason, allowed=_TEXT_ALLOWED)


def negative_prompt(given: object) -> str | Problem:
    """Return the text of a negative prompt, trimmed."""
    return prompt(given, "negative_prompt")


def batch(given: object) -> int | Problem:
    """Return how many pictures to make."""
    number = _whole(given)
    if number is None or not 1 <= number <= BATCH_MAX:
        return _unfit("batch", given, _BATCH_ALLOWED)
    return number


def strength(given: object) -> float | Problem:
    """Return how far to depart from the input."""
    number = _real(given)
    if number is None or not 0 < number <= STRENGTH_MAX:
        return _unfit("strength", given, _STRENGTH_ALLOWED)
    return number


def guidance_scale(given: object) -> float | Problem:
    """Return how closely to follow the prompt."""
    number = _real(given)
    if number is None or not GUIDANCE_SCALE_MIN <= number <= GUIDANCE_SCALE_MAX:
        return _unfit("guidance_scale", given, _GUIDANCE_ALLOWED)
    return number


def inference_type(given: object) -> str | Problem:
    """Return the kind of GPU to use."""
    if isinstance(given, str) and given.strip().lower() in INFERENCE_TYPES:
        return given.strip().lower()
    return _unfit("inference_type", given, f"one of {', '.join(INFERENCE_TYPES)}")


def celery(given: object) -> bool | Problem:
    """Return True: a task that is not queued cannot be followed."""
    if given is True or (isinstance(given, str) and given.strip().lower() == "true"):
        return True
    return _unfit("celery", given, "true; every task is queued")


def size(given: object) -> Size | Problem:
    """Return a size that is given as one value."""
    if isinstance(given, Size) and given.width_px > 0 and given.height_px > 0:
        return given
    return (sizes.parse(given) if isinstance(given, str) else None) or _unfit(
        "size", given, _SIZE_ALLOWED
    )


def width(given: object) -> int | Problem:
    """Return the width of a size that is given in two values, in pixels."""
    return _side("width", given)


def height(given: object) -> int | Problem:
    """Return the height of a size that is given in two values, in pixels."""
    return _side("height", given)


def shown(given: object) -> str:
    """Return what was given as one short line that is safe to print."""
    text = given if isinstance(given, str) else _written(given)
    cut = text if len(text) <= _SHOWN_MAX else f"{text[:_SHOWN_MAX]}…"
    return "".join(char if char.isprintable() else "?" for char in cut)


def _written(given: object) -> str:
    """Return a number as digits; one of thousands of digits is not worth writing out."""
    if isinstance(given, int) and abs(given) >= 10**_SHOWN_MAX:
        return "a very large number"
    return str(given) if isinstance(given, (int, float)) else f"a {type(given).__name__}"


def _unfit(name: str, given: object, allowed: str) -> Problem:
    return Problem(parameter=name, reason=f"“{shown(given)}” does not work", allowed=allowed)


def _side(name: str, given: object) -> int | Problem:
    number = _whole(given)
    if number is None or not 0 < number <= 10**5:
        return _unfit(name, given, "a whole number of pixels, such as 1024")
    return number


def _whole(given: object) -> int | None:
    if isinstance(given, int) and not isinstance(given, bool):
        return given
    number = _real(given)
    return int(number) if number is not None and number.is_integer() else None


def _real(given: object) -> float | None:
    """Return a finite number; text may have a decimal comma, but no digits of other scripts."""
    if isinstance(given, bool):
        return None
    if isinstance(given, str):
        text = given.strip()
        if len(text) > _NUMBER_CHARS_MAX or _REAL.fullmatch(text) is None:
            return None
        given = float(text.replace(",", "."))
    if not isinstance(given, (int, float)):
        return None
    try:
        number = float(given)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None
