"""The real slack-bolt talks to the fake Slack as it does to the real one, in both modes."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.fakes.slack_server import SlackServer
from tests.fakes.slack_small_bot import SmallBot, in_socket_mode, over_http
from tests.fakes.slack_user import Person
from tests.fakes.slack_values import Channel


@pytest.fixture
async def slack() -> AsyncIterator[SlackServer]:
    async with SlackServer() as server:
        yield server


@pytest.fixture
def channel(slack: SlackServer) -> Channel:
    return slack.world.channel()


@pytest.fixture
def ann(slack: SlackServer, channel: Channel) -> Person:
    return slack.user("ann", channel=channel)


@pytest.fixture(params=["socket", "http"])
async def bot(slack: SlackServer, request: pytest.FixtureRequest) -> AsyncIterator[SmallBot]:
    """The bot in each mode."""
    running = in_socket_mode(slack) if request.param == "socket" else over_http(slack)
    async with running as bot:
        yield bot


async def test_command_to_picture(
    slack: SlackServer, bot: SmallBot, ann: Person, channel: Channel, png: bytes
) -> None:
    """A command opens a form with a picture; the card and its picture in the thread follow."""
    view = await (await ann.command("/redraw")).viewed()
    sent = await ann.submit(view, {"Prompt": "ink", "Picture": ("a.png", png)})
    result = await sent.settled(
        lambda _: next((m for card in slack.messages(channel) for m in slack.thread(card)), None)
    )

    assert (sent.errors, view.open, sent.ack_s < 3) == ({}, False, True)
    card = slack.said_once("ink")
    assert (card.metadata or {})["event_payload"] == {"id": "j1"}
    assert [(f.name, f.alt, f.data, f.size_px) for f in result.files] == [
        ("redrawn.png", "redrawn", png, (40, 30))
    ]
    assert [(f.verb, f.status, f.with_credentials) for f in slack.hosting.fetches] == [
        ("GET", 200, True),
        ("POST", 200, False),
    ]


async def test_form_errors_then_more(bot: SmallBot, ann: Person, png: bytes) -> None:
    """Errors appear at their fields, and an answer may push another form, which closes to it."""
    view = await (await ann.command("/redraw")).viewed()
    wrong = await ann.submit(view, {"Prompt": "bad", "Picture": ("a.png", png)})
    shown = (wrong.response_action, view.errors, view.open)
    more = await ann.submit(view, {"Prompt": "more"})
    await ann.close(more.view)

    assert shown == ("errors", {"prompt": "Say it better."}, True)
    assert (more.view.title, more.view.under) == ("More", view)
    assert (bot.closed, view.open, more.view.open) == ([more.view.id], True, False)


async def test_choice_reshapes_a_form(bot: SmallBot, ann: Person) -> None:
    """A choice in a form changes the form; what was typed stays."""
    view = await (await ann.command("/redraw")).viewed()
    ann.fill(view, {"Prompt": "half a tho"})
    chosen = await ann.choose(view, "Model", "sdxl")
    await chosen.viewed(lambda view: "size 512" in view.words)

    assert view.values["prompt"]["prompt"]["value"] == "half a tho"
    assert view.values["model"]["model"]["selected_option"]["value"] == "sdxl"
    assert view.updates == 1


async def test_shortcuts_open_forms(
    slack: SlackServer, bot: SmallBot, ann: Person, channel: Channel, png: bytes
) -> None:
    """A shortcut carries its message, and the answer goes to its thread; a global one has none."""
    message = ann.upload({"b.png": png}, text="look")
    everywhere = await (await ann.global_shortcut("redraw")).viewed()
    view = await (await ann.message_shortcut("redraw_image", message)).viewed()
    sent = await ann.submit(view, {"Prompt": "ink", "Picture": ("a.png", png)})
    await sent.settled(lambda _: len(slack.thread(message)) == 2)

    assert (everywhere.open, '"channel": null' in everywhere.data["private_metadata"]) == (
        False,
        True,
    )
    assert slack.messages(channel) == [message]


async def test_mention_is_answered_in_its_thread(
    slack: SlackServer, bot: SmallBot, ann: Person, png: bytes
) -> None:
    """A mention with a picture, in the channel and within a thread."""
    first = await ann.mention("redraw this", files={"c.png": png})
    root = first.source
    assert root is not None
    answer = await first.settled(lambda _: slack.thread(root))
    await ann.mention("and this", thread=root)
    await slack.until(lambda: len(slack.thread(root)) == 3, "the second answer")

    assert answer[0].text == "seen c.png"
    assert [m.text for m in slack.thread(root)][2] == "seen nothing"


async def test_presses_are_answered(
    slack: SlackServer, bot: SmallBot, ann: Person, channel: Channel, png: bytes
) -> None:
    """One press is answered with private words, another deletes the message."""
    view = await (await ann.command("/redraw")).viewed()
    await ann.submit(view, {"Prompt": "ink", "Picture": ("a.png", png)})
    (card,) = await slack.until(lambda: slack.messages(channel), "the card")
    bob = slack.user("bob", channel=channel)
    told = await (await bob.click(card, "Again")).told("again, bob")
    await slack.until(lambda: slack.thread(card), "the picture")
    await ann.click(card, "do:delete")
    await slack.until(lambda: card.deleted, "the card to be deleted")

    assert (told.seen_by, told.channel) == (bob.user, channel)
    assert slack.posts[-1].ok


async def test_acknowledged_words(slack: SlackServer, bot: SmallBot, ann: Person) -> None:
    """What a command is acknowledged with is seen by its user alone."""
    shown = await ann.command("/redraw", "hello")

    assert [m.text for m in shown.ephemerals] == ["you said hello"]
    assert [call.method for call in slack.acks] == ["ack.slash_commands"]
    assert slack.messages(ann.channel) == []


async def test_redelivery(slack: SlackServer, bot: SmallBot, ann: Person) -> None:
    """An event comes once more under its id, and says so."""
    first = await ann.mention("redraw")
    root = first.source
    assert root is not None
    again = await slack.redeliver(first.event_id, 2)
    await slack.until(lambda: len(slack.thread(root)) == 2, "both answers")

    assert (again.event_id, again.act.retry) == (first.event_id, (2, "http_timeout"))


async def test_double_click_and_replay(slack: SlackServer, bot: SmallBot, ann: Person) -> None:
    """The same act twice over: its trigger is good for one form."""
    shown = await ann.command("/redraw")
    await shown.viewed()
    again = await slack.replay(shown, waits=False)
    await slack.until(lambda: len(slack.called("views.open")) == 2, "the second views.open")

    assert again.act.payload["trigger_id"] == shown.trigger_id
    assert [call.error for call in slack.called("views.open")] == [None, "exchanged_trigger_id"]
