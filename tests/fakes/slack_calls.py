"""One Web API call as the fake Slack took it: what a test counts and what legality is judged by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, kw_only=True)
class Call:
    """
    One call of a Web API method, whatever became of it.

    `method` is the method's name ("chat.postMessage"); what the bot says without a method is kept
    in the same form apart from the calls: "response_url" for a post to one, and "ack.<kind>" for
    the payload of an acknowledgement (`ack.slash_commands`, `ack.view_submission`).

    `arguments` are those of the query, the form and the JSON body together, without `token`;
    `blocks`, `view`, `metadata`, `files`, `attachments`, `channels` and `users` that came as JSON
    text are decoded, and texts from a query or a form stay texts ("true", "50"). `token` is what
    the call was authorised with, None without. `status` is what was answered, 0 when the connection
    was dropped instead. `error` is the error of the answer, None for `ok: true`. `at` is when the
    call arrived, by the fake's clock.
    """

    method: str
    arguments: Mapping[str, object]
    token: str | None = field(repr=False)
    status: int
    error: str | None
    at: datetime

    @property
    def ok(self) -> bool:
        """Whether the call was answered with `ok: true`."""
        return self.status == 200 and self.error is None
