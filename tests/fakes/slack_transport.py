"""How an act reaches the bot and what comes back, whichever way it goes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from tests.fakes.slack_acts import Act
from tests.fakes.slack_values import Json


@dataclass(frozen=True, kw_only=True)
class Reply:
    """An acknowledgement in time; `body` is its payload, empty for none."""

    body: Json = field(default_factory=dict)


class Undelivered(Exception):
    """There is no acknowledgement, for the reason told."""


class Transport(Protocol):
    """Socket Mode or signed HTTP."""

    async def deliver(self, act: Act) -> Reply:
        """Take an act to the bot and return its acknowledgement; `Undelivered` without one."""
        ...


def of_text(text: str) -> Json:
    """Return an acknowledgement that came as bare text."""
    return {"text": text} if text else {}
