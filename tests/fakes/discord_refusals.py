"""What the fake Discord says no with: its codes, their status and words, and form errors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

KNOWN: Mapping[int, tuple[int, str]] = {
    10002: (404, "Unknown Application"),
    10003: (404, "Unknown Channel"),
    10004: (404, "Unknown Guild"),
    10007: (404, "Unknown Member"),
    10008: (404, "Unknown Message"),
    10013: (404, "Unknown User"),
    10015: (404, "Unknown Webhook"),
    10062: (404, "Unknown interaction"),
    10063: (404, "Unknown application command"),
    30046: (429, "Maximum number of edits to messages older than 1 hour reached. Try again later"),
    40005: (413, "Request entity too large"),
    40060: (400, "Interaction has already been acknowledged."),
    40094: (400, "This interaction has reached the maximum number of follow up messages"),
    50001: (403, "Missing Access"),
    50005: (403, "Cannot edit a message authored by another user"),
    50006: (400, "Cannot send an empty message"),
    50007: (403, "Cannot send messages to this user"),
    50008: (400, "Cannot send messages in a non-text channel"),
    50013: (403, "Missing Permissions"),
    50024: (400, "Cannot execute action on this channel type"),
    50027: (401, "Invalid Webhook Token"),
    50033: (400, "Invalid Recipient(s)"),
    50083: (400, "Thread is archived"),
    50109: (400, "The request body contains invalid JSON."),
    160002: (403, "Cannot reply without permission to read message history"),
    160004: (400, "A thread has already been created for this message"),
    160005: (403, "Thread is locked"),
    160006: (400, "Maximum number of active threads reached"),
}
"""Status and words by code. Source: Discord, topics/opcodes-and-status-codes (JSON error codes)."""

VIA = {"Via": "1.1 google"}
"""What Discord's own 429 carries and a ban by Cloudflare does not."""


class Refused(Exception):
    """An answer that is no success: status, code, words and what else the body holds."""

    def __init__(
        self,
        status: int,
        code: int,
        message: str,
        *,
        headers: Mapping[str, str] | None = None,
        **more: object,
    ) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.code = code
        self.headers = dict(headers or {})
        self.body: dict[str, Any] = {"message": message, "code": code, **more}


def refusal(code: int, *, retry_after_s: float | None = None) -> Refused:
    """Return the refusal with this code; a 429 says when to come back."""
    status, message = KNOWN[code]
    if status == 429:
        more = {"retry_after": 0.5 if retry_after_s is None else retry_after_s, "global": False}
        return Refused(status, code, message, headers=VIA, **more)
    return Refused(status, code, message)


def too_many(retry_after_s: float, *, everywhere: bool = False, via: bool = True) -> Refused:
    """Return a 429: Discord's for the route or for `everywhere`, or Cloudflare's without `via`."""
    headers = {
        "Retry-After": f"{retry_after_s:.3f}",
        "X-RateLimit-Scope": "global" if everywhere else "user",
        **(VIA if via else {}),
        **({"X-RateLimit-Global": "true"} if everywhere else {}),
    }
    more = {"retry_after": retry_after_s, "global": everywhere}
    return Refused(429, 0, "You are being rate limited.", headers=headers, **more)


class Form:
    """Collects what is wrong with a body, by path, and refuses it all at once with 50035."""

    def __init__(self) -> None:
        self._errors: dict[str, Any] = {}

    def wrong(self, path: str, code: str, message: str) -> None:
        """Note that the field at `path` (`components.0.custom_id`) is wrong."""
        node = self._errors
        for part in path.split("."):
            node = node.setdefault(part, {})
        node.setdefault("_errors", []).append({"code": code, "message": message})

    def length(self, path: str, value: object, least: int, most: int) -> None:
        """Note a string or a list that is shorter than `least` or longer than `most`."""
        if isinstance(value, str | list) and not least <= len(value) <= most:
            text = f"Must be between {least} and {most} in length."
            self.wrong(path, "BASE_TYPE_BAD_LENGTH", text)

    def required(self, path: str, body: Mapping[str, Any], key: str) -> None:
        """Note that `key` is missing or null in `body`."""
        if body.get(key) is None:
            where = f"{path}.{key}" if path else key
            self.wrong(where, "BASE_TYPE_REQUIRED", "This field is required")

    def check(self) -> None:
        """Refuse when anything was noted."""
        if self._errors:
            raise Refused(400, 50035, "Invalid Form Body", errors=_innermost(self._errors))


def _innermost(node: dict[str, Any]) -> dict[str, Any]:
    """Leave out what is said of a whole when something is said of its parts, as Discord does."""
    inner = {key: _innermost(value) for key, value in node.items() if key != "_errors"}
    return inner or node
