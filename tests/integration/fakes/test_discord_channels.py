"""Threads, DMs and guilds: what the fake Discord opens, shows and refuses."""

from __future__ import annotations

from typing import Any

import pytest

from tests.fakes.discord_raw import Raw
from tests.fakes.discord_server import DiscordServer
from tests.fakes.discord_user import Person
from tests.fakes.discord_values import MEMBER, Channel, Guild, Permission


async def _post(call: Raw, channel: Channel) -> Any:
    return await call("POST", f"/channels/{channel.id}/messages", {"content": "x"})


async def _threaded(call: Raw, channel: Channel, **body: object) -> Any:
    posted = await _post(call, channel)
    path = f"/channels/{channel.id}/messages/{posted.body['id']}/threads"
    return await call("POST", path, {"name": "results", **body})


async def test_thread_has_its_messages_id(
    call: Raw, discord: DiscordServer, channel: Channel
) -> None:
    """A thread starts once on a message, has its id, and shows on it."""
    started = await _threaded(call, channel, auto_archive_duration=60)
    (thread,) = discord.threads(channel.id)
    path = f"/channels/{channel.id}/messages/{thread.id}"
    again = await call("POST", f"{path}/threads", {"name": "twice"})
    shown = await call("GET", path)

    assert (started.status, started.body["id"]) == (201, str(discord.messages(channel)[0].id))
    assert started.body["thread_metadata"]["auto_archive_duration"] == 60
    assert again.refused == (400, 160004)
    assert shown.body["thread"]["name"] == "results"


async def test_history_of_a_thread_begins_with_its_start(
    call: Raw, discord: DiscordServer, channel: Channel
) -> None:
    """The API shows an empty first message that points to where the thread was started."""
    thread_id = (await _threaded(call, channel)).body["id"]
    posted = await call("POST", f"/channels/{thread_id}/messages", {"content": "y"})
    newest, first = (await call("GET", f"/channels/{thread_id}/messages")).body

    assert (newest["id"], first["type"], first["content"]) == (posted.body["id"], 21, "")
    assert first["referenced_message"]["id"] == thread_id
    assert [m.content for m in discord.messages(int(thread_id))] == ["y"]


async def test_announcements_have_their_own_threads(
    call: Raw, discord: DiscordServer, guild: Guild
) -> None:
    """In an announcement channel the thread is of another kind."""
    news = discord.world.channel(guild, kind="announcement")

    assert (await _threaded(call, news)).body["type"] == 10


@pytest.mark.parametrize(
    ("body", "status"), [({"name": "x" * 101}, 400), ({"auto_archive_duration": 61}, 400)]
)
async def test_thread_form(
    call: Raw, channel: Channel, body: dict[str, object], status: int
) -> None:
    """Name and archiving keep to what is allowed."""
    assert (await _threaded(call, channel, **body)).refused == (status, 50035)


async def test_no_thread_where_there_are_none(
    call: Raw, discord: DiscordServer, channel: Channel, ann: Person
) -> None:
    """Not in a thread, not in a DM."""
    thread = discord.world.thread(channel)

    assert (await _threaded(call, thread)).refused == (400, 50024)
    assert (await _threaded(call, discord.world.dm(ann.user))).refused == (400, 50024)


async def test_thread_refusals(
    call: Raw, discord: DiscordServer, channel: Channel, guild: Guild
) -> None:
    """Too many threads, no permission, no message."""
    guild.max_active_threads = 0
    full = await _threaded(call, channel)
    discord.world.forbid(channel, Permission.CREATE_PUBLIC_THREADS)
    forbidden = await _threaded(call, channel)
    unknown = await call("POST", f"/channels/{channel.id}/messages/7/threads", {"name": "x"})

    assert (full.refused, forbidden.refused) == ((400, 160006), (403, 50013))
    assert unknown.refused == (404, 10008)


async def test_archived_thread(call: Raw, discord: DiscordServer, channel: Channel) -> None:
    """In an archived thread nothing is edited; a post opens it, unless it is locked."""
    thread = discord.world.thread(channel)
    posted = await _post(call, thread)
    path = f"/channels/{thread.id}/messages/{posted.body['id']}"
    discord.world.archive(thread)
    edited = await call("PATCH", path, {"content": "y"})
    opened = await _post(call, thread)
    was_open = not thread.archived
    discord.world.archive(thread, locked=True)
    locked = await _post(call, thread)
    discord.world.permit(channel, MEMBER | Permission.MANAGE_THREADS)
    managed = await _post(call, thread)

    assert (edited.refused, opened.status, was_open) == ((400, 50083), 200, True)
    assert (locked.refused, managed.status) == ((403, 160005), 200)


async def test_threads_have_a_permission_of_their_own(
    call: Raw, discord: DiscordServer, channel: Channel
) -> None:
    """Sending in the channel does not count in its threads, nor the other way round."""
    thread = discord.world.thread(channel)
    discord.world.permit(channel, MEMBER & ~Permission.SEND_MESSAGES_IN_THREADS)
    assert ((await _post(call, thread)).code, (await _post(call, channel)).status) == (50013, 200)

    discord.world.permit(channel, MEMBER & ~Permission.SEND_MESSAGES)
    path = f"/channels/{thread.id}/messages"
    assert (await call("POST", path, {}, files={"a": b"x"})).status == 200
    assert ((await _post(call, thread)).status, (await _post(call, channel)).code) == (200, 50013)


async def test_thread_is_edited_by_its_owner(
    call: Raw, discord: DiscordServer, channel: Channel
) -> None:
    """The bot archives, renames and opens its own thread; locking is for managers."""
    thread = discord.world.thread(channel)
    path = f"/channels/{thread.id}"
    archived = await call("PATCH", path, {"archived": True})
    renamed = await call("PATCH", path, {"name": "new"})
    opened = await call("PATCH", path, {"archived": False, "name": "new"})
    locked = await call("PATCH", path, {"locked": True})

    assert (archived.status, renamed.refused) == (200, (400, 50083))
    assert (opened.status, thread.name, locked.refused) == (200, "new", (403, 50013))
    assert (await call("PUT", f"{path}/thread-members/@me")).status == 204


async def test_deleted_channel_takes_its_threads(
    call: Raw, discord: DiscordServer, channel: Channel
) -> None:
    """A thread is unknown once it or its channel is gone."""
    first, second = discord.world.thread(channel), discord.world.thread(channel)
    discord.world.delete_channel(first)
    alone = await _post(call, first)
    discord.world.delete_channel(channel)

    assert (alone.refused, (await _post(call, second)).refused) == ((404, 10003),) * 2


async def test_dm_is_opened_once(call: Raw, discord: DiscordServer, ann: Person) -> None:
    """A DM is the same each time; who takes none is only refused when something is sent."""
    body = {"recipient_id": str(ann.id)}
    first = await call("POST", "/users/@me/channels", body)
    again = await call("POST", "/users/@me/channels", body)
    dm = discord.world.dm(ann.user)
    sent = await _post(call, dm)
    ann.user.takes_dms = False
    refused = await _post(call, dm)

    assert first.body["id"] == again.body["id"] == str(dm.id)
    assert (first.body["type"], sent.status, refused.refused) == (1, 200, (403, 50007))
    shown = await call("GET", f"/channels/{dm.id}")
    assert [one["id"] for one in shown.body["recipients"]] == [str(ann.id)]
    assert "guild_id" not in shown.body


async def test_dm_needs_a_person(call: Raw, discord: DiscordServer) -> None:
    """Nobody, and a bot, have no DM."""
    nobody = await call("POST", "/users/@me/channels", {"recipient_id": "7"})
    itself = {"recipient_id": str(discord.world.bot.id)}

    assert nobody.refused == (400, 50033)
    assert (await call("POST", "/users/@me/channels", itself)).refused == (403, 50007)


async def test_guild_tells_what_a_check_needs(
    call: Raw, discord: DiscordServer, guild: Guild, channel: Channel, ann: Person
) -> None:
    """Channel, roles and members are shown as far as permissions follow from them."""
    thread = discord.world.thread(channel)
    member = await call("GET", f"/guilds/{guild.id}/members/{discord.application_id}")
    roles = await call("GET", f"/guilds/{guild.id}/roles")
    own = {role["id"]: role for role in roles.body}[member.body["roles"][0]]
    channels = await call("GET", f"/guilds/{guild.id}/channels")
    shown = await call("GET", f"/channels/{thread.id}")

    assert own["permissions"] == str(int(MEMBER))
    assert [one["id"] for one in channels.body] == [str(channel.id)]
    assert shown.body["parent_id"] == str(channel.id)
    assert (await call("GET", f"/users/{ann.id}")).body["username"] == "ann"
    assert (await call("GET", f"/guilds/{guild.id}/members/7")).refused == (404, 10013)


async def test_managers_delete_channels(
    call: Raw, discord: DiscordServer, channel: Channel
) -> None:
    """Deleting needs a permission of its own, for threads another one."""
    thread = discord.world.thread(channel)
    refused = await call("DELETE", f"/channels/{thread.id}")
    discord.world.permit(channel, MEMBER | Permission.MANAGE_THREADS)
    deleted = await call("DELETE", f"/channels/{thread.id}")

    assert (refused.refused, deleted.status, thread.deleted) == ((403, 50013), 200, True)
    assert (await call("DELETE", f"/channels/{channel.id}")).refused == (403, 50013)
