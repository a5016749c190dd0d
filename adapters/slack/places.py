"""Decider: where things are in Slack: links to messages."""

from __future__ import annotations

from urllib.parse import urlencode


def message_link(
    workspace_url: str, channel_id: str, message_ts: str, *, thread_ts: str | None = None
) -> str:
    """
    Return the address that opens a message.

    `workspace_url` is what auth.test calls `url`. `thread_ts` is the first message of the thread
    that the message is a reply in.

    Source: docs.slack.dev/reference/methods/chat.getPermalink, which answers addresses like this.
    """
    address = f"{workspace_url.rstrip('/')}/archives/{channel_id}/p{message_ts.replace('.', '')}"
    if thread_ts in {None, message_ts}:
        return address
    return f"{address}?{urlencode({'thread_ts': thread_ts, 'cid': channel_id})}"
