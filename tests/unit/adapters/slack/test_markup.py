"""Markup: users' text shows itself, and Slack's text reads as it was typed."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.slack import markup
from tests.fakes.slack_mrkdwn import mrkdwn_problems

HOSTILE = "<!channel> <@U1> <https://evil.example|Slack> *b* _i_ ~s~ `c` @here #x :tada: &lt;"
lines = st.one_of(st.text(), st.text(alphabet="<>&*_~`@#:!| ab\n\u202e\u200b👩"), st.just(HOSTILE))


def written(text: str) -> str:
    """Return what Slack sends for text that somebody typed."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


@settings(deadline=None)
@given(lines, st.integers(1, 200))
def test_escaped_text_calls_nobody_and_links_nothing(text: str, limit: int) -> None:
    """No bracket is left that Slack would obey, and no entity is cut in two."""
    shown = markup.escaped(text, limit)

    assert not re.search("[<>]", shown)
    assert not list(mrkdwn_problems(shown, ()))
    assert "&" not in re.sub("&(amp|lt|gt);", "", shown)
    assert markup.length(shown) <= limit
    assert "\n" not in shown
    assert not re.search(r"[*_~`@#:](?!\u2060)", shown)


@settings(deadline=None)
@given(lines)
def test_what_is_escaped_reads_as_it_was(text: str) -> None:
    """But for invisible marks, whole text is what it was."""
    shown = markup.escaped(text, 10**6).replace("\u2060", "")

    assert markup.unescaped(shown) == markup.plain(text).replace("\u2060", "")


@settings(deadline=None)
@given(lines)
def test_typed_text_is_read_as_typed(text: str) -> None:
    """Slack escapes three letters, once; they come back, once."""
    assert markup.unescaped(written(text)) == text


@pytest.mark.parametrize(
    ("told", "typed"),
    [
        ("<@U1|ada>", "@ada"),
        ("<@U1>", "@U1"),
        ("<#C1|general>", "#general"),
        ("<#C1|>", "#C1"),
        ("<!here>", "@here"),
        ("<!channel|channel>", "channel"),
        ("<!subteam^S1|@team>", "@team"),
        ("<!subteam^S1>", "@subteam"),
        ("<!date^1^{date}|today>", "today"),
        ("<https://a.example/?x=1&amp;y=2>", "https://a.example/?x=1&y=2"),
        ("<http://a.example|a.example>", "a.example"),
        ("<mailto:a@b.example|a@b.example>", "a@b.example"),
        ("<mailto:a@b.example>", "a@b.example"),
        (":tada: &lt;b&gt; &amp;lt;", ":tada: <b> &lt;"),
    ],
)
def test_pieces_of_slacks_read_as_what_was_seen(told: str, typed: str) -> None:
    """Names, places, links and dates are the words that were in their place."""
    assert markup.unescaped(told) == typed


def test_only_the_first_mention_of_the_bot_is_left_out() -> None:
    """It was called by that one; any other is part of what was said."""
    assert markup.unescaped("<@UBOT> draw <@UBOT> <@U1>", without="UBOT") == "  draw @UBOT @U1"


def test_links_cannot_be_broken_out_of() -> None:
    """Whatever is in an address, it ends where it ends."""
    assert markup.link("https://a.example/?x=1&y=<2>|z") == (
        "<https://a.example/?x=1&amp;y=%3C2%3E%7Cz>"
    )
    assert markup.link("https://t.slack.com/archives/C1/p1", "Result") == (
        "<https://t.slack.com/archives/C1/p1|Result>"
    )


def test_instants_are_left_to_the_client() -> None:
    """With words for a client that cannot tell the time."""
    assert markup.ago(datetime(2026, 1, 2, 3, 4, tzinfo=UTC)) == (
        "<!date^1767323040^{ago}|2026-01-02 03:04 UTC>"
    )


@settings(deadline=None)
@given(st.lists(st.text(max_size=20), max_size=20), st.integers(1, 100))
def test_lines_that_do_not_fit_are_counted(given_lines: list[str], limit: int) -> None:
    """What is shown together never takes more than its room."""
    assert markup.length(markup.together(given_lines, limit)) <= limit


def test_left_out_lines_are_said() -> None:
    """Nothing is left out in silence."""
    assert markup.together(["a" * 10, "b" * 10, "c" * 10], 25) == "aaaaaaaaaa\n… and 2 more"
