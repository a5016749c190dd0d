"""
Decider: faults that the studio commits on demand, so that clients can be tested against it.

How the hosted API fails at its gateway is documented nowhere: these are the studio's own guesses,
and every answer that commits one says so in the header `X-Studio-Guess`.

A fault is written `name` or `name=number`. It is taken from the settings; when they allow it, from
the header `X-Studio-Fault` of a call, or from a word `fault:name=number` in a submit's prompt.

| name | what happens |
| --- | --- |
| `401` `402` `403` `404` `408` `500` | turned away unread, with a JSON body |
| `429` | the same, with `Retry-After` (the number in seconds, else 1) |
| `502` | an HTML page, as a proxy would send |
| `slow` | the answer comes the number of seconds later (else 1) |
| `cut` | accepted, then the connection is closed without an answer |
| `malformed` | accepted, and answered with JSON that breaks off |
| `no-task-id` | accepted, and answered without a task id |
| `pending` | accepted, and never carried out: PENDING for ever |
| `delay` | the task takes the number of seconds longer (else 1) |
| `filtered` | the number of pictures is withheld (else all) |
| `moderated` | the task fails as if a safety filter had refused it |
| `failed` | the task fails with a text of the model's provider |
| `time-limit` | the task fails as if it had run into the time limit |
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from enum import StrEnum

HEADER = "X-Studio-Fault"
"""Where a caller may ask for a fault."""
GUESS_HEADER = "X-Studio-Guess"
"""Marks answers whose shape no document describes."""

_NUMBER_MAX = 3600.0
_WRITTEN = re.compile(r"(?P<name>[a-z0-9-]+)(?:=(?P<number>[0-9]+(?:\.[0-9]+)?))?")
_IN_PROMPT = re.compile(r"(?:^|\s)fault:(?P<fault>[a-z0-9.=-]+)(?=\s|$)")


class FaultName(StrEnum):
    """What can go wrong on demand."""

    BAD_TOKEN = "401"  # noqa: S105 - a status code
    NO_CREDITS = "402"
    FORBIDDEN = "403"
    NOT_FOUND = "404"
    TIMEOUT = "408"
    TOO_MANY = "429"
    BROKEN = "500"
    PROXY_PAGE = "502"
    SLOW = "slow"
    CUT = "cut"
    MALFORMED = "malformed"
    NO_TASK_ID = "no-task-id"
    PENDING = "pending"
    DELAY = "delay"
    FILTERED = "filtered"
    MODERATED = "moderated"
    FAILED = "failed"
    TIME_LIMIT = "time-limit"


@dataclass(frozen=True, kw_only=True, slots=True)
class Fault:
    """One fault, and how much of it."""

    name: FaultName
    number: float | None = None

    def __str__(self) -> str:
        """Write the fault as `parse` reads it."""
        return self.name.value if self.number is None else f"{self.name}={self.number:g}"

    @property
    def status(self) -> int | None:
        """The HTTP status code that it answers with at once, or None."""
        return int(self.name.value) if self.name.value.isdecimal() else None

    @property
    def seconds(self) -> float:
        """How long it lasts, in seconds."""
        return 1.0 if self.number is None else self.number


def parse(text: str | None) -> Fault | None:
    """Return the fault that `text` names, or None when it names none."""
    found = _WRITTEN.fullmatch((text or "").strip().lower())
    if found is None or found["name"] not in {name.value for name in FaultName}:
        return None
    number = None if found["number"] is None else min(_NUMBER_MAX, float(found["number"]))
    return Fault(name=FaultName(found["name"]), number=number)


def in_prompt(prompt: str) -> Fault | None:
    """Return the first fault that a prompt asks for, or None."""
    asked = (parse(found["fault"]) for found in _IN_PROMPT.finditer(prompt))
    return next((fault for fault in asked if fault is not None), None)


def without_faults(prompt: str) -> str:
    """Return the prompt without the words that ask for faults."""
    return _IN_PROMPT.sub("", prompt).strip()


def withheld(fault: Fault | None, prompt: str, batch: int) -> int:
    """
    Return how many of a batch's pictures are withheld, as the API's own filter does.

    The word "copyrighted" in a prompt withholds every second picture, the first included.
    """
    if fault is not None and fault.name is FaultName.FILTERED:
        return batch if fault.number is None else min(batch, math.floor(fault.number))
    return (batch + 1) // 2 if re.search(r"\bcopyrighted\b", prompt, re.IGNORECASE) else 0


def is_moderated(fault: Fault | None, prompt: str) -> bool:
    """Whether a task is refused for its content; the word "nsfw" in a prompt does that."""
    asked = fault is not None and fault.name is FaultName.MODERATED
    return asked or re.search(r"\bnsfw\b", prompt, re.IGNORECASE) is not None
