"""Answers of the fake Slack, right ones and wrong ones, with the rule that tells of them."""

from __future__ import annotations

from tests.samples.slack_blocks import CHANNEL, FILE, TS, Json

Answer = str
"""The rule that tells of an answer, empty for a right one."""

ANSWERS: list[tuple[str, int, str | None, Answer]] = [
    ("chat.postMessage", 200, None, ""),
    ("chat.postMessage", 200, "not_in_channel", ""),
    ("chat.postMessage", 200, "invalid_auth", ""),
    ("chat.postMessage", 200, "msg_too_long", ""),
    ("chat.postMessage", 200, "trigger_expired", "answer error"),
    ("chat.postMessage", 200, "unknown_method", "answer error"),
    ("chat.postMessage", 429, "ratelimited", ""),
    ("chat.postMessage", 429, None, "answer status"),
    ("chat.postMessage", 200, "ratelimited", "answer status"),
    ("chat.postMessage", 404, "not_in_channel", "answer status"),
    ("chat.postMessage", 503, None, ""),
    ("chat.postMessage", 0, None, ""),
    ("views.open", 200, "expired_trigger_id", ""),
    ("views.open", 200, "message_not_found", "answer error"),
    ("chat.post", 200, "unknown_method", ""),
    ("chat.post", 200, "channel_not_found", "answer error"),
]

BODIES: list[tuple[str, Json, str]] = [
    ("chat.postMessage", {"channel": CHANNEL, "ts": TS}, ""),
    ("chat.postMessage", {"channel": CHANNEL, "ts": TS, "more": 1}, ""),
    ("chat.postMessage", {"channel": CHANNEL}, "the call"),
    ("chat.postMessage", {"channel": CHANNEL, "ts": 1.5}, "ts"),
    ("chat.postMessage", {"ok": False, "error": "not_in_channel"}, "ok"),
    ("chat.update", {"channel": CHANNEL, "ts": TS, "text": "x", "message": {"text": "x"}}, ""),
    ("chat.update", {"channel": CHANNEL, "ts": TS, "text": "x", "message": {}}, "message"),
    ("files.info", {"file": {"id": FILE}}, ""),
    ("files.info", {"file": {}}, "file"),
    ("files.delete", {}, ""),
    ("files.completeUploadExternal", {"files": [{"id": FILE, "title": None}]}, ""),
    ("files.completeUploadExternal", {"files": [{"id": "1"}]}, "files/0/id"),
]
"""Method, what is answered beside `ok`, and the place of the problem, empty for none."""
