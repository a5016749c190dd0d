"""What the fake Slack refuses with: an error of the Web API, as its documents name it."""

from __future__ import annotations

import math
from collections.abc import Mapping

from tests.fakes.slack_values import Json


class Refused(Exception):
    """A call that is not done; `more` goes with the error into the body of the answer."""

    def __init__(
        self,
        error: str,
        *,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        more: Json | None = None,
    ) -> None:
        super().__init__(error)
        self.error = error
        self.status = status
        self.headers = dict(headers or {})
        self.more = more or {}

    @property
    def body(self) -> Json:
        """The body of the answer."""
        return {"ok": False, "error": self.error, **self.more}


def too_many(wait_s: float) -> Refused:
    """Return a refusal for too many calls; whole seconds, as Slack says them."""
    headers = {"Retry-After": str(max(math.ceil(wait_s), 1))}
    return Refused("ratelimited", status=429, headers=headers)


def missing_scope(needed: str, provided: str) -> Refused:
    """Return a refusal for a token that may not call this."""
    return Refused("missing_scope", more={"needed": needed, "provided": provided})


def invalid(error: str, *words: str) -> Refused:
    """Return a refusal with its reasons, as for arguments, blocks and views."""
    return Refused(error, more={"response_metadata": {"messages": [f"[ERROR] {w}" for w in words]}})
