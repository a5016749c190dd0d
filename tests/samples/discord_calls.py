"""
Calls to Discord as they should be, one for each operation and way of putting something up.

They are written down by hand, so that what judges calls is checked against something that no code
of ours has made.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from tests.fakes.discord_calls import Call, FilePart

Json = dict[str, Any]

CHANNEL, MESSAGE, USER, GUILD, APP = ("41", "52", "63", "74", "85")
CALLBACK = "POST /interactions/96/aW50ZXJhY3Rpb24/callback"
FOLLOWUP = f"POST /webhooks/{APP}/aW50ZXJhY3Rpb24"
ORIGINAL = f"/webhooks/{APP}/aW50ZXJhY3Rpb24/messages/@original"
SEND = f"POST /channels/{CHANNEL}/messages"
EDIT = f"PATCH /channels/{CHANNEL}/messages/{MESSAGE}"
THREAD = f"POST /channels/{CHANNEL}/messages/{MESSAGE}/threads"
COMMANDS = f"PUT /applications/{APP}/commands"
V2 = 1 << 15
EPHEMERAL = 1 << 6
OFF: Json = {"parse": []}


def call(
    route: str,
    body: object = None,
    *,
    files: tuple[FilePart, ...] = (),
    query: Mapping[str, str] | None = None,
    by: str | None = None,
    status: int = 200,
) -> Call:
    """Return a call as it would be recorded; the token is the one that suits the path."""
    method, path = route.split(" ")
    suits = "token" if path.startswith(("/interactions", "/webhooks")) else "bot"
    return Call(
        method=method,
        path=path,
        query=query or {},
        body=body,
        files=files,
        authorised_by=by or suits,
        status=status,
        at=datetime(2026, 11, 22, tzinfo=UTC),
    )


def file(index: int = 0, *, filename: str = "after.webp", size_bytes: int = 9) -> FilePart:
    return FilePart(
        name=f"files[{index}]",
        filename=filename,
        content_type="application/octet-stream",
        data=bytes(size_bytes),
    )


def text(content: str = "Ready.") -> Json:
    return {"type": 10, "content": content}


def button(custom_id: str = "again", label: str = "Again") -> Json:
    return {"type": 2, "style": 2, "custom_id": custom_id, "label": label, "disabled": False}


def row(*inner: Json) -> Json:
    return {"type": 1, "components": list(inner)}


def select(options: int = 2, **more: object) -> Json:
    entries = [{"label": f"Look {n}", "value": f"{n}"} for n in range(options)]
    return {"type": 3, "custom_id": "look", "options": entries, **more}


def gallery(*names: str) -> Json:
    items = [{"media": {"url": f"attachment://{name}"}, "description": "A fox"} for name in names]
    return {"type": 12, "items": items}


def container(*inner: Json) -> Json:
    return {"type": 17, "accent_color": 0x5865F2, "components": list(inner)}


def attachment(index: int = 0, filename: str = "after.webp", **more: object) -> Json:
    return {"id": index, "filename": filename, "description": "A fox in the snow", **more}


def message(*components: Json, **more: object) -> Json:
    """Return a message of components, the way that carries results."""
    return {"flags": V2, "components": list(components), "allowed_mentions": OFF, **more}


def modal(*components: Json, **more: object) -> Json:
    data = {"custom_id": "form", "title": "Redraw", "components": list(components), **more}
    return {"type": 9, "data": data}


def label(component: Json, **more: object) -> Json:
    return {"type": 18, "label": "What to draw", "component": component, **more}


def text_input(**more: object) -> Json:
    return {"type": 4, "custom_id": "prompt", "style": 2, "max_length": 4000, **more}


def upload() -> Json:
    return {"type": 19, "custom_id": "pictures", "min_values": 1, "max_values": 10}


def option(name: str = "picture", kind: int = 11, **more: object) -> Json:
    return {"type": kind, "name": name, "description": "The reference image", **more}


def command(*options: Json, **more: object) -> Json:
    base = {"name": "redraw", "description": "Redraw a picture", "type": 1, "nsfw": False}
    return {**base, "options": list(options), "contexts": [0, 1], "integration_types": [0], **more}


def menu(name: str = "Redraw this", kind: int = 3) -> Json:
    return {"name": name, "type": kind, "nsfw": False, "contexts": [0], "integration_types": [0]}


SEND_RESULT = message(
    container(
        text("Ready, <@63>."),
        {"type": 9, "components": [text("4 s")], "accessory": button("more", "More")},
        gallery("after.webp"),
        {"type": 14, "divider": True, "spacing": 1},
        {"type": 13, "file": {"url": "attachment://full.png"}},
        row(button(), {"type": 2, "style": 5, "url": "https://example.org", "label": "Help"}),
        row(select(min_values=1, max_values=1, placeholder="A look")),
    ),
    allowed_mentions={"parse": [], "users": [63]},
    attachments=[attachment(), attachment(1, "full.png")],
    message_reference={"type": 0, "message_id": 52, "channel_id": 41, "fail_if_not_exists": False},
    nonce="01JZ8Q4V5T9W3K7M2N6P8R0S1-r"[:25],
    enforce_nonce=True,
    tts=False,
)
RESULT_FILES = (file(), file(1, filename="full.png"))

LEGAL: Mapping[str, Call] = {
    "gateway": call("GET /gateway/bot"),
    "who the bot is": call("GET /users/@me"),
    "what the application is": call("GET /applications/@me"),
    "commands": call(f"GET /applications/{APP}/commands", query={"with_localizations": "0"}),
    "set commands": call(
        COMMANDS,
        [
            command(
                option(required=True),
                option("look", 3, autocomplete=True, required=False),
                option("size", 3, choices=[{"name": "Wide", "value": "16:9"}]),
                option("strength", 10, min_value=0.0, max_value=1.0),
            ),
            menu(),
            menu("Redraw their avatar", 2),
        ],
    ),
    "set a guild's commands": call(f"PUT /applications/{APP}/guilds/{GUILD}/commands", []),
    "respond with a message": call(
        CALLBACK,
        {"type": 4, "data": {"content": "No.", "flags": EPHEMERAL, "allowed_mentions": OFF}},
        query={"with_response": "1"},
    ),
    "defer": call(CALLBACK, {"type": 5}, query={"with_response": "1"}),
    "defer ephemerally": call(CALLBACK, {"type": 5, "data": {"flags": EPHEMERAL}}),
    "defer an update": call(CALLBACK, {"type": 6}),
    "update": call(CALLBACK, {"type": 7, "data": {**message(text()), "tts": False}}),
    "autocomplete": call(
        CALLBACK, {"type": 8, "data": {"choices": [{"name": "Oil", "value": "oil"}]}}
    ),
    "open a form": call(
        CALLBACK,
        modal(label(text_input()), label(select()), label(upload(), description="Up to 10")),
    ),
    "original": call(f"GET {ORIGINAL}"),
    "edit the original": call(f"PATCH {ORIGINAL}", message(text(), tts=False)),
    "delete the original": call(f"DELETE {ORIGINAL}", status=204),
    "follow up": call(
        FOLLOWUP,
        {"content": "Only for you.", "flags": EPHEMERAL, "allowed_mentions": OFF, "tts": False},
        query={"wait": "1", "with_components": "0"},
    ),
    "send": call(SEND, {"content": "Queued.", "allowed_mentions": OFF, "tts": False}),
    "send a result": call(SEND, SEND_RESULT, files=RESULT_FILES),
    "send an embed": call(
        SEND,
        {
            "embeds": [{"title": "Ready", "image": {"url": "attachment://after.webp"}}],
            "attachments": [attachment()],
        },
        files=(file(),),
    ),
    "edit": call(EDIT, {"content": "Half way.", "allowed_mentions": OFF, "tts": False}),
    "edit what is there": call(EDIT, message(gallery("before.webp"), text())),
    "edit and keep": call(
        EDIT,
        message(
            gallery("before.webp", "after.webp"),
            attachments=[
                {"id": 123456789012345678, "filename": "before.webp", "spoiler": False, "size": 9},
                attachment(),
            ],
        ),
        files=(file(),),
    ),
    "delete": call(f"DELETE /channels/{CHANNEL}/messages/{MESSAGE}", status=204),
    "fetch": call(f"GET /channels/{CHANNEL}/messages/{MESSAGE}"),
    "list": call(f"GET /channels/{CHANNEL}/messages", query={"limit": "50", "after": MESSAGE}),
    "start a thread": call(
        THREAD,
        {"name": "A fox", "auto_archive_duration": 1440, "rate_limit_per_user": None},
        status=201,
    ),
    "start a thread alone": call(
        f"POST /channels/{CHANNEL}/threads", {"name": "A fox", "type": 11}, status=201
    ),
    "open a DM": call("POST /users/@me/channels", {"recipient_id": 63}),
    "channel": call(f"GET /channels/{CHANNEL}"),
    "unarchive a thread": call(f"PATCH /channels/{CHANNEL}", {"archived": False}),
    "join a thread": call(f"PUT /channels/{CHANNEL}/thread-members/@me", status=204),
    "type": call(f"POST /channels/{CHANNEL}/typing", status=204),
    "member": call(f"GET /guilds/{GUILD}/members/{USER}"),
    "roles": call(f"GET /guilds/{GUILD}/roles"),
    "guild": call(f"GET /guilds/{GUILD}", query={"with_counts": "1"}),
    "channels": call(f"GET /guilds/{GUILD}/channels"),
}
"""By what the call is for."""
