"""Calls to Slack that are as large as they may be, and not one character or entry larger."""

from __future__ import annotations

import json

from tests.fakes.slack_calls import Call
from tests.samples.slack_blocks import (
    CHANNEL,
    FILE,
    Json,
    actions,
    asks,
    button,
    context,
    field,
    image,
    modal,
    mrkdwn,
    plain,
    section,
    select,
    upload,
)
from tests.samples.slack_calls import call, edited, opened, said


def _metadata(size: int) -> Json:
    """Return metadata of so many characters as JSON."""
    ids = {f"{n:04}": "x" * 53 for n in range(46)}
    filled = {"event_type": "redraw_job", "event_payload": ids}
    missing = size - len(json.dumps(filled, separators=(",", ":")))
    ids["rest"] = "x" * (missing - len(',"rest":""'))
    return filled


LARGEST: dict[str, Call] = {
    "largest card": call(
        "chat.postMessage",
        said(
            section(mrkdwn("x" * 3000), fields=[plain("x" * 100)] * 9 + [plain("x" * 2000)]),
            {"type": "header", "text": plain("x" * 150), "block_id": "x" * 255},
            context(*[plain("x")] * 10),
            actions(*[button(f"{n}", value="x" * 2000) for n in range(25)]),
            actions(button("x" * 255, text=plain("x" * 75))),
            image(alt_text="x" * 2000, slack_file={"id": FILE}, title=plain("x" * 2000)),
            *[{"type": "divider"}] * 44,
        ),
    ),
    "largest text": call("chat.update", edited(section(), text="x" * 4000)),
    "largest blocks": call("chat.update", edited(*[section(mrkdwn("x" * 2600))] * 5)),
    "largest metadata": call("chat.update", edited(metadata=_metadata(3000))),
    "largest form": call(
        "views.open",
        opened(
            modal(
                asks(upload(max_files=10), "pictures"),
                asks(field(max_length=3000, initial_value="x" * 3000), "prompt"),
                asks(select(options=[{"text": plain("x" * 75), "value": "x" * 150}]), "model"),
                *[section()] * 97,
                title=plain("x" * 24),
                submit=plain("x" * 24),
                close=plain("x" * 24),
                private_metadata="x" * 3000,
                callback_id="x" * 255,
            )
        ),
    ),
    "largest uploads": call(
        "files.completeUploadExternal", {"files": [{"id": FILE}] * 14, "channel_id": CHANNEL}
    ),
}
