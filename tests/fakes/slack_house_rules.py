"""What we ask of our own calls to Slack: the bot's token, nobody pinged, nothing made public."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from tests.fakes.problem import Path, Problem, mapping
from tests.fakes.slack_calls import Call
from tests.fakes.slack_mrkdwn import found_problems, mrkdwn_problems

APP_TOKEN = ("apps.connections.open",)
PUBLIC = ("files.sharedPublicURL",)
UNFURLED = ("chat.postMessage",)
OFF = (False, "false", "0")
OPAQUE = re.compile(r"[\w:.-]{1,64}")
"""What every member may read in metadata: an id, no words."""


def house_problems(call: Call) -> Iterator[Problem]:
    """Go through what a call does that ours never do."""
    for rule in (_token, _public, _unfurling, _broadcast, _private, _links):
        yield from rule(call)
    yield from content_problems(call.arguments)


def content_problems(fields: Mapping[str, object]) -> Iterator[Problem]:
    """Go through what the words of a message or a view do that ours never do."""
    if fields.get("mrkdwn") not in OFF:
        yield from mrkdwn_problems(fields.get("text"), ("text",))
    yield from mrkdwn_problems(fields.get("initial_comment"), ("initial_comment",))
    for key in ("blocks", "view", "attachments"):
        yield from found_problems(fields.get(key), (key,))


def _problem(rule: str, path: Path, text: str) -> Problem:
    return Problem(rule=rule, path=path, text=text)


def _token(call: Call) -> Iterator[Problem]:
    wanted = "xapp-" if call.method in APP_TOKEN else "xoxb-"
    if call.token is None:
        yield _problem("token missing", (), "came without a token")
    elif not call.token.startswith(wanted):
        yield _problem("token kind", (), f"came without a token of the kind {wanted}")


def _public(call: Call) -> Iterator[Problem]:
    if call.method in PUBLIC:
        yield _problem("public file", (), "a picture in Slack is never made public")


def _unfurling(call: Call) -> Iterator[Problem]:
    if call.method not in UNFURLED:
        return
    for key in ("unfurl_links", "unfurl_media"):
        if call.arguments.get(key) not in OFF:
            yield _problem("unfurling", (key,), "is to be false: users' text may hold links")


def _broadcast(call: Call) -> Iterator[Problem]:
    if call.arguments.get("reply_broadcast", False) not in OFF:
        yield _problem("broadcast", ("reply_broadcast",), "a reply stays in its thread")


def _private(call: Call) -> Iterator[Problem]:
    payload = mapping(mapping(call.arguments.get("metadata")).get("event_payload"))
    for key, value in payload.items():
        if not OPAQUE.fullmatch(str(value)):
            text = "everybody can read metadata: opaque ids alone"
            yield _problem("metadata words", ("metadata", "event_payload", key), text)


def _links(call: Call) -> Iterator[Problem]:
    """Slack is never asked to make mentions of plain words."""
    if call.arguments.get("link_names", False) not in OFF:
        yield _problem("mention of names", ("link_names",), "makes mentions of users' words")
    if call.arguments.get("parse") == "full":
        yield _problem("mention of names", ("parse",), "makes mentions of users' words")
