"""The CDN: signed links that die, files that are lost, pictures from elsewhere."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import aiohttp
import pytest

from tests.fakes.clock import VirtualClock
from tests.fakes.discord_raw import Raw
from tests.fakes.discord_server import DiscordServer
from tests.fakes.discord_user import Person
from tests.fakes.discord_values import Channel


async def _get(url: str, **headers: str) -> tuple[int, bytes, str]:
    async with aiohttp.ClientSession() as http, http.get(url, headers=headers) as answer:
        return answer.status, await answer.read(), answer.headers["Content-Type"]


@pytest.fixture
async def posted(call: Raw, channel: Channel, png: bytes) -> Any:
    path = f"/channels/{channel.id}/messages"
    return (await call("POST", path, {}, files={"a b.png": png})).body


async def test_file_is_served(posted: Any, discord: DiscordServer, png: bytes) -> None:
    """A file comes back as it was, from the CDN and its proxy; spaces are not in its name."""
    (upload,) = posted["attachments"]

    assert upload["filename"] == "a_b.png"
    assert await _get(upload["url"]) == (200, png, "image/png")
    assert await _get(upload["proxy_url"]) == (200, png, "image/png")
    assert [fetch.with_credentials for fetch in discord.cdn.fetches] == [False, False]


async def test_link_dies(
    posted: Any, call: Raw, discord: DiscordServer, channel: Channel, clock: VirtualClock
) -> None:
    """A link works for its time; the message then has a fresh one."""
    url = posted["attachments"][0]["url"]
    await clock.advance(timedelta(hours=24).total_seconds() - 1)
    alive = await _get(url)
    await clock.advance(2)
    dead = await _get(url)
    again = await call("GET", f"/channels/{channel.id}/messages/{posted['id']}")

    assert (alive[0], dead[0]) == (200, 404)
    assert (await _get(again.body["attachments"][0]["url"]))[0] == 200


async def test_link_needs_its_signature(posted: Any) -> None:
    """Neither no signature nor another one opens a file."""
    url = posted["attachments"][0]["url"]

    assert (await _get(url.split("?")[0]))[0] == 404
    assert (await _get(url.replace("hm=", "hm=0")))[0] == 404
    assert (await _get(url.replace("ex=", "ex=f")))[0] == 404
    assert (await _get(url.replace("/attachments/", "/attachments/x/")))[0] == 404


async def test_lost_file(posted: Any, discord: DiscordServer, channel: Channel) -> None:
    """A file may be gone although its link lives."""
    discord.messages(channel)[0].attachments[0].lost = True

    assert (await _get(posted["attachments"][0]["url"]))[0] == 404


async def test_picture_elsewhere_is_proxied(
    discord: DiscordServer, png: bytes, channel: Channel, ann: Person
) -> None:
    """An embed's picture is served by the media proxy alone."""
    embed = discord.embed("https://example.org/a.png", png)
    discord.world.message(channel, ann.user, embeds=[embed])
    proxied = embed["thumbnail"]["proxy_url"]

    assert embed["thumbnail"]["width"] == 40
    assert await _get(proxied) == (200, png, "image/png")
    assert (await _get(proxied + "x"))[0] == 404


async def test_option_files_are_ephemeral(ann: Person, png: bytes) -> None:
    """What came with an option is served from a place of its own."""
    shown = await ann.slash("redraw", attachments={"image": ("a.png", png)}, waits=False)
    (upload,) = shown.interaction.data["resolved"]["attachments"].values()

    assert "/ephemeral-attachments/" in upload["url"]
    assert upload["ephemeral"]
    assert (await _get(upload["url"]))[1] == png


async def test_cdn_fails_when_told(posted: Any, discord: DiscordServer) -> None:
    """The CDN has faults as the API has, and tells who came with credentials."""
    discord.faults.fail("GET /attachments", status=503)
    discord.faults.fail("GET /attachments", drop=True, times=2)  # aiohttp repeats a GET once
    url = posted["attachments"][0]["url"]
    failed = await _get(url, Authorization="Bot secret")
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await _get(url)

    assert failed[0] == 503
    assert (await _get(url))[0] == 200
    assert [fetch.status for fetch in discord.cdn.fetches] == [503, 0, 0, 200]
    assert [f.with_credentials for f in discord.cdn.fetches] == [True, False, False, False]
