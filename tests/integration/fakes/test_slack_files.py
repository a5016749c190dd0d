"""Files on the fake Slack: uploads whose shares come later, who sees what, and the file host."""

from __future__ import annotations

import pytest

from tests.fakes.clock import VirtualClock
from tests.fakes.slack_raw import Api
from tests.fakes.slack_server import SlackServer
from tests.fakes.slack_user import Person
from tests.fakes.slack_values import Channel as Room
from tests.fakes.slack_values import File, Json

SHARED_S = 0.1
"""More than a share takes, by the fake's clock."""


async def _begun(api: Api, name: str, data: bytes, **more: object) -> Json:
    params = {"filename": name, "length": str(len(data)), **more}
    said = await api.send("files.getUploadURLExternal", params=params)
    assert said.error is None
    return said.body


async def _uploaded(api: Api, name: str, data: bytes, **more: object) -> str:
    begun = await _begun(api, name, data, **more)
    said = await api.fetch(begun["upload_url"], verb="POST", data=data)
    assert (said.status, said.data) == (200, f"OK - {len(data)}".encode())
    assert said.headers["Content-Type"].startswith("text/plain")
    return str(begun["file_id"])


async def _completed(api: Api, *files: str, **more: object) -> str | None:
    named = [{"id": each, "title": "a title"} for each in files]
    return (await api("files.completeUploadExternal", files=named, **more)).error


async def _info(api: Api, file: str) -> Json:
    found: Json = (await api("files.info", file=file)).body["file"]
    return found


async def test_shares_come_later(
    slack: SlackServer, api: Api, room: Room, png: bytes, clock: VirtualClock
) -> None:
    """Completing an upload shares nothing yet; soon after it is one message with its files."""
    root = slack.world.message(room, slack.world.bot, "card")
    files = [await _uploaded(api, f"{n}.png", png, alt_txt=f"picture {n}") for n in range(2)]
    error = await _completed(
        api, *files, channel_id=room.id, thread_ts=root.ts, initial_comment="done"
    )
    before = await _info(api, files[0])
    await clock.advance(SHARED_S)
    after = await _info(api, files[0])

    (shared,) = slack.thread(root)
    assert (error, before["shares"], before["mimetype"]) == (None, {}, "")
    assert [share["ts"] for share in after["shares"]["public"][room.id]] == [shared.ts]
    assert (after["mimetype"], after["title"], after["alt_txt"]) == (
        "image/png",
        "a title",
        "picture 0",
    )
    assert (after["original_w"], after["original_h"], after["size"]) == (40, 30, len(png))
    assert (shared.text, [file.name for file in shared.files]) == ("done", ["0.png", "1.png"])


async def test_held_shares(
    slack: SlackServer, api: Api, room: Room, png: bytes, clock: VirtualClock
) -> None:
    """A share may take as long as a test likes."""
    slack.world.shares_held = True
    await _completed(api, await _uploaded(api, "a.png", png), channel_id=room.id)
    await clock.advance(60)
    held = len(slack.messages(room))
    slack.release_shares()

    assert (held, len(slack.messages(room))) == (0, 1)


async def test_alt_text_of_what_is_no_picture(
    slack: SlackServer, api: Api, room: Room, clock: VirtualClock
) -> None:
    """It is taken, and never shared."""
    file = await _uploaded(api, "a.txt", b"words", alt_txt="words")
    error = await _completed(api, file, channel_id=room.id)
    await clock.advance(SHARED_S)

    assert error is None
    assert slack.messages(room) == []
    assert (await _info(api, file))["shares"] == {}


async def test_file_of_nobody(
    slack: SlackServer, api: Api, png: bytes, clock: VirtualClock
) -> None:
    """Without a channel the file stays the bot's own, and can be shown in a block once ready."""
    file = await _uploaded(api, "a.png", png)
    await _completed(api, file)
    block = {"type": "image", "alt_text": "a", "slack_file": {"id": file}}
    room = slack.world.channel()
    early = await api("chat.postMessage", channel=room.id, text="x", blocks=[block])
    await clock.advance(SHARED_S)
    later = await api("chat.postMessage", channel=room.id, text="x", blocks=[block])

    assert (early.error, later.error) == ("invalid_blocks", None)


@pytest.mark.parametrize(
    ("switch", "error"),
    [
        ({"uploads_disabled": True}, "file_uploads_disabled"),
        ({"images_only": True}, "file_uploads_except_images_disabled"),
        ({"storage_full": True}, "storage_limit_reached"),
        ({"largest_upload_bytes": 3}, "file_upload_size_restricted"),
        ({"forbidden_types": {"webp"}}, "file_type_not_allowed"),
    ],
)
async def test_admin_forbids_uploads(
    slack: SlackServer, api: Api, switch: Json, error: str
) -> None:
    """Each of an admin's switches has its error."""
    for name, value in switch.items():
        setattr(slack.world, name, value)
    params = {"filename": "a.webp", "length": "10"}
    said = await api.send("files.getUploadURLExternal", params=params)

    assert said.error == error


async def test_wrong_uploads(slack: SlackServer, api: Api, room: Room, png: bytes) -> None:
    """Bytes that are not as announced, uploads that are not done, and places that are not open."""
    begun = await _begun(api, "a.png", png)
    short = await api.fetch(begun["upload_url"], verb="POST", data=png[:-1])
    early = await _completed(api, begun["file_id"], channel_id=room.id)
    empty = await api.send(
        "files.getUploadURLExternal", params={"filename": "a.png", "length": "0"}
    )
    file = await _uploaded(api, "a.png", png)
    other = slack.world.channel("other", has_bot=False)
    outside = await _completed(api, file, channel_id=other.id)
    nowhere = await _completed(api, file, channel_id="C1")
    done = [await _completed(api, file, channel_id=room.id) for _ in range(2)]

    assert (short.status, early, empty.error) == (400, "file_not_found", "missing_argument")
    assert (outside, nowhere, done) == (
        "not_in_channel",
        "channel_not_found",
        [None, "file_not_found"],
    )


async def test_deleted_file(
    slack: SlackServer, api: Api, room: Room, *, png: bytes, eve: Person, clock: VirtualClock
) -> None:
    """The bot deletes its own files; messages then show what was there."""
    file = await _uploaded(api, "a.png", png)
    await _completed(api, file, channel_id=room.id)
    await clock.advance(SHARED_S)
    theirs = eve.upload({"b.png": png}).files[0]
    errors = [(await api("files.delete", file=each)).error for each in (file, theirs.id, file)]

    assert errors == [None, "cant_delete_file", "file_deleted"]
    assert (await api("files.info", file=file)).error == "file_deleted"


@pytest.mark.parametrize(
    ("private", "has_bot", "sees"), [(False, False, True), (True, False, False), (True, True, True)]
)
async def test_who_sees_a_file(
    slack: SlackServer, api: Api, *, png: bytes, private: bool, has_bot: bool, sees: bool
) -> None:
    """A file of a private channel is the members' alone, at the API and at the file host."""
    place = slack.world.channel("place", private=private, has_bot=has_bot)
    file = slack.user("bob", channel=place).upload({"a.png": png}).files[0]
    said = await api("files.info", file=file.id)
    url = f"{slack.files_url}/files-pri/{slack.world.team_id}-{file.id}/download/a.png"
    got = await api.fetch(url, token=slack.bot_token)

    assert said.error == (None if sees else "file_not_found")
    assert (got.data == png) is sees


def _link(slack: SlackServer, file: File) -> str:
    return f"{slack.files_url}/files-pri/{slack.world.team_id}-{file.id}/{file.name}"


@pytest.mark.parametrize("redirects", [False, True])
@pytest.mark.parametrize("token", [None, "xoxb-another"])
async def test_strangers_get_the_login_page(
    slack: SlackServer, api: Api, *, eve: Person, png: bytes, redirects: bool, token: str | None
) -> None:
    """Without the right token a file is a page of HTML with status 200."""
    slack.hosting.redirects_to_login = redirects
    file = eve.upload({"a.png": png}).files[0]
    got = await api.fetch(_link(slack, file), token=token)

    assert (got.status, got.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert got.data.startswith(b"<!DOCTYPE html>")
    assert [fetch.status for fetch in slack.hosting.fetches] == ([302, 200] if redirects else [200])
    assert slack.hosting.fetches[0].with_credentials is (token is not None)


async def test_login_page_for_want_of_a_scope(
    slack: SlackServer, api: Api, eve: Person, png: bytes
) -> None:
    """Without files:read, and with a dead token, the right token is no help."""
    file = eve.upload({"a.png": png}).files[0]
    slack.world.scopes.discard("files:read")
    unscoped = await api.fetch(_link(slack, file), token=slack.bot_token)
    slack.world.scopes.add("files:read")
    fine = await api.fetch(_link(slack, file), token=slack.bot_token)
    slack.world.token_error = "token_revoked"
    dead = await api.fetch(_link(slack, file), token=slack.bot_token)

    assert [got.data == png for got in (unscoped, fine, dead)] == [False, True, False]


async def test_stub_and_external_files(
    slack: SlackServer, api: Api, eve: Person, png: bytes
) -> None:
    """A stub shows only its id in messages; an external file is at somebody else's address."""
    slack.hosting.foreign["/p.png"] = (png, "image/png")
    url = f"{slack.foreign_url}/p.png"
    stub = slack.world.file(eve.user, "a.png", png, stub=True)
    external = slack.world.file(eve.user, "b.png", b"", external_url=url)
    slack.world.scopes.add("channels:history")
    message = eve.upload([stub, external])
    said = await api("conversations.replies", channel=message.channel.id, ts=message.ts)
    shown = said.body["messages"][0]["files"]
    got = await api.fetch(shown[1]["url_private"], token=slack.bot_token)

    assert shown[0]["file_access"] == "check_file_info"
    assert "url_private" not in shown[0]
    assert (await _info(api, stub.id))["url_private"] == _link(slack, stub)
    assert (shown[1]["is_external"], shown[1]["mode"]) == (True, "external")
    assert (got.data, slack.hosting.fetches[-1].foreign) == (png, True)
    assert slack.hosting.fetches[-1].with_credentials


async def test_redirected_and_lost_files(
    slack: SlackServer, api: Api, eve: Person, png: bytes
) -> None:
    """The file host may send elsewhere, or not find what it had."""
    file = slack.world.file(
        eve.user, "a.png", png, redirects_to=f"{slack.foreign_url}/elsewhere.png"
    )
    eve.upload([file])
    away = await api.fetch(_link(slack, file), token=slack.bot_token, allow_redirects=False)
    file.redirects_to, file.lost = None, True
    lost = await api.fetch(_link(slack, file), token=slack.bot_token)

    assert (away.status, away.headers["Location"]) == (302, f"{slack.foreign_url}/elsewhere.png")
    assert lost.status == 404
