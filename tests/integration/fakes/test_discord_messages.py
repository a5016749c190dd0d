"""Messages by the bot's token: what the fake Discord takes, keeps and refuses."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.fakes.clock import START, VirtualClock
from tests.fakes.discord_parts import NOBODY
from tests.fakes.discord_raw import Raw
from tests.fakes.discord_server import DiscordServer
from tests.fakes.discord_user import Person
from tests.fakes.discord_values import MEMBER, Channel, Guild, Permission
from tests.fakes.discord_world import EPOCH


def _at(channel: Channel, message_id: object = None) -> str:
    path = f"/channels/{channel.id}/messages"
    return path if message_id is None else f"{path}/{message_id}"


async def test_post_is_kept(call: Raw, discord: DiscordServer, channel: Channel) -> None:
    """A post is answered with the message, is in the world, and its id is of the clock's time."""
    said = await call("POST", _at(channel), {"content": "hello"})

    (message,) = discord.messages(channel.id)
    assert said.status == 200
    assert (said.body["id"], said.body["content"]) == (str(message.id), "hello")
    assert EPOCH + timedelta(milliseconds=message.id >> 22) == START
    assert message.author is discord.world.bot


async def test_nonce_is_taken_once_for_a_while(
    call: Raw, discord: DiscordServer, channel: Channel, clock: VirtualClock
) -> None:
    """The same nonce gives the same message inside the window, and a new one after it."""
    body = {"content": "once", "nonce": "n1", "enforce_nonce": True}
    first = await call("POST", _at(channel), body)
    again = await call("POST", _at(channel), body)
    await clock.advance(discord.world.nonce_window_s + 1)
    later = await call("POST", _at(channel), body)

    assert first.body["id"] == again.body["id"] != later.body["id"]
    assert first.body["nonce"] == "n1"
    assert len(discord.messages(channel.id)) == 2


async def test_nonce_counts_only_when_enforced(
    call: Raw, discord: DiscordServer, channel: Channel
) -> None:
    """Without `enforce_nonce` a nonce is only kept."""
    for _ in range(2):
        await call("POST", _at(channel), {"content": "twice", "nonce": "n1"})

    assert [m.nonce for m in discord.messages(channel.id)] == ["n1", "n1"]


async def test_nonce_of_a_deleted_message_is_unknown(
    call: Raw, discord: DiscordServer, channel: Channel
) -> None:
    """A repeat after the message was deleted is refused."""
    body = {"content": "once", "nonce": "n1", "enforce_nonce": True}
    await call("POST", _at(channel), body)
    discord.world.delete_message(discord.messages(channel.id)[0])

    assert (await call("POST", _at(channel), body)).refused == (404, 10008)


async def test_reply_refers(
    call: Raw, discord: DiscordServer, channel: Channel, ann: Person
) -> None:
    """A reply carries what it answers, pings its author, and may do without it when told so."""
    asked = discord.world.message(channel, ann.user, "please")
    reference = {"message_id": str(asked.id), "channel_id": str(channel.id)}
    said = await call("POST", _at(channel), {"content": "x", "message_reference": reference})
    quiet = {"content": "z", "message_reference": reference, "allowed_mentions": NOBODY}
    gone = {"message_id": "12", "fail_if_not_exists": False}
    alone = await call("POST", _at(channel), {"content": "y", "message_reference": gone})

    assert said.body["referenced_message"]["id"] == str(asked.id)
    assert "message_reference" not in alone.body
    await call("POST", _at(channel), quiet)
    assert not discord.messages(channel.id)[3].pings
    reply = discord.messages(channel.id)[1]
    assert (reply.reference, set(reply.pings)) == (asked, {ann.id})


async def test_only_own_messages_are_edited_and_deleted(
    call: Raw, discord: DiscordServer, channel: Channel, ann: Person
) -> None:
    """The bot edits its own messages alone, and deletes others only if it may manage them."""
    theirs = discord.world.message(channel, ann.user, "mine")
    edited = await call("PATCH", _at(channel, theirs.id), {"content": "x"})
    deleted = await call("DELETE", _at(channel, theirs.id))
    discord.world.permit(channel, MEMBER | Permission.MANAGE_MESSAGES)
    managed = await call("DELETE", _at(channel, theirs.id))

    assert (edited.refused, deleted.refused) == ((403, 50005), (403, 50013))
    assert (managed.status, theirs.deleted) == (204, True)
    assert (await call("GET", _at(channel, theirs.id))).refused == (404, 10008)


async def test_old_messages_are_edited_rarely(
    call: Raw, discord: DiscordServer, channel: Channel, clock: VirtualClock
) -> None:
    """More than a few edits of messages older than an hour are refused for a while."""
    old = discord.world.message(channel, discord.world.bot, "x", at=START - timedelta(days=30))
    path = _at(channel, old.id)
    said = [await call("PATCH", path, {"content": str(n)}) for n in range(4)]
    await clock.advance(21)
    later = await call("PATCH", path, {"content": "later"})

    assert [one.status for one in said] == [200, 200, 200, 429]
    assert (said[-1].code, "Via" in said[-1].headers, later.status) == (30046, True, 200)


async def test_history_is_paged(
    call: Raw, discord: DiscordServer, channel: Channel, ann: Person
) -> None:
    """History comes newest first, before and after an id; others' words are hidden."""
    ids = [int((await call("POST", _at(channel), {"content": c})).body["id"]) for c in "abc"]
    theirs = discord.world.message(channel, ann.user, "words")

    async def page(query: str) -> list[int]:
        return [int(one["id"]) for one in (await call("GET", _at(channel) + query)).body]

    assert await page("") == [theirs.id, *reversed(ids)]
    assert await page(f"?before={ids[2]}&limit=1") == [ids[1]]
    assert await page(f"?after={ids[0]}&limit=2") == [ids[2], ids[1]]
    assert (await call("GET", _at(channel, theirs.id))).body["content"] == ""
    assert (await call("GET", _at(channel) + "?limit=101")).refused == (400, 50035)


async def test_history_needs_permission(
    call: Raw, discord: DiscordServer, channel: Channel
) -> None:
    """Without Read Message History there is none, and no single message and no reply either."""
    said = await call("POST", _at(channel), {"content": "x"})
    discord.world.forbid(channel, Permission.READ_MESSAGE_HISTORY)
    reply = {"content": "y", "message_reference": {"message_id": said.body["id"]}}

    assert (await call("GET", _at(channel))).body == []
    assert (await call("GET", _at(channel, said.body["id"]))).refused == (403, 50013)
    assert (await call("POST", _at(channel), reply)).refused == (403, 160002)


@pytest.mark.parametrize(
    ("missing", "refused"),
    [
        (Permission.VIEW_CHANNEL, (403, 50001)),
        (Permission.SEND_MESSAGES, (403, 50013)),
        (Permission.ATTACH_FILES, (403, 50013)),
    ],
)
async def test_post_needs_permissions(
    call: Raw,
    discord: DiscordServer,
    channel: Channel,
    missing: Permission,
    refused: tuple[int, int],
) -> None:
    """Each permission that a post with a file needs has its refusal."""
    discord.world.forbid(channel, missing)

    assert (await call("POST", _at(channel), {}, files={"a": b"x"})).refused == refused


async def test_administrator_may_everything(
    call: Raw, discord: DiscordServer, channel: Channel
) -> None:
    """One permission stands for all."""
    discord.world.permit(channel, Permission.ADMINISTRATOR)

    assert (await call("POST", _at(channel), {}, files={"a": b"x"})).status == 200


async def test_group_is_not_the_bots(call: Raw, discord: DiscordServer, ann: Person) -> None:
    """In a group DM the bot's own token does nothing."""
    group = discord.world.group_dm(ann.user)

    assert (await call("POST", _at(group), {"content": "x"})).refused == (403, 50001)


async def test_gone_places_are_refused(
    call: Raw, discord: DiscordServer, channel: Channel, guild: Guild
) -> None:
    """A deleted channel is unknown; one of a guild without the bot is not for it."""
    other = discord.world.channel(guild)
    discord.world.delete_channel(other)
    deleted = await call("POST", _at(other), {"content": "x"})
    discord.world.remove_bot(guild)
    outside = await call("POST", _at(channel), {"content": "x"})

    assert (deleted.refused, outside.refused) == ((404, 10003), (403, 50001))
    assert (await call("GET", f"/guilds/{guild.id}")).refused == (404, 10004)


async def test_forum_takes_no_message(call: Raw, discord: DiscordServer, guild: Guild) -> None:
    """There are channels that hold no messages."""
    forum = discord.world.channel(guild, kind="forum")

    assert (await call("POST", _at(forum), {"content": "x"})).refused == (400, 50008)


async def test_bad_token_is_unauthorised(call: Raw, channel: Channel) -> None:
    """Without the bot's token nothing is done."""
    for token in ("wrong", None):
        said = await call("POST", _at(channel), {"content": "x"}, token=token)
        assert said.refused == (401, 0)
