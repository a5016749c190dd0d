"""Links to messages, as Slack's own method would write them."""

from __future__ import annotations

import pytest

from adapters.slack.places import message_link

HOME = "https://redraw.slack.com/"


@pytest.mark.parametrize(
    ("thread_ts", "link"),
    [
        (None, "https://redraw.slack.com/archives/C1/p1700000000000100"),
        ("1700000000.000100", "https://redraw.slack.com/archives/C1/p1700000000000100"),
        (
            "1600000000.000200",
            (
                "https://redraw.slack.com/archives/C1/p1700000000000100"
                "?thread_ts=1600000000.000200&cid=C1"
            ),
        ),
    ],
)
def test_link_leads_to_the_message(thread_ts: str | None, link: str) -> None:
    """In the channel, as the first of a thread, and within one."""
    assert message_link(HOME, "C1", "1700000000.000100", thread_ts=thread_ts) == link
