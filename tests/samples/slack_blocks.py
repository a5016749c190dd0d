"""Blocks, elements and forms for Slack as they should be, written down by hand."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]

CHANNEL, USER, FILE, TS = "C0AAAAAAA1", "U0AAAAAAA1", "F0AAAAAAA1", "1700000000.000100"
JOB = "01JD0000000000000000000000"


def plain(text: str = "Again", **more: object) -> Json:
    return {"type": "plain_text", "text": text, **more}


def mrkdwn(text: str = "*Ready.*", **more: object) -> Json:
    return {"type": "mrkdwn", "text": text, **more}


def section(text: Json | None = None, **more: object) -> Json:
    return {"type": "section", "text": text or mrkdwn(), **more}


def button(action_id: str = "again", **more: object) -> Json:
    return {"type": "button", "action_id": action_id, "text": plain(), "value": JOB, **more}


def actions(*elements: Json, **more: object) -> Json:
    return {"type": "actions", "elements": list(elements), **more}


def context(*elements: Json) -> Json:
    return {"type": "context", "elements": list(elements)}


def image(**more: object) -> Json:
    return {"type": "image", "alt_text": "A fox in the snow", **more}


def confirm(**more: object) -> Json:
    words = {"title": plain("Run it again?"), "text": mrkdwn("It may be charged twice.")}
    return {**words, "confirm": plain("Run"), "deny": plain("Leave it"), **more}


def options(count: int = 2, **more: object) -> list[Json]:
    return [{"text": plain(f"Look {n}"), "value": f"{n}", **more} for n in range(count)]


def select(count: int = 2, **more: object) -> Json:
    return {"type": "static_select", "action_id": "model", "options": options(count), **more}


def field(**more: object) -> Json:
    return {"type": "plain_text_input", "action_id": "prompt", "multiline": True, **more}


def upload(**more: object) -> Json:
    kinds = ["png", "jpg", "jpeg", "gif", "webp"]
    return {"type": "file_input", "action_id": "pictures", "filetypes": kinds, **more}


def asks(element: Json, block_id: str = "prompt", **more: object) -> Json:
    label = plain("What to draw")
    return {"type": "input", "block_id": block_id, "label": label, "element": element, **more}


def modal(*blocks: Json, **more: object) -> Json:
    named = {"type": "modal", "callback_id": "redraw", "private_metadata": JOB}
    words = {"title": plain("Redraw"), "submit": plain("Redraw"), "close": plain("Cancel")}
    return {**named, **words, "blocks": list(blocks), **more}


def rich(*elements: Json) -> Json:
    return {
        "type": "rich_text",
        "elements": [{"type": "rich_text_section", "elements": list(elements)}],
    }


FORM = modal(
    section(mrkdwn("Draw something new from a picture.")),
    asks(upload(max_files=4), "pictures"),
    asks(field(max_length=2000, initial_value="as a woodcut")),
    asks(
        select(8, initial_option=options()[1], placeholder=plain("A model")),
        "model",
        dispatch_action=True,
        hint=plain("What each is good for is said below."),
    ),
    asks({"type": "number_input", "action_id": "steps", "is_decimal_allowed": True}, "strength"),
    asks(
        {
            "type": "conversations_select",
            "action_id": "channel",
            "default_to_current_conversation": True,
            "response_url_enabled": True,
            "filter": {"include": ["public", "private"], "exclude_bot_users": True},
        },
        "channel",
        optional=True,
    ),
    context(mrkdwn("Estimated: 2 credits")),
)

CARD = (
    {"type": "header", "text": plain("Redrawing")},
    section(
        mrkdwn(f"<@{USER}> asked for &lt;a fox&gt;"),
        fields=[mrkdwn("*Model*\nFlux"), plain("Size")],
        accessory=image(slack_file={"id": FILE}),
    ),
    image(slack_file={"id": FILE}, title=plain("Before"), block_id="before"),
    image(image_url="https://example.org/a.png"),
    rich({"type": "text", "text": "A fox & <!channel>"}, {"type": "user", "user_id": USER}),
    {"type": "divider"},
    context(mrkdwn("12 s"), image(image_url="https://example.org/a.png"), plain("of 30 s")),
    actions(
        button("cancel", style="danger", confirm=confirm(style="danger")),
        button("again", url="https://example.slack.com/archives/C1/p1"),
        {"type": "overflow", "action_id": "more", "options": options(3)},
        block_id=JOB,
    ),
)
