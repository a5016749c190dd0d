"""What Slack asks of words that go without a method: to a response_url, or with a receipt."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tests.fakes.problem import Path, Problem
from tests.fakes.slack_calls import Call
from tests.fakes.slack_element_shapes import MENU_OPTION
from tests.fakes.slack_house_rules import content_problems
from tests.fakes.slack_message_limits import message_problems
from tests.fakes.slack_shape import Shape
from tests.fakes.slack_shape_limits import Object, shape_problems
from tests.fakes.slack_view_limits import view_problems

RESPONSE_URL = "response_url"
RECEIPT = "ack."
MAX_TEXT = 40_000

_MESSAGE = Shape(
    may=(
        *("text", "blocks", "attachments", "mrkdwn", "thread_ts", "unfurl_links", "unfurl_media"),
        *("replace_original", "delete_original", "metadata"),
    ),
    choices={"response_type": ("ephemeral", "in_channel")},
)
"""Source: docs.slack.dev/interactivity/handling-user-interaction, "Message responses"."""
_SUBMITTED = Shape(
    needs=("response_action",),
    may=("errors", "view"),
    choices={"response_action": ("errors", "update", "push", "clear")},
)
"""Source: docs.slack.dev/surfaces/modals, "Updating modals" and "Displaying errors"."""
_SUGGESTED = Shape(
    needs=("options",), entries={"options": (0, 100)}, inner={"options": MENU_OPTION}
)
_EMPTY = Shape()


def is_without_method(call: Call) -> bool:
    """Whether what was said is no call of a method."""
    return call.method == RESPONSE_URL or call.method.startswith(RECEIPT)


def problems(call: Call) -> Iterator[Problem]:
    """Go through what a message to a response_url or the payload of a receipt breaks."""
    yield from content_problems(call.arguments)
    if call.method == RESPONSE_URL:
        yield from _message(call.arguments)
    elif call.arguments:
        kind = call.method.removeprefix(RECEIPT)
        yield from RECEIPTS.get(kind, _nothing)(call.arguments)


def _problem(rule: str, path: Path, text: str) -> Problem:
    return Problem(rule=rule, path=path, text=text)


def _nothing(fields: Object) -> Iterator[Problem]:
    yield from shape_problems(fields, _EMPTY, ())


def _message(fields: Object) -> Iterator[Problem]:
    yield from shape_problems(fields, _MESSAGE, ())
    if fields.get("delete_original") is not True:
        yield from message_problems(fields, MAX_TEXT)


def _suggested(fields: Object) -> Iterator[Problem]:
    yield from shape_problems(fields, _SUGGESTED, ())


def _submitted(fields: Object) -> Iterator[Problem]:
    yield from shape_problems(fields, _SUBMITTED, ())
    action, view, errors = (fields.get(key) for key in ("response_action", "view", "errors"))
    if (action in ("update", "push")) != isinstance(view, Mapping):
        yield _problem("receipt", ("view",), f"goes not with {action}")
    if (action == "errors") != bool(errors):
        yield _problem("receipt", ("errors",), f"goes not with {action}")
    if isinstance(view, Mapping):
        yield from view_problems(view, ("view",))
    for key, words in (errors if isinstance(errors, Mapping) else {}).items():
        if not (isinstance(words, str) and words.strip()):
            yield _problem("receipt", ("errors", key), "says nothing")


RECEIPTS = {
    "slash_commands": _message,
    "view_submission": _submitted,
    "block_suggestion": _suggested,
}
"""What may go with a receipt, by the kind of what is received; nothing with any other."""
