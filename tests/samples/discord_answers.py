"""Answers of Discord as they look, with ids of our own: what a fake has to say at the least."""

from __future__ import annotations

from typing import Any

from tests.fakes.discord_calls import Call
from tests.samples.discord_calls import (
    APP,
    CALLBACK,
    CHANNEL,
    COMMANDS,
    FOLLOWUP,
    GUILD,
    MESSAGE,
    ORIGINAL,
    SEND,
    THREAD,
    USER,
    call,
)

Json = dict[str, Any]
NOW = "2026-11-22T12:00:00.000000+00:00"

BOT: Json = {
    "id": APP,
    "username": "redraw",
    "global_name": None,
    "avatar": None,
    "discriminator": "0001",
    "public_flags": 0,
    "flags": 0,
    "bot": True,
    "primary_guild": None,
}
ROLE: Json = {
    "id": GUILD,
    "name": "@everyone",
    "permissions": "0",
    "position": 0,
    "color": 0,
    "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
    "hoist": False,
    "managed": False,
    "mentionable": False,
    "icon": None,
    "unicode_emoji": None,
    "flags": 0,
}
MEMBER: Json = {
    "user": BOT,
    "nick": None,
    "avatar": None,
    "banner": None,
    "roles": [GUILD],
    "joined_at": NOW,
    "premium_since": None,
    "communication_disabled_until": None,
    "pending": False,
    "mute": False,
    "deaf": False,
    "flags": 0,
}
PLACE: Json = {
    "id": CHANNEL,
    "type": 0,
    "flags": 0,
    "guild_id": GUILD,
    "name": "general",
    "position": 0,
}
DIRECT: Json = {"id": "42", "type": 1, "flags": 0, "recipients": [BOT], "last_message_id": None}
STARTED: Json = {
    "id": MESSAGE,
    "type": 11,
    "flags": 0,
    "guild_id": GUILD,
    "parent_id": CHANNEL,
    "owner_id": APP,
    "name": "A fox",
    "message_count": 0,
    "member_count": 1,
    "total_message_sent": 0,
    "thread_metadata": {
        "archived": False,
        "archive_timestamp": NOW,
        "auto_archive_duration": 1440,
        "locked": False,
    },
}
PICTURE: Json = {"id": "7", "url": "https://example.org/a", "proxy_url": "https://example.org/b"}
SHOWN: Json = {
    "type": 17,
    "id": 1,
    "accent_color": None,
    "spoiler": False,
    "components": [
        {"type": 10, "id": 2, "content": "Ready."},
        {
            "type": 12,
            "id": 3,
            "items": [{"media": PICTURE, "description": None, "spoiler": False}],
        },
    ],
}
POSTED: Json = {
    "id": MESSAGE,
    "channel_id": CHANNEL,
    "type": 0,
    "content": "",
    "author": BOT,
    "mentions": [],
    "mention_roles": [],
    "mention_everyone": False,
    "attachments": [{**PICTURE, "filename": "after.webp", "size": 9}],
    "embeds": [],
    "components": [SHOWN],
    "timestamp": NOW,
    "edited_timestamp": None,
    "flags": 1 << 15,
    "pinned": False,
    "tts": False,
    "nonce": "job-1-result",
}
SET: Json = {
    "id": "11",
    "application_id": APP,
    "version": "12",
    "type": 1,
    "name": "redraw",
    "description": "Redraw a picture",
    "default_member_permissions": None,
    "options": [{"type": 11, "name": "picture", "description": "The reference image"}],
}
ACKNOWLEDGED: Json = {
    "interaction": {
        "id": "96",
        "type": 2,
        "response_message_id": MESSAGE,
        "response_message_loading": True,
        "response_message_ephemeral": False,
    },
    "resource": {"type": 5, "message": POSTED},
}
WRONG_FORM: Json = {
    "code": 50035,
    "message": "Invalid Form Body",
    "errors": {"nonce": {"_errors": [{"code": "BASE_TYPE_BAD_LENGTH", "message": "25 or fewer"}]}},
}
LIMITED: Json = {"message": "You are being rate limited.", "retry_after": 0.3, "global": False}

ANSWERS: dict[str, tuple[Call, object]] = {
    "sent": (call(SEND, {}), POSTED),
    "fetched": (call(f"GET /channels/{CHANNEL}/messages/{MESSAGE}"), POSTED),
    "listed": (call(f"GET /channels/{CHANNEL}/messages"), [POSTED, POSTED]),
    "followed up": (call(FOLLOWUP, {}), POSTED),
    "edited": (call(f"PATCH {ORIGINAL}", {}), {**POSTED, "edited_timestamp": NOW}),
    "deleted": (call(f"DELETE {ORIGINAL}", status=204), None),
    "channel": (call(f"GET /channels/{CHANNEL}"), PLACE),
    "DM": (call("POST /users/@me/channels", {}), DIRECT),
    "thread": (call(f"GET /channels/{MESSAGE}"), STARTED),
    "thread started": (call(THREAD, {}, status=201), STARTED),
    "commands": (call(COMMANDS, []), [SET]),
    "acknowledged": (call(CALLBACK, {}), ACKNOWLEDGED),
    "acknowledged without words": (call(CALLBACK, {}, status=204), None),
    "member": (call(f"GET /guilds/{GUILD}/members/{USER}"), MEMBER),
    "roles": (call(f"GET /guilds/{GUILD}/roles"), [ROLE]),
    "wrong form": (call(SEND, {}, status=400), WRONG_FORM),
    "not there": (call(SEND, {}, status=404), {"code": 10003, "message": "Unknown Channel"}),
    "rate limited": (call(SEND, {}, status=429), LIMITED),
    "rate limited by code": (call(SEND, {}, status=429), {**LIMITED, "code": 20016}),
    "more than documented": (call(f"GET /channels/{CHANNEL}"), {**PLACE, "icon_emoji": None}),
    "out of order": (call(SEND, {}, status=502), "<html>"),
    "dropped": (call(SEND, {}, status=0), None),
}
"""By what was done: the call, and the body of the answer to it."""
