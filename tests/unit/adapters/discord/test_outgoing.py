"""What discord.py is told of a message: who is pinged, which files stay, what it answers."""

from __future__ import annotations

from typing import Any

import pytest

from adapters.discord import outgoing
from adapters.discord.outgoing import Attached, Outgoing
from adapters.discord.private import private_view

FILE = Attached(name="a.png", data=b"12345")


def payload(params: Any) -> dict[str, Any]:
    assert params.multipart in ([], None)
    found: dict[str, Any] = params.payload
    return found


async def test_nobody_is_pinged_but_one() -> None:
    quiet = payload(outgoing.to_edit(Outgoing(view=private_view("x")), keep=None))
    assert quiet["allowed_mentions"] == {"parse": []}
    calling = Outgoing(view=private_view("x"), pings=7)
    posted = payload(outgoing.to_post(calling, nonce="n", reply_to=None))
    assert posted["allowed_mentions"] == {"parse": [], "users": [7]}


@pytest.mark.parametrize(("keep", "listed"), [((8, 9), [{"id": "8"}, {"id": "9"}]), ((), [])])
async def test_an_edit_lists_the_files_that_stay(
    keep: tuple[int, ...], listed: list[dict[str, str]]
) -> None:
    edit = payload(outgoing.to_edit(Outgoing(view=private_view("x")), keep=keep))
    assert edit["attachments"] == listed


async def test_an_edit_of_unknown_files_says_nothing_of_them() -> None:
    edit = payload(outgoing.to_edit(Outgoing(view=private_view("x")), keep=None))
    assert "attachments" not in edit


async def test_filling_without_files_leaves_none() -> None:
    assert payload(outgoing.to_fill(Outgoing(view=private_view("x"))))["attachments"] == []


async def test_filling_sends_each_file() -> None:
    message = Outgoing(view=private_view("x"), files=(FILE, FILE))
    assert message.size_bytes == 10
    with outgoing.to_fill(message) as params:
        assert [part["name"] for part in params.multipart or []] == [
            "payload_json",
            "files[0]",
            "files[1]",
        ]


async def test_a_reply_stands_without_what_it_replies_to() -> None:
    message = Outgoing(view=private_view("x"))
    posted = payload(outgoing.to_post(message, nonce="n", reply_to=5))
    assert posted["message_reference"] == {"message_id": "5", "fail_if_not_exists": False}
    assert (posted["nonce"], posted["enforce_nonce"]) == ("n", True)
