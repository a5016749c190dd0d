"""
What Slack lets elements say: buttons, menus, fields, pictures and pieces of rich text.

Source: docs.slack.dev/reference/block-kit/block-elements and /composition-objects. Limits are
those of slack_sdk.models and, where it has none, of the pages. Types that Redraw has no use for are
left out on purpose: who needs one writes down its shape first.
"""

from __future__ import annotations

from collections.abc import Mapping

from tests.fakes.slack_shape import Shape, Text

MAX_ID = 255
"""Characters in a block_id, an action_id and a callback_id."""
MAX_INPUT = 3000
"""Source: docs.slack.dev/reference/block-kit/block-elements/plain-text-input-element."""
MAX_FILES = 10
"""Source: docs.slack.dev/reference/block-kit/block-elements/file-input-element."""
MAX_ADDRESS = 3000

CONFIRM = Shape(
    needs=("title", "text", "confirm", "deny"),
    texts={
        "title": Text(most=100),
        "text": Text(most=300, mrkdwn=True),
        "confirm": Text(most=30),
        "deny": Text(most=30),
    },
    choices={"style": ("primary", "danger")},
)
MENU_OPTION = Shape(
    needs=("text", "value"),
    texts={"text": Text(most=75), "description": Text(most=75)},
    strings={"value": (1, 150)},
)
_TICK_OPTION = Shape(
    needs=("text", "value"),
    texts={"text": Text(most=75, mrkdwn=True), "description": Text(most=75, mrkdwn=True)},
    strings={"value": (1, 150)},
)
_LINK_OPTION = Shape(
    needs=("text", "value"),
    texts={"text": Text(most=75), "description": Text(most=75)},
    strings={"value": (1, 150), "url": (1, MAX_ADDRESS)},
)
_GROUP = Shape(
    needs=("label", "options"),
    texts={"label": Text(most=75)},
    entries={"options": (1, 100)},
    inner={"options": MENU_OPTION},
)
_FILTER = Shape(
    may=("exclude_external_shared_channels", "exclude_bot_users"), entries={"include": (1, 4)}
)
_DISPATCH = Shape(entries={"trigger_actions_on": (1, 2)})
SLACK_FILE = Shape(may=("id", "url"))

_ACTION = {"action_id": (1, MAX_ID)}
_ASKS = {"placeholder": Text(most=150)}


def _button() -> Shape:
    return Shape(
        needs=("text",),
        texts={"text": Text(most=75)},
        strings=_ACTION
        | {"url": (1, MAX_ADDRESS), "value": (1, 2000), "accessibility_label": (1, 75)},
        choices={"style": ("primary", "danger")},
        inner={"confirm": CONFIRM},
    )


def _select(*keys: str, options: bool = False, several: bool = False) -> Shape:
    initial = "initial_options" if several else "initial_option"
    lists = {"options": MENU_OPTION, "option_groups": _GROUP, initial: MENU_OPTION}
    return Shape(
        may=("focus_on_load", *keys),
        texts=_ASKS,
        strings=_ACTION,
        entries={"options": (1, 100), "option_groups": (1, 100)} if options else {},
        numbers={"max_selected_items": (1, 100)} if several else {},
        inner={"confirm": CONFIRM, **(lists if options else {})},
    )


def _ticks(initial: str) -> Shape:
    return Shape(
        needs=("options",),
        may=("focus_on_load",),
        strings=_ACTION,
        entries={"options": (1, 10)},
        inner={"options": _TICK_OPTION, initial: _TICK_OPTION, "confirm": CONFIRM},
    )


def _field(*keys: str, needs: tuple[str, ...] = ()) -> Shape:
    said = dict.fromkeys(("initial_value", *keys), (1, MAX_INPUT))
    return Shape(
        needs=needs,
        may=("focus_on_load",),
        texts=_ASKS,
        strings=_ACTION | said,
        inner={"dispatch_action_config": _DISPATCH},
    )


_PLAIN_FIELD = Shape(
    may=("multiline", "focus_on_load"),
    texts=_ASKS,
    strings=_ACTION | {"initial_value": (0, MAX_INPUT)},
    numbers={"min_length": (0, MAX_INPUT), "max_length": (1, MAX_INPUT)},
    inner={"dispatch_action_config": _DISPATCH},
)
_PICTURE = Shape(
    needs=("alt_text",),
    strings={"alt_text": (1, 2000), "image_url": (1, MAX_ADDRESS)},
    inner={"slack_file": SLACK_FILE},
)
_WORDS = frozenset({"text", "link", "user", "channel", "emoji", "date", "broadcast", "usergroup"})
_RICH: Mapping[str, Shape] = {
    "rich_text_section": Shape(needs=("elements",), elements={"elements": _WORDS}),
    "rich_text_quote": Shape(needs=("elements",), may=("border",), elements={"elements": _WORDS}),
    "rich_text_preformatted": Shape(
        needs=("elements",), may=("border",), elements={"elements": {"text", "link"}}
    ),
    "rich_text_list": Shape(
        needs=("elements", "style"),
        may=("indent", "offset", "border"),
        choices={"style": ("bullet", "ordered")},
        elements={"elements": {"rich_text_section"}},
    ),
    "text": Shape(needs=("text",), may=("style",), strings={"text": (1, 12000)}),
    "link": Shape(needs=("url",), may=("text", "unsafe", "style")),
    "user": Shape(needs=("user_id",), may=("style",)),
    "channel": Shape(needs=("channel_id",), may=("style",)),
    "emoji": Shape(needs=("name",), may=("unicode", "style")),
    "date": Shape(needs=("timestamp", "format"), may=("url", "fallback", "style")),
    "broadcast": Shape(needs=("range",), choices={"range": ("here", "channel", "everyone")}),
    "usergroup": Shape(needs=("usergroup_id",), may=("style",)),
}

ELEMENTS: Mapping[str, Shape] = {
    "button": _button(),
    "image": _PICTURE,
    "overflow": Shape(
        needs=("options",),
        strings=_ACTION,
        entries={"options": (1, 5)},
        inner={"options": _LINK_OPTION, "confirm": CONFIRM},
    ),
    "checkboxes": _ticks("initial_options"),
    "radio_buttons": _ticks("initial_option"),
    "static_select": _select(options=True),
    "multi_static_select": _select(options=True, several=True),
    "external_select": _select("min_query_length", "initial_option"),
    "users_select": _select("initial_user"),
    "channels_select": _select("initial_channel", "response_url_enabled"),
    "conversations_select": Shape(
        may=(
            "focus_on_load",
            "initial_conversation",
            "default_to_current_conversation",
            "response_url_enabled",
        ),
        texts=_ASKS,
        strings=_ACTION,
        inner={"confirm": CONFIRM, "filter": _FILTER},
    ),
    "datepicker": _select("initial_date"),
    "plain_text_input": _PLAIN_FIELD,
    "number_input": _field("min_value", "max_value", needs=("is_decimal_allowed",)),
    "email_text_input": _field(),
    "url_text_input": _field(),
    "file_input": Shape(
        strings=_ACTION, entries={"filetypes": (1, 100)}, numbers={"max_files": (1, MAX_FILES)}
    ),
    **_RICH,
}
