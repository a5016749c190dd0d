"""Nothing that a user wrote is obeyed, and nothing is longer than there is room for."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from adapters.discord import markup
from tests.fakes.clock import START

OBEYED = re.compile(
    r"@everyone|@here|<@[!&]?\d|<#\d|</\w|<a?:\w|<t:\d|https?://|discord\.gg/|(?<!\\)[*_~`|\[<]"
)
"""What Discord's clients or its API would read as more than text."""


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a plain woodcut, at dusk (7:30 or 0.4)", "a plain woodcut, at dusk (7:30 or 0.4)"),
        ("**bold** _it_ ~~s~~ ||spoiler||", r"\*\*bold\*\* \_it\_ \~\~s\~\~ \|\|spoiler\|\|"),
        ("`code`", r"\`code\`"),
        ("# heading", r"\# heading"),
        ("-# small", r"\-# small"),
        ("> quote", r"\> quote"),
        ("- list - of", r"\- list - of"),
        ("12. item 3. x", r"12\. item 3. x"),
        ("[a](b)", r"\[a](b)"),
        ("a:b a: b 1.2 e.g", r"a\:b a: b 1.2 e\.g"),
        ("<@123> <@&4> <#5>", "\\<\\@\u2060123> \\<\\@\u2060&4> \\<#5>"),
        ("@everyone", "\\@\u2060everyone"),
        ("https://x.y/a_b", r"https\://x\.y/a\_b"),
        ("discord.gg/abc", r"discord\.gg/abc"),
        ("<t:1:R> <:e:1>", r"\<t\:1:R> \<\:e\:1>"),
        ("back\\slash", r"back\\slash"),
        ("one\n# two\r\n\tthree", "one # two three"),
        ("zero\u200bwidth \u202ertl \u2066x\u2069", "zerowidth rtl x"),
        ("bell\x07 \ud800half", "bell half"),
        ("👩‍🚀 ❤️", "👩‍🚀 ❤️"),
    ],
)
def test_text_shows_itself(text: str, shown: str) -> None:
    """Markup, mentions, links and times are escaped; what cannot be seen is left out."""
    assert markup.escaped(text) == shown


@given(st.text(alphabet="*_~`|<>#-+[]().:@!&/\\ \nahtps017e", max_size=60), st.integers(0, 60))
@example("<<@1", 60)
@example("@@everyone", 60)
def test_nothing_is_obeyed(text: str, limit: int) -> None:
    """Whatever is written and however it is cut, no markup is left standing."""
    shown = markup.escaped(text, limit)
    unescaped = re.sub(r"\\[^0-9A-Za-z\s]", "", shown)

    assert not OBEYED.search(unescaped)
    assert "\n" not in shown
    assert not re.search(r"(?<!\\)(?:\\\\)*\\$", shown)


@given(st.text(max_size=80), st.integers(0, 60))
def test_texts_keep_within_their_limit(text: str, limit: int) -> None:
    """Limits hold for escapes as well, and in the units in which Discord's clients count."""
    for cut in (markup.escaped, markup.shortened, markup.clipped):
        assert len(cut(text, limit).encode("utf-16-le", "surrogatepass")) // 2 <= limit


@given(st.text(alphabet="ab cd", max_size=30))
def test_text_that_fits_is_whole(text: str) -> None:
    """Nothing is cut off what has room."""
    assert markup.shortened(text, 30) == " ".join(text.split())
    assert markup.clipped(text, 30) == text


@pytest.mark.parametrize(("limit", "shown"), [(4, "abcd"), (3, "ab…"), (1, "…"), (0, "")])
def test_what_is_cut_says_so(limit: int, shown: str) -> None:
    """An ellipsis stands for what is left out."""
    assert markup.shortened("abcd", limit) == shown


@given(st.lists(st.text(alphabet="abc", max_size=20), max_size=8), st.integers(0, 100))
def test_lines_are_left_out_whole(lines: list[str], limit: int) -> None:
    """Of several lines those that fit are shown, and how many are not."""
    shown = markup.together(lines, limit)
    left_out = re.search(r"and (\d+) more", shown)

    assert len(shown) <= limit
    if len("\n".join(lines)) <= limit:
        assert shown == "\n".join(lines)
    elif left_out:
        assert shown.splitlines()[:-1] == lines[: len(lines) - int(left_out[1])]


def test_small_pieces() -> None:
    """Subtext, mentions, clocks and links are written as Discord reads them."""
    assert markup.small("x") == "-# x"
    assert markup.mention(7) == "<@7>"
    assert markup.ago(START) == f"<t:{int(START.timestamp())}:R>"


def test_link_ends_where_it_should() -> None:
    """Brackets and spaces in an address do not end the link; signatures stay as they are."""
    signed = "https://a.b/c?X-Sig=a%2Fb&y=1"

    assert markup.link("open", signed) == f"[open](<{signed}>)"
    assert markup.link("open", "https://a/b c)>d") == "[open](<https://a/b%20c%29%3Ed>)"
