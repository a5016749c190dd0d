"""What our adapter renders for Slack, put into the call that would carry it, to be judged."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from adapters.slack.blocks import Message
from tests.fakes.clock import START
from tests.fakes.slack_calls import Call
from tests.fakes.slack_legality import problems

Json = Mapping[str, Any]


def legal(message: Message) -> bool:
    """Whether Slack takes a message whichever way it goes; a failed assertion says why not."""
    where = {"channel": "C0123456789"}
    quiet = {"unfurl_links": False, "unfurl_media": False}
    calls: tuple[tuple[str, Json], ...] = (
        ("chat.postMessage", {**where, **quiet}),
        ("chat.update", {**where, "ts": "1700000000.000100"}),
        ("chat.postEphemeral", {**where, "user": "U0123456789"}),
        ("response_url", {}),
    )
    for method, more in calls:
        found = problems(_call(method, {**more, **message.fields}))
        assert not found, found
    return True


def opens(view: Json) -> bool:
    """Whether Slack takes a view, opened and updated."""
    for method, more in (
        ("views.open", {"trigger_id": "1.2.x"}),
        ("views.update", {"view_id": "V1"}),
    ):
        found = problems(_call(method, {**more, "view": view}))
        assert not found, found
    return True


def corrects(errors: Json) -> bool:
    """Whether Slack takes an acknowledgement that says what is wrong with a form."""
    receipt = {"response_action": "errors", "errors": dict(errors)}
    found = problems(_call("ack.view_submission", receipt))
    assert not found, found
    assert all(errors.values())
    return True


def comments(text: str) -> bool:
    """Whether Slack takes a comment to files that are shared."""
    arguments = {
        "files": [{"id": "F0123456789"}],
        "channel_id": "C0123456789",
        "thread_ts": "1700000000.000100",
        "initial_comment": text,
    }
    found = problems(_call("files.completeUploadExternal", arguments))
    assert not found, found
    return True


def uploads(name: str, alt: str | None) -> bool:
    """Whether Slack takes a file with this name and these words."""
    arguments = {"filename": name, "length": 1, **({} if alt is None else {"alt_txt": alt})}
    found = problems(_call("files.getUploadURLExternal", arguments))
    assert not found, found
    return True


def every(found: object) -> Iterator[Json]:
    """Go through all objects at any depth, in the order in which they are read."""
    if isinstance(found, Mapping):
        yield found
        for each in found.values():
            yield from every(each)
    elif isinstance(found, (list, tuple)):
        for each in found:
            yield from every(each)


def texts(blocks: object) -> list[str]:
    """Return everything that blocks say but for labels of buttons, a line for each piece."""
    return [
        each["text"]
        for each in every([block for block in _listed(blocks) if block["type"] != "actions"])
        if isinstance(each.get("text"), str)
    ]


def buttons(blocks: object) -> list[Json]:
    """Return the buttons."""
    return [each for each in every(blocks) if each.get("type") == "button"]


def labels(blocks: object) -> list[str]:
    """Return the words on the buttons."""
    return [each["text"]["text"] for each in buttons(blocks)]


def inputs(view: Json) -> dict[str, Json]:
    """Return the fields of a view, by the last word of their action's id."""
    found = [block for block in view["blocks"] if block["type"] == "input"]
    return {block["element"]["action_id"].rpartition(":")[2]: block for block in found}


def _listed(blocks: object) -> list[Json]:
    return list(blocks) if isinstance(blocks, (list, tuple)) else []


def _call(method: str, arguments: Json) -> Call:
    return Call(
        method=method, arguments=arguments, token="xoxb-1", status=200, error=None, at=START
    )
