"""Messages and forms for Slack with one block that is wrong in one way, and who tells of it."""

from __future__ import annotations

from tests.fakes.slack_calls import Call
from tests.samples.slack_blocks import (
    FILE,
    Json,
    actions,
    asks,
    button,
    confirm,
    context,
    field,
    image,
    modal,
    mrkdwn,
    options,
    plain,
    section,
    select,
    upload,
)
from tests.samples.slack_calls import COMPLETED, call, opened, said

Case = tuple[str, str, Call]
"""Rule, where in the arguments, and the call."""


def posted(*blocks: Json, **more: object) -> Call:
    return call("chat.postMessage", said(*blocks, **more))


def opens(*blocks: Json, **more: object) -> Call:
    return call("views.open", opened(modal(*blocks, **more)))


def asking(element: Json) -> Call:
    return opens(asks(element))


def completed(**arguments: object) -> Call:
    return call("files.completeUploadExternal", {**COMPLETED, **arguments})


def without(arguments: Json, key: str) -> Json:
    return {name: value for name, value in arguments.items() if name != key}


def _ticks(count: int) -> Json:
    return {"type": "checkboxes", "action_id": "a", "options": options(count)}


def _amount(**more: object) -> Json:
    bounds = {"is_decimal_allowed": True, "min_value": "0", "max_value": "1"}
    return {"type": "number_input", "action_id": "a", **bounds, **more}


def _places() -> Json:
    return {"type": "conversations_select", "action_id": "a", "response_url_enabled": True}


GROUPS = [{"label": plain("Looks"), "options": options(3)[2:]}]
SHORT_ID = {"id": "F1"}

BLOCK_LIMITS: list[Case] = [
    ("block type", "blocks/0", posted({"type": "sektion", "text": mrkdwn()})),
    ("block type", "blocks/0", posted({"text": mrkdwn()})),
    ("block place", "view/blocks/0", opens({"type": "markdown", "text": "x"})),
    ("block place", "blocks/0", completed(blocks=[{"type": "markdown", "text": "x"}])),
    ("block_id twice", "blocks/1/block_id",
     posted(section(block_id="a"), section(block_id="a"))),
    ("block_id twice", "view/blocks/1/block_id", opens(asks(field()), asks(field()))),
    ("action_id twice", "blocks/0/elements/1/action_id", posted(actions(button(), button()))),
    ("length", "blocks/0/block_id", posted(section(block_id="x" * 256))),
    ("length", "blocks/0/elements/0/action_id", posted(actions(button("x" * 256)))),
    ("key unknown", "blocks/0/txt", posted(section(txt="x"))),
    ("key unknown", "blocks/0/elements/0/label", posted(actions(button(label="x")))),
    ("key empty", "blocks/0/accessory", posted(section(accessory=None))),
    ("key missing", "blocks/0/alt_text",
     posted({"type": "image", "image_url": "https://example.org/a.png"})),
    ("key missing", "blocks/0/elements/0/text",
     posted(actions({"type": "button", "action_id": "a"}))),
    ("key type", "blocks", posted(section(), blocks={"type": "section"})),
    ("key type", "blocks/0/elements", posted({"type": "actions", "elements": button()})),
    ("key type", "blocks/0/elements/0/value", posted(actions(button(value=7)))),
    ("key type", "blocks/0/slack_file", posted(image(slack_file=FILE))),
    ("section", "blocks/0", posted({"type": "section", "expand": True})),
    ("length", "blocks/0/text/text", posted(section(mrkdwn("x" * 3001)))),
    ("length", "blocks/0/text/text", posted(section(mrkdwn("")))),
    ("length", "blocks/0/text/text", posted({"type": "header", "text": plain("x" * 151)})),
    ("length", "blocks/0/text", posted({"type": "markdown", "text": "x" * 12_001})),
    ("length", "blocks/0/fields/0/text", posted(section(fields=[plain("x" * 2001)]))),
    ("entries", "blocks/0/fields", posted(section(fields=[plain()] * 11))),
    ("entries", "blocks/0/elements", posted(context(*[plain()] * 11))),
    ("entries", "blocks/0/elements", posted(context())),
    ("length", "blocks/0/elements/0/text", posted(context(mrkdwn("x" * 3001)))),
    ("entries", "blocks/0/elements", posted(actions(*[button(f"{n}") for n in range(26)]))),
    # Texts
    ("text kind", "blocks/0/text", posted({"type": "header", "text": mrkdwn()})),
    ("text kind", "blocks/0/text", posted(section({"type": "markdown", "text": "x"}))),
    ("text kind", "blocks/0/elements/0/text", posted(actions(button(text="Again")))),
    ("text kind", "blocks/0/elements/0/text", posted(actions(button(text=mrkdwn())))),
    ("text kind", "view/title", opens(section(), title=mrkdwn("Redraw"))),
    ("key unknown", "blocks/0/text/emoji", posted(section(mrkdwn("x", emoji=True)))),
    ("key unknown", "blocks/0/text/verbatim", posted(section(plain("x", verbatim=True)))),
    # Elements
    ("element type", "blocks/0/elements/0", posted(actions({"type": "knob", "action_id": "a"}))),
    ("element type", "blocks/0/elements/0", posted(actions({"action_id": "a"}))),
    ("element place", "blocks/0/elements/0", posted(actions(upload()))),
    ("element place", "blocks/0/accessory", posted(section(accessory=upload()))),
    ("element place", "blocks/0/elements/0", posted(context(button()))),
    ("element place", "view/blocks/0/element", asking(button())),
    ("length", "blocks/0/elements/0/text/text", posted(actions(button(text=plain("x" * 76))))),
    ("length", "blocks/0/elements/0/value", posted(actions(button(value="x" * 2001)))),
    ("length", "blocks/0/elements/0/url",
     posted(actions(button(url="https://example.org/" + "x" * 3000)))),
    ("choice", "blocks/0/elements/0/style", posted(actions(button(style="default")))),
    ("length", "blocks/0/elements/0/confirm/title/text",
     posted(actions(button(confirm=confirm(title=plain("x" * 101)))))),
    ("key missing", "blocks/0/elements/0/confirm/deny",
     posted(actions(button(confirm=without(confirm(), "deny"))))),
    ("image source", "blocks/0", posted(image())),
    ("image source", "blocks/0",
     posted(image(image_url="https://example.org/a.png", slack_file={"id": FILE}))),
    ("image source", "blocks/0/elements/0", posted(context(image()))),
    ("image source", "blocks/0/slack_file",
     posted(image(slack_file={"id": FILE, "url": "https://files.slack.com/a"}))),
    ("image source", "blocks/0/slack_file", posted(image(slack_file={}))),
    ("image file", "blocks/0/slack_file/id", posted(image(slack_file=SHORT_ID))),
    ("image file", "blocks/0/accessory/slack_file/id",
     posted(section(accessory=image(slack_file=SHORT_ID)))),
    ("image address", "blocks/0/image_url", posted(image(image_url="attachment://a.png"))),
    ("length", "blocks/0/alt_text",
     posted(image(slack_file={"id": FILE}, alt_text="x" * 2001))),
    ("length", "blocks/0/alt_text", posted(image(slack_file={"id": FILE}, alt_text=""))),
    ("length", "blocks/0/title/text",
     posted(image(slack_file={"id": FILE}, title=plain("x" * 2001)))),
    # Menus
    ("entries", "view/blocks/0/element/options", asking(select(101))),
    ("entries", "view/blocks/0/element/options", asking(select(0))),
    ("entries", "view/blocks/0/element/options", asking(_ticks(11))),
    ("length", "view/blocks/0/element/options/0/text/text",
     asking(select(options=[{"text": plain("x" * 76), "value": "1"}]))),
    ("length", "view/blocks/0/element/options/0/description/text",
     asking(select(1, options=options(1, description=plain("x" * 76))))),
    ("length", "view/blocks/0/element/options/0/value",
     asking(select(options=[{"text": plain(), "value": "x" * 151}]))),
    ("length", "view/blocks/0/element/placeholder/text",
     asking(select(placeholder=plain("x" * 151)))),
    ("menu options", "view/blocks/0/element", asking(select(option_groups=GROUPS))),
    ("menu options", "view/blocks/0/element", asking(without(select(), "options"))),
    ("option twice", "view/blocks/0/element/options", asking(select(options=options(1) * 2))),
    ("option initial", "view/blocks/0/element/initial_option",
     asking(select(1, initial_option=options()[1]))),
    ("option initial", "view/blocks/0/element/initial_options/0",
     asking({**_ticks(1), "initial_options": options()[1:]})),
    # Fields
    ("number", "view/blocks/0/element/max_length", asking(field(max_length=3001))),
    ("length", "view/blocks/0/element/initial_value", asking(field(initial_value="x" * 3001))),
    ("range", "view/blocks/0/element/initial_value",
     asking(field(initial_value="abc", max_length=2))),
    ("range", "view/blocks/0/element/min_length", asking(field(min_length=3, max_length=2))),
    ("number", "view/blocks/0/element/max_files", asking(upload(max_files=11))),
    ("number", "view/blocks/0/element/max_files", asking(upload(max_files=0))),
    ("key type", "view/blocks/0/element/max_files", asking(upload(max_files="4"))),
    ("key missing", "view/blocks/0/element/is_decimal_allowed",
     asking({"type": "number_input", "action_id": "a"})),
    ("range", "view/blocks/0/element/max_value", asking(_amount(initial_value="2"))),
    ("range", "view/blocks/0/element/initial_value", asking(_amount(initial_value="-1"))),
    ("range", "view/blocks/0/element/max_value", asking(_amount(min_value="2"))),
    ("range", "view/blocks/0/element/min_value", asking(_amount(min_value="none"))),
    ("range", "view/blocks/0/element/initial_value",
     asking(_amount(initial_value="0.5", is_decimal_allowed=False))),
    ("key type", "view/blocks/0/element/min_value", asking(_amount(min_value=0))),
    ("file type", "view/blocks/0/element/filetypes/1", asking(upload(filetypes=["png", ".jpg"]))),
    ("key type", "view/blocks/0/element/multiline", asking(field(multiline="true"))),
    ("key type", "blocks/0/text/emoji", posted(section(plain("x", emoji=1)))),
    ("response_url", "view/blocks/0/elements/0", opens(actions(_places()))),
    ("response_url", "blocks/0/element", posted(asks(_places()))),
    ("focus", "view/blocks/1/element", opens(
        asks(field(focus_on_load=True), "a"), asks(field(focus_on_load=True), "b"))),
    ("length", "view/blocks/0/label/text", opens(asks(field(), label=plain("x" * 2001)))),
    # What slack_sdk's models know besides
    ("model", "blocks/0", posted(actions(
        {"type": "datepicker", "action_id": "a", "initial_date": "tomorrow"}))),
    ("model", "view/blocks/0", asking(
        {"type": "datepicker", "action_id": "a", "initial_date": "tomorrow"})),
]  # fmt: skip
"""What single blocks, texts, elements, menus and fields are over."""
