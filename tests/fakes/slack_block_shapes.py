"""
What Slack lets blocks and views say, and which elements go where.

Source: docs.slack.dev/reference/block-kit/blocks and /views, with the limits of slack_sdk.models.
"""

from __future__ import annotations

from collections.abc import Mapping

from tests.fakes.slack_element_shapes import MAX_ADDRESS, MAX_ID, SLACK_FILE
from tests.fakes.slack_shape import Shape, Text

_ID = {"block_id": (1, MAX_ID)}
_SELECTS = {"static_select", "external_select", "users_select", "channels_select"} | {
    "conversations_select"
}
_CHOICES = {"checkboxes", "radio_buttons", "datepicker"} | _SELECTS
IN_ACTIONS = {"button", "overflow"} | _CHOICES
IN_SECTION = {"button", "overflow", "image", "multi_static_select"} | _CHOICES
IN_INPUT = _CHOICES | {
    "multi_static_select",
    "plain_text_input",
    "number_input",
    "email_text_input",
    "url_text_input",
    "file_input",
}
"""A file_input is at home here alone. Source: its page, "works with block types: Input"."""

BLOCKS: Mapping[str, Shape] = {
    "section": Shape(
        may=("expand",),
        texts={"text": Text(most=3000, mrkdwn=True), "fields": Text(most=2000, mrkdwn=True)},
        strings=_ID,
        entries={"fields": (1, 10)},
        elements={"accessory": IN_SECTION},
    ),
    "header": Shape(needs=("text",), texts={"text": Text(most=150)}, strings=_ID),
    "divider": Shape(strings=_ID),
    "image": Shape(
        needs=("alt_text",),
        texts={"title": Text(most=2000)},
        strings=_ID | {"alt_text": (1, 2000), "image_url": (1, MAX_ADDRESS)},
        inner={"slack_file": SLACK_FILE},
    ),
    "context": Shape(
        needs=("elements",),
        strings=_ID,
        entries={"elements": (1, 10)},
        elements={"elements": {"image", "plain_text", "mrkdwn"}},
    ),
    "actions": Shape(
        needs=("elements",),
        strings=_ID,
        entries={"elements": (1, 25)},
        elements={"elements": IN_ACTIONS},
    ),
    "input": Shape(
        needs=("label", "element"),
        may=("optional", "dispatch_action"),
        texts={"label": Text(most=2000), "hint": Text(most=2000)},
        strings=_ID,
        elements={"element": IN_INPUT},
    ),
    "rich_text": Shape(
        needs=("elements",),
        strings=_ID,
        elements={
            "elements": {"rich_text_section", "rich_text_list", "rich_text_quote"}
            | {"rich_text_preformatted"}
        },
    ),
    "markdown": Shape(needs=("text",), strings=_ID | {"text": (1, 12000)}),
}

_NAMED = {"private_metadata": (0, 3000), "callback_id": (1, MAX_ID), "external_id": (1, MAX_ID)}
VIEWS: Mapping[str, Shape] = {
    "modal": Shape(
        needs=("title", "blocks"),
        may=("clear_on_close", "notify_on_close", "submit_disabled"),
        texts={"title": Text(most=24), "submit": Text(most=24), "close": Text(most=24)},
        strings=_NAMED,
        entries={"blocks": (1, 100)},
    ),
    "home": Shape(needs=("blocks",), strings=_NAMED, entries={"blocks": (1, 100)}),
}
