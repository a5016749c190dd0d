"""What people do on the fake Slack, as the bot is told of it, and what they cannot do."""

from __future__ import annotations

import pytest

from tests.fakes.slack_raw import Api, Line, asking
from tests.fakes.slack_server import SlackServer
from tests.fakes.slack_user import Person
from tests.fakes.slack_values import Channel as Room
from tests.fakes.slack_values import Json

BUTTONS = [
    {
        "type": "actions",
        "elements": [
            {
                "type": "button",
                "action_id": "stop",
                "value": "j1",
                "text": {"type": "plain_text", "text": "Stop"},
            },
            {
                "type": "button",
                "action_id": "link",
                "url": "https://example.org",
                "text": {"type": "plain_text", "text": "Open"},
            },
        ],
    }
]


async def _next(line: Line) -> Json:
    envelope = await line.next()
    await line.ack(envelope)
    payload: Json = envelope["payload"]
    return payload


async def test_message_shortcut(
    slack: SlackServer, line: Line, eve: Person, room: Room, png: bytes
) -> None:
    """The shortcut carries the whole message, in a thread too."""
    root = eve.say("look")
    message = eve.upload({"a.png": png}, text="here", thread=root)
    await eve.message_shortcut("redraw_image", message, waits=False)
    payload = await _next(line)

    assert (payload["type"], payload["callback_id"]) == ("message_action", "redraw_image")
    assert payload["channel"]["id"] == room.id
    assert payload["message"]["thread_ts"] == root.ts
    assert payload["message"]["files"][0]["id"] == message.files[0].id
    assert {"trigger_id", "response_url", "message_ts"} <= set(payload)


async def test_global_shortcut(line: Line, eve: Person) -> None:
    """A global shortcut knows no place."""
    await eve.global_shortcut("redraw", waits=False)
    payload = await _next(line)

    assert payload["type"] == "shortcut"
    assert payload["trigger_id"]
    assert not {"channel", "response_url"} & set(payload)


async def test_press(slack: SlackServer, api: Api, line: Line, eve: Person, room: Room) -> None:
    """A press carries the button and its message."""
    await api("chat.postMessage", channel=room.id, text="x", blocks=BUTTONS)
    (card,) = slack.messages(room)
    await eve.click(card, "Stop", waits=False)
    payload = await _next(line)

    (action,) = payload["actions"]
    assert (action["action_id"], action["value"], action["type"]) == ("stop", "j1", "button")
    assert (payload["container"]["message_ts"], payload["message"]["ts"]) == (card.ts, card.ts)
    assert payload["user"]["id"] == eve.id


async def test_menus_of_a_message(
    slack: SlackServer, api: Api, line: Line, eve: Person, room: Room
) -> None:
    """A choice in a menu of a message carries what was chosen."""
    options = [{"text": {"type": "plain_text", "text": word}, "value": word} for word in "ab"]
    menus = [
        {"type": kind, "action_id": kind, "options": options} for kind in ("overflow", "checkboxes")
    ]
    blocks = [{"type": "actions", "elements": menus}]
    await api("chat.postMessage", channel=room.id, text="x", blocks=blocks)
    (card,) = slack.messages(room)
    await eve.choose(card, "overflow", "b", waits=False)
    one = (await _next(line))["actions"][0]
    await eve.choose(card, "checkboxes", ["a", "b"], waits=False)
    two = (await _next(line))["actions"][0]

    assert one["selected_option"] == options[1]
    assert two["selected_options"] == options


async def test_mention_and_message_are_two_events(
    slack: SlackServer, line: Line, eve: Person, png: bytes
) -> None:
    """A bot that is told of messages too hears of a mention twice, by different ids."""
    slack.world.subscribed.add("message.channels")
    await eve.mention("redraw", files={"a.png": png}, waits=False)
    told = [await _next(line) for _ in range(2)]

    assert {one["event"]["type"] for one in told} == {"app_mention", "message"}
    assert len({one["event_id"] for one in told}) == 2
    assert len({one["event"]["ts"] for one in told}) == 1
    assert told[0]["event"]["text"] == f"{slack.world.bot.mention} redraw"
    assert told[0]["event"]["files"][0]["name"] == "a.png"


async def test_unsubscribed_messages_are_not_told(
    slack: SlackServer, line: Line, eve: Person
) -> None:
    """Nothing is told of plain messages unless the app asked for them."""
    eve.say("hello")
    await eve.mention("redraw", waits=False)

    assert (await _next(line))["event"]["type"] == "app_mention"
    assert len(slack.acts) == 1


async def test_direct_messages(slack: SlackServer, line: Line) -> None:
    """In a DM there are messages, and no mentions."""
    slack.world.subscribed.add("message.im")
    dan = slack.user("dan")
    dan.say("hello")

    assert (await _next(line))["event"]["channel_type"] == "im"
    with pytest.raises(AssertionError, match="no app_mention"):
        await dan.mention("x")


async def test_mention_where_the_bot_is_not(slack: SlackServer, eve: Person, room: Room) -> None:
    """Slack does not tell the bot of it."""
    slack.world.leave(room)
    with pytest.raises(AssertionError, match="no app_mention"):
        await eve.mention("x")


@pytest.mark.parametrize(
    ("way", "event", "error"),
    [
        ("uninstall", "app_uninstalled", "account_inactive"),
        ("revoke", "tokens_revoked", "token_revoked"),
    ],
)
async def test_end_of_an_installation(
    slack: SlackServer, api: Api, line: Line, *, way: str, event: str, error: str
) -> None:
    """The bot is told, and its token is dead."""
    await getattr(slack, way)(waits=False)

    assert (await _next(line))["event"]["type"] == event
    assert (await api("auth.test")).error == error


async def test_what_nobody_can_do(slack: SlackServer, api: Api, eve: Person, room: Room) -> None:
    """Buttons that are not there, links, deleted messages, and other people's private ones."""
    await api("chat.postMessage", channel=room.id, text="x", blocks=BUTTONS)
    await api("chat.postEphemeral", channel=room.id, user=eve.id, text="x", blocks=BUTTONS)
    card, private = slack.world.messages
    bob = slack.user("bob", channel=room)

    with pytest.raises(AssertionError, match="0 controls are called 'Go'"):
        await eve.click(card, "Go")
    with pytest.raises(AssertionError, match="is a link"):
        await eve.click(card, "Open")
    with pytest.raises(AssertionError, match="only its user sees this"):
        await bob.click(private, "Stop")
    with pytest.raises(AssertionError, match="has no shortcuts"):
        await eve.message_shortcut("redraw_image", private)
    slack.world.delete_message(card)
    with pytest.raises(AssertionError, match="deleted message"):
        await eve.click(card, "Stop")


async def test_said_once(slack: SlackServer, api: Api, room: Room) -> None:
    """A message is found by its words, if there is one."""
    await api("chat.postMessage", channel=room.id, text="once")
    for _ in range(2):
        await api("chat.postMessage", channel=room.id, text="twice")

    assert slack.said_once("once").text == "once"
    with pytest.raises(AssertionError, match="said 2 times"):
        slack.said_once("twice")


async def _overlong(slack: SlackServer, error: Exception | None = None) -> None:
    async with slack, asking(slack) as api:
        room = slack.world.channel()
        text = {"type": "mrkdwn", "text": "x" * 3001}
        blocks = [{"type": "section", "text": text}]
        await api("chat.postMessage", channel=room.id, text="x", blocks=blocks)
        if error is not None:
            raise error


async def test_illegal_calls_fail_a_test() -> None:
    """What Slack would not take is named at the end, in calls and in what goes without a method."""
    slack = SlackServer()
    with pytest.raises(AssertionError, match=r"chat\.postMessage: .*3000"):
        await _overlong(slack)
    ((call, wrong),) = slack.illegal

    assert (call.method, call.ok) == ("chat.postMessage", True)
    assert any("3000" in one for one in wrong)


async def test_illegal_calls_hide_no_failure() -> None:
    """A test that fails by itself says why, whatever the bot did."""
    with pytest.raises(ZeroDivisionError):
        await _overlong(SlackServer(), ZeroDivisionError())
