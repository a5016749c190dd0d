"""How calls to the fake Slack are read, authorised and recorded."""

from __future__ import annotations

import json

import pytest

from tests.fakes.clock import VirtualClock
from tests.fakes.slack_raw import Api
from tests.fakes.slack_server import SlackServer
from tests.fakes.slack_values import Channel as Room


async def test_arguments_of_all_kinds(
    slack: SlackServer, api: Api, room: Room, clock: VirtualClock
) -> None:
    """Query, form and JSON are one; what is JSON within a text is read."""
    blocks = [{"type": "divider"}]
    await api.send(
        "chat.postMessage",
        params={"channel": room.id},
        data={"text": "x", "blocks": json.dumps(blocks), "unfurl_links": "false"},
    )
    await api("chat.postMessage", channel=room.id, text="y", blocks=blocks)
    form, plain = slack.calls

    assert form.arguments == {
        "channel": room.id,
        "text": "x",
        "blocks": blocks,
        "unfurl_links": "false",
    }
    assert plain.arguments == {"channel": room.id, "text": "y", "blocks": blocks}
    assert (form.token, form.status, form.ok, form.at) == (slack.bot_token, 200, True, clock.now())
    assert slack.bot_token not in repr(form)


async def test_token_in_the_form(slack: SlackServer, api: Api) -> None:
    """A token may come as an argument, and is none then."""
    api.token = None
    said = await api.send("auth.test", data={"token": slack.bot_token})

    assert said.error is None
    assert slack.calls[0].arguments == {}


async def test_itself_and_scopes(slack: SlackServer, api: Api) -> None:
    """auth.test says who the bot is, and its header what it may do."""
    said = await api("auth.test")

    assert said.body["user_id"] == slack.world.bot.id
    assert said.headers["X-OAuth-Scopes"] == (
        "app_mentions:read,chat:write,commands,files:read,files:write"
    )


@pytest.mark.parametrize(
    ("token", "method", "error"),
    [
        (None, "auth.test", "not_authed"),
        ("wrong", "auth.test", "invalid_auth"),
        ("app", "auth.test", "not_allowed_token_type"),
        ("bot", "apps.connections.open", "not_allowed_token_type"),
        ("bot", "no.method", "unknown_method"),
    ],
)
async def test_wrong_tokens(
    slack: SlackServer, api: Api, token: str | None, method: str, error: str
) -> None:
    """Each kind of token is for its methods; errors come with status 200."""
    api.token = {"app": slack.app_token, "bot": slack.bot_token}.get(token or "", token)
    said = await api(method)

    assert (said.status, said.error) == (200, error)
    assert slack.calls[0].error == error


@pytest.mark.parametrize("error", ["token_revoked", "account_inactive"])
async def test_dead_token(slack: SlackServer, api: Api, room: Room, error: str) -> None:
    """A token that was taken back says which way."""
    slack.world.token_error = error

    assert (await api("chat.postMessage", channel=room.id, text="x")).error == error
    assert slack.messages(room) == []


async def test_missing_scope(slack: SlackServer, api: Api) -> None:
    """A missing scope is named, and what there is."""
    slack.world.scopes = {"commands", "chat:write"}
    said = await api("files.info", file="F1")

    assert said.body == {
        "ok": False,
        "error": "missing_scope",
        "needed": "files:read",
        "provided": "chat:write,commands",
    }


async def test_people_and_places(slack: SlackServer, api: Api, room: Room) -> None:
    """What the look-ups show, each with its scope."""
    refused = [
        (await api(method, **arguments)).error
        for method, arguments in (
            ("users.info", {"user": slack.world.bot.id}),
            ("conversations.info", {"channel": room.id}),
            ("conversations.open", {"users": slack.world.bot.id}),
            ("conversations.replies", {"channel": room.id, "ts": "1.1"}),
        )
    ]
    slack.world.scopes |= {"users:read", "channels:read", "im:write", "channels:history"}
    bob = slack.world.user("bob")
    user = (await api("users.info", user=bob.id)).body["user"]
    channel = (await api("conversations.info", channel=room.id)).body["channel"]
    dms = [(await api("conversations.open", users=bob.id)).body["channel"] for _ in range(2)]

    assert refused == ["missing_scope"] * 4
    assert (user["name"], user["is_bot"]) == ("bob", False)
    assert (channel["name"], channel["is_member"], channel["is_archived"]) == (
        "general",
        True,
        False,
    )
    assert dms[0] == dms[1] == {"id": slack.world.dm(bob).id}


async def test_people_and_places_that_are_not(slack: SlackServer, api: Api) -> None:
    """Look-ups for what is not there, or is not for the bot."""
    slack.world.scopes |= {"users:read", "channels:read", "groups:read", "im:write"}
    secret = slack.world.channel("secret", private=True, has_bot=False)
    gone = slack.world.user("gone")
    gone.deleted = True

    assert (await api("users.info", user="U1")).error == "user_not_found"
    assert (await api("conversations.info", channel=secret.id)).error == "channel_not_found"
    assert (await api("conversations.open", users=gone.id)).error == "user_disabled"
    assert (await api("conversations.open")).error == "users_list_not_supplied"


async def test_dead_app_token(slack: SlackServer, api: Api) -> None:
    """The app-level token may be dead too, and its method has to be posted to."""
    url = slack.api_url + "apps.connections.open"
    got = await api.fetch(url, token=slack.app_token)
    slack.world.app_token_error = "invalid_auth"
    dead = await api.fetch(url, verb="POST", token=slack.app_token)

    assert (got.error, dead.error) == ("insecure_request", "invalid_auth")
