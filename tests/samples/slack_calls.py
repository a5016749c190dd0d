"""
Calls to Slack as they should be, one for each method and way of putting something up.

They are written down by hand, so that what judges calls is checked against something that no code
of ours has made.
"""

from __future__ import annotations

from datetime import UTC, datetime

from tests.fakes.slack_calls import Call
from tests.samples.slack_blocks import (
    CARD,
    CHANNEL,
    FILE,
    FORM,
    JOB,
    TS,
    USER,
    Json,
    actions,
    asks,
    button,
    modal,
    mrkdwn,
    options,
    plain,
    section,
    select,
)

BOT, APP = "xoxb-fake", "xapp-fake"
OFF: Json = {"unfurl_links": False, "unfurl_media": False}
METADATA: Json = {"event_type": "redraw_job", "event_payload": {"job": f"c:{JOB}"}}


def call(
    method: str,
    arguments: Json | None = None,
    *,
    token: str | None = BOT,
    status: int = 200,
    error: str | None = None,
) -> Call:
    """Return a call as it would be recorded."""
    return Call(
        method=method,
        arguments=arguments or {},
        token=token,
        status=status,
        error=error,
        at=datetime(2026, 11, 22, tzinfo=UTC),
    )


def said(*blocks: Json, **more: object) -> Json:
    """Return the arguments of a message with blocks."""
    return {"channel": CHANNEL, "text": "Ready.", "blocks": list(blocks), **OFF, **more}


def edited(*blocks: Json, **more: object) -> Json:
    """Return the arguments of an edit."""
    return {"channel": CHANNEL, "ts": TS, "text": "Ready.", "blocks": list(blocks), **more}


def opened(view: Json, **more: object) -> Json:
    """Return the arguments that open a view."""
    return {"trigger_id": "1.2.abc", "view": view, **more}


COMPLETED: Json = {"files": [{"id": FILE, "title": "A fox"}], "channel_id": CHANNEL}

LEGAL: dict[str, Call] = {
    "auth.test": call("auth.test"),
    "apps.connections.open": call("apps.connections.open", token=APP),
    "card": call("chat.postMessage", said(*CARD, metadata=METADATA)),
    "plain message": call("chat.postMessage", {"channel": USER, "text": "Ready.", **OFF}),
    "reply": call("chat.postMessage", said(*CARD, thread_ts=TS, reply_broadcast=False)),
    "message with a link": call(
        "chat.postMessage",
        said(section(mrkdwn("<https://a.slack.com/archives/C1/p1|Result> <https://b.org>"))),
    ),
    "message of markdown": call(
        "chat.postMessage", said({"type": "markdown", "text": "**Models**\n- Flux"})
    ),
    "as bolt sends it": call("chat.postMessage", said(*CARD, team_id="T1")),
    "long message": call("chat.postMessage", {"channel": CHANNEL, "text": "x" * 40_000, **OFF}),
    "edit": call("chat.update", edited(*CARD, metadata=METADATA)),
    "private answer": call(
        "chat.postEphemeral",
        {"channel": CHANNEL, "user": USER, "text": "Not allowed.", "thread_ts": TS},
    ),
    "delete": call("chat.delete", {"channel": CHANNEL, "ts": TS}),
    "permalink": call("chat.getPermalink", {"channel": CHANNEL, "message_ts": TS}),
    "form": call("views.open", opened(FORM)),
    "form over a form": call("views.push", opened(FORM)),
    "form reshaped": call("views.update", {"view_id": "V1", "hash": "1.a", "view": FORM}),
    "question": call("views.open", opened(modal(section(), submit=plain("Run again")))),
    "home": call("views.publish", {"user_id": USER, "view": {"type": "home", "blocks": [*CARD]}}),
    "ticks": call(
        "views.open",
        opened(
            modal(
                asks({"type": "checkboxes", "action_id": "a", "options": options(10)}, "a"),
                asks({"type": "radio_buttons", "action_id": "b", "options": options(10)}, "b"),
                asks({"type": "users_select", "action_id": "c", "initial_user": USER}, "c"),
                asks({"type": "url_text_input", "action_id": "d"}, "d"),
                asks(
                    {
                        "type": "multi_static_select",
                        "action_id": "e",
                        "option_groups": [{"label": plain("Looks"), "options": options(100)}],
                        "max_selected_items": 3,
                    },
                    "e",
                ),
                section(accessory=select(100)),
            )
        ),
    ),
    "upload announced": call(
        "files.getUploadURLExternal",
        {"filename": "after.png", "length": "2048", "alt_txt": "x" * 1000},
    ),
    "webp announced": call(
        "files.getUploadURLExternal", {"filename": "after.webp", "length": "2048"}
    ),
    "upload completed": call(
        "files.completeUploadExternal",
        {**COMPLETED, "thread_ts": TS, "initial_comment": f"<@{USER}> your picture is ready."},
    ),
    "upload with blocks": call(
        "files.completeUploadExternal",
        {**COMPLETED, "blocks": [section(), actions(button())]},
    ),
    "upload for a look at it": call("files.completeUploadExternal", {"files": [{"id": FILE}]}),
    "file": call("files.info", {"file": FILE}),
    "file deleted": call("files.delete", {"file": FILE}),
    "status": call(
        "assistant.threads.setStatus",
        {"channel_id": CHANNEL, "thread_ts": TS, "status": "is drawing"},
    ),
    "private word": call("response_url", {"text": "Only for you.", "response_type": "ephemeral"}),
    "private card": call(
        "response_url", {"text": "x", "blocks": [*CARD], "replace_original": True}
    ),
    "private word gone": call("response_url", {"delete_original": True}),
    "receipt": call("ack.events_api"),
    "receipt of a command": call("ack.slash_commands"),
    "receipt with words": call("ack.slash_commands", {"text": "Use the shortcut in threads."}),
    "receipt of a form": call("ack.view_submission"),
    "receipt that clears": call("ack.view_submission", {"response_action": "clear"}),
    "receipt with errors": call(
        "ack.view_submission",
        {"response_action": "errors", "errors": {"prompt": "Say what to draw."}},
    ),
    "receipt with a form": call(
        "ack.view_submission", {"response_action": "update", "view": modal(section())}
    ),
    "receipt with options": call("ack.block_suggestion", {"options": options(100)}),
}
