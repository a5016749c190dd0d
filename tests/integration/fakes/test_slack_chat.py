"""Messages that a bot posts, edits and deletes on the fake Slack, and where it may not."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.fakes.clock import VirtualClock
from tests.fakes.slack_raw import Api
from tests.fakes.slack_server import SlackServer
from tests.fakes.slack_user import Person
from tests.fakes.slack_values import Channel as Room
from tests.fakes.slack_values import Message

SECTION = {"type": "section", "text": {"type": "mrkdwn", "text": "words"}}


async def _post(api: Api, slack: SlackServer, room: Room, **more: object) -> Message:
    said = await api("chat.postMessage", channel=room.id, text="x", **more)
    assert said.error is None
    found = slack.world.find(room, said.body["ts"])
    assert found is not None
    return found


async def test_post_and_edit(slack: SlackServer, api: Api, room: Room) -> None:
    """A message is posted, edited where it stands, and keeps what an edit leaves out."""
    metadata = {"event_type": "job", "event_payload": {"id": "1"}}
    message = await _post(api, slack, room, blocks=[SECTION], metadata=metadata)
    said = await api("chat.update", channel=room.id, ts=message.ts, text="y")

    assert slack.messages(room) == [message]
    assert (message.text, message.words, message.metadata, message.edits) == (
        "y",
        "words",
        metadata,
        1,
    )
    assert said.body["message"]["edited"]["user"] == slack.world.bot.id
    assert said.body["message"]["blocks"][0]["block_id"] == message.blocks[0]["block_id"]


async def test_long_texts(slack: SlackServer, api: Api, room: Room) -> None:
    """A long post is cut, a long edit refused."""
    said = await api("chat.postMessage", channel=room.id, text="x" * 40_001)
    edit = await api("chat.update", channel=room.id, ts=said.body["ts"], text="x" * 4001)

    assert len(slack.messages(room)[0].text) == 40_000
    assert edit.error == "msg_too_long"


async def test_threads(slack: SlackServer, api: Api, room: Room) -> None:
    """A reply is seen in its thread alone, and stays when the root is deleted."""
    root = await _post(api, slack, room)
    reply = await _post(api, slack, room, thread_ts=root.ts)
    await api("chat.delete", channel=room.id, ts=root.ts)
    later = await _post(api, slack, room, thread_ts=root.ts)

    assert slack.messages(room) == []
    assert slack.thread(root) == [reply, later]


@pytest.mark.parametrize("which", ["deleted", "reply", "elsewhere"])
async def test_posts_fall_out_of_threads(
    slack: SlackServer, api: Api, room: Room, which: str
) -> None:
    """What names no root of this channel is posted outside of threads, and only the answer says."""
    root = await _post(api, slack, room)
    reply = await _post(api, slack, room, thread_ts=root.ts)
    other = await _post(api, slack, slack.world.channel("other"))
    slack.world.delete_message(gone := await _post(api, slack, room))
    ts = {"deleted": gone.ts, "reply": reply.ts, "elsewhere": other.ts}[which]
    said = await api("chat.postMessage", channel=room.id, text="x", thread_ts=ts)

    assert "thread_ts" not in said.body["message"]
    assert said.body["ts"] in [message.ts for message in slack.messages(room)]


Change = Callable[[SlackServer, Room], object]

PLACES: dict[str, Change] = {
    "not_in_channel": lambda slack, room: slack.world.leave(room),
    "is_archived": lambda slack, room: slack.world.archive(room),
    "channel_not_found": lambda slack, room: slack.world.channels.pop(room.id),
}


@pytest.mark.parametrize("error", PLACES)
async def test_where_it_may_not_post(
    slack: SlackServer, api: Api, room: Room, eve: Person, error: str
) -> None:
    """Posting for all and for one fails alike, and does nothing."""
    PLACES[error](slack, room)
    posted = await api("chat.postMessage", channel=room.id, text="x")
    private = await api("chat.postEphemeral", channel=room.id, text="x", user=eve.id)

    assert (posted.error, private.error) == (error, error)
    assert slack.messages(room) == []


async def test_private_channel_is_not_there(slack: SlackServer, api: Api) -> None:
    """A private channel without the bot does not exist for it."""
    secret = slack.world.channel("secret", private=True, has_bot=False)

    assert (await api("chat.postMessage", channel=secret.id, text="x")).error == "channel_not_found"


async def test_wrong_bodies(slack: SlackServer, api: Api, room: Room) -> None:
    """What is no message is refused."""
    many = [SECTION] * 51
    bad = [{"type": "image", "alt_text": "a", "slack_file": {"id": "F1"}}]

    async def error(**arguments: object) -> str | None:
        return (await api("chat.postMessage", channel=room.id, **arguments)).error

    assert await error() == "no_text"
    assert await error(blocks=many, text="x") == "invalid_blocks"
    assert await error(blocks=bad, text="x") == "invalid_blocks"
    assert await error(blocks="words", text="x") == "invalid_blocks_format"
    assert await error(text="x", thread_ts="soon") == "invalid_thread_ts"


async def test_private_words(slack: SlackServer, api: Api, room: Room, eve: Person) -> None:
    """One person alone sees them; who is not there cannot."""
    said = await api("chat.postEphemeral", channel=room.id, text="x", user=eve.id)
    bob = slack.world.user("bob")
    refused = await api("chat.postEphemeral", channel=room.id, text="x", user=bob.id)
    edit = await api("chat.update", channel=room.id, ts=said.body["message_ts"], text="y")

    assert [m.seen_by for m in slack.world.messages] == [eve.user]
    assert slack.messages(room) == []
    assert (refused.error, edit.error) == ("user_not_in_channel", "message_not_found")


async def test_edits_that_fail(
    slack: SlackServer, api: Api, room: Room, eve: Person, clock: VirtualClock
) -> None:
    """Messages that are gone, not its own, too old, or in a frozen channel."""
    message = await _post(api, slack, room)
    theirs = eve.say("mine")
    slack.world.edit_window_s = 60

    async def error(ts: str) -> str | None:
        return (await api("chat.update", channel=room.id, ts=ts, text="y")).error

    assert await error("1.000001") == "message_not_found"
    assert await error(theirs.ts) == "cant_update_message"
    assert await error(message.ts) is None
    await clock.advance(61)
    assert await error(message.ts) == "edit_window_closed"
    slack.world.archive(room)
    assert await error(message.ts) == "is_inactive"


async def test_deletes(slack: SlackServer, api: Api, room: Room, eve: Person) -> None:
    """Its own message once; others' not."""
    message = await _post(api, slack, room)
    theirs = eve.say("mine")

    async def error(ts: str) -> str | None:
        return (await api("chat.delete", channel=room.id, ts=ts)).error

    assert [await error(message.ts) for _ in range(2)] == [None, "message_not_found"]
    assert await error(theirs.ts) == "cant_delete_message"
    assert slack.messages(room) == [theirs]


async def test_reading_a_thread(slack: SlackServer, api: Api, room: Room) -> None:
    """With the scope a thread is read; metadata only when asked for."""
    slack.world.scopes.add("channels:history")
    metadata = {"event_type": "job", "event_payload": {"id": "1"}}
    root = await _post(api, slack, room, metadata=metadata)
    reply = await _post(api, slack, room, thread_ts=root.ts)
    plain = await api("conversations.replies", channel=room.id, ts=root.ts)
    full = await api.send(
        "conversations.replies",
        params={"channel": room.id, "ts": root.ts, "include_all_metadata": "1"},
    )
    gone = await api("conversations.replies", channel=room.id, ts="1.1")

    assert [m["ts"] for m in plain.body["messages"]] == [root.ts, reply.ts]
    assert "metadata" not in plain.body["messages"][0]
    assert full.body["messages"][0]["metadata"] == metadata
    assert gone.error == "thread_not_found"


async def test_permalinks(slack: SlackServer, api: Api, room: Room) -> None:
    """A message has an address, a reply one with its thread."""
    root = await _post(api, slack, room)
    reply = await _post(api, slack, room, thread_ts=root.ts)

    async def link(message: Message) -> str:
        said = await api("chat.getPermalink", channel=room.id, message_ts=message.ts)
        return str(said.body["permalink"])

    assert (await link(root)).endswith(f"/archives/{room.id}/p{root.ts.replace('.', '')}")
    assert (await link(reply)).endswith(f"?thread_ts={root.ts}&cid={room.id}")


async def test_direct_message_by_person(slack: SlackServer, api: Api) -> None:
    """A person's id in place of a channel means the DM with them."""
    bob = slack.world.user("bob")
    said = await api("chat.postMessage", channel=bob.id, text="x")

    assert said.body["channel"] == slack.world.dm(bob).id
    assert [m.text for m in slack.messages(slack.world.dm(bob))] == ["x"]
