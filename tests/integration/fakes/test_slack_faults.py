"""Calls that fail, are held, are cut off or limited on the fake Slack, and spent response URLs."""

from __future__ import annotations

import asyncio

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_sdk.web.async_client import AsyncWebClient

from tests.fakes.clock import VirtualClock
from tests.fakes.slack_raw import Api, Line
from tests.fakes.slack_server import SlackServer
from tests.fakes.slack_user import Person
from tests.fakes.slack_values import Channel as Room

POST = "chat.postMessage"


async def test_fault_comes_as_often_as_asked(slack: SlackServer, api: Api, room: Room) -> None:
    """The next calls of that method fail without effect, others and later ones do not."""
    fault = slack.faults.fail(POST, error="internal_error", times=2)
    errors = [(await api(POST, channel=room.id, text="x")).error for _ in range(3)]

    assert errors == ["internal_error", "internal_error", None]
    assert (fault.met, len(slack.messages(room))) == (2, 1)
    assert [call.ok for call in slack.called(POST)] == [False, False, True]


async def test_fault_by_predicate_and_status(slack: SlackServer, api: Api, room: Room) -> None:
    """A predicate chooses among calls; a status is not that of Slack's own errors."""
    slack.faults.fail(lambda asked: asked.text("text") == "bad", status=503)
    fine = await api(POST, channel=room.id, text="good")
    bad = await api(POST, channel=room.id, text="bad")

    assert (fine.status, bad.status) == (200, 503)
    assert [call.status for call in slack.calls] == [200, 503]


async def test_lost_answer(slack: SlackServer, api: Api, room: Room) -> None:
    """A call may take effect although it is said to fail."""
    slack.faults.fail(POST, error="internal_error", after_taking=True)
    said = await api(POST, channel=room.id, text="x")

    assert (said.error, len(slack.messages(room))) == ("internal_error", 1)


@pytest.mark.parametrize("after_taking", [False, True])
async def test_dropped_connection(
    slack: SlackServer, api: Api, room: Room, after_taking: bool
) -> None:
    """A connection may be cut before or after the call took effect."""
    slack.faults.fail(POST, drop=True, after_taking=after_taking)
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await api(POST, channel=room.id, text="x")

    assert len(slack.messages(room)) == int(after_taking)
    assert slack.calls[-1].status == 0


@pytest.mark.parametrize("after_taking", [False, True])
async def test_held_call(slack: SlackServer, api: Api, room: Room, after_taking: bool) -> None:
    """A held call waits until it is let go, before or after it took effect."""
    fault = slack.faults.fail(POST, hold=True, after_taking=after_taking)
    async with asyncio.TaskGroup() as tasks:
        posting = tasks.create_task(api(POST, channel=room.id, text="x"))
        await asyncio.wait_for(fault.reached.wait(), 5)
        held = (posting.done(), len(slack.messages(room)))
        fault.release()

    assert held == (False, int(after_taking))
    assert posting.result().error is None


async def test_faults_of_the_file_host(
    slack: SlackServer, api: Api, eve: Person, png: bytes
) -> None:
    """Downloads and uploads fail and are cut off too."""
    file = eve.upload({"a.png": png}).files[0]
    url = f"{slack.files_url}/files-pri/{slack.world.team_id}-{file.id}/a.png"
    params = {"filename": "a.png", "length": str(len(png))}
    begun = (await api.send("files.getUploadURLExternal", params=params)).body
    slack.faults.fail("GET files", status=503)
    slack.faults.fail("POST upload", status=500)
    down = await api.fetch(url, token=slack.bot_token)
    up = await api.fetch(begun["upload_url"], verb="POST", data=png)
    slack.faults.fail("POST upload", drop=True, after_taking=True)
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await api.fetch(begun["upload_url"], verb="POST", data=png)
    done = await api("files.completeUploadExternal", files=[{"id": begun["file_id"]}])

    assert (down.status, up.status, done.error) == (503, 500, None)
    assert [fetch.status for fetch in slack.hosting.fetches] == [503, 500, 0]


async def test_tiers(slack: SlackServer, api: Api, room: Room, clock: VirtualClock) -> None:
    """Slack's own limits: fifty edits in a minute and workspace, posts by channel."""
    slack.limits.on = True
    ts = (await api(POST, channel=room.id, text="x")).body["ts"]
    edits = [await api("chat.update", channel=room.id, ts=ts, text="y") for _ in range(51)]
    posts = [await api(POST, channel=room.id, text="x") for _ in range(5)]
    elsewhere = await api(POST, channel=slack.world.channel().id, text="x")
    await clock.advance(60)
    later = await api("chat.update", channel=room.id, ts=ts, text="y")

    assert [said.status for said in edits] == [200] * 50 + [429]
    assert (edits[-1].error, edits[-1].headers["Retry-After"]) == ("ratelimited", "60")
    assert [said.status for said in posts] == [200] * 4 + [429]
    assert (elsewhere.status, later.status) == (200, 200)


async def test_limit_of_a_test(
    slack: SlackServer, api: Api, room: Room, clock: VirtualClock
) -> None:
    """A test's own limit, with what is left of its window in whole seconds."""
    slack.limits.limit("auth.test", 1, within_s=5)
    await api("auth.test")
    await clock.advance(2.5)
    said = await api("auth.test")
    await clock.advance(2.5)

    assert (said.status, said.headers["Retry-After"]) == (429, "3")
    assert (await api("auth.test")).status == 200


async def test_library_meets_refusals_and_limits() -> None:
    """slack_sdk raises Slack's errors by name, and repeats after a 429 when told to."""
    async with SlackServer(allow_illegal=True) as slack:
        client = AsyncWebClient(slack.bot_token, base_url=slack.api_url)
        client.retry_handlers.append(AsyncRateLimitErrorRetryHandler(max_retry_count=1))
        room = slack.world.channel()
        slack.faults.fail(POST, status=429, retry_after_s=0.1)
        posted = await client.chat_postMessage(channel=room.id, text="x")
        slack.world.archive(room)
        with pytest.raises(SlackApiError) as refused:
            await client.chat_postMessage(channel=room.id, text="x")

    assert (posted["ok"], refused.value.response["error"]) == (True, "is_archived")
    assert [call.error for call in slack.calls] == ["ratelimited", None, "is_archived"]


async def _command(line: Line, eve: Person) -> str:
    shown = await eve.command("/redraw", waits=False)
    await line.ack(await line.next())
    return (await shown.acknowledged()).response_url


async def test_response_url_is_good_for_five(
    slack: SlackServer, api: Api, line: Line, eve: Person, clock: VirtualClock
) -> None:
    """Five posts, and half an hour."""
    url = await _command(line, eve)
    said = [await api.fetch(url, verb="POST", json={"text": "x"}) for _ in range(6)]
    other = await _command(line, eve)
    await clock.advance(30 * 60 + 1)
    late = await api.fetch(other, verb="POST", json={"text": "x"})

    assert [one.status for one in said] == [200] * 5 + [404]
    assert [one.data for one in said[:1]] == [b"ok"]
    assert (said[5].error, late.error) == ("used_url", "expired_url")
    assert [call.ok for call in slack.posts] == [True] * 5 + [False] * 2


async def test_response_for_all_and_instead(
    slack: SlackServer, api: Api, line: Line, eve: Person, room: Room
) -> None:
    """Words for everybody, and words in place of the message with the button."""
    button = {"type": "button", "action_id": "b", "text": {"type": "plain_text", "text": "B"}}
    blocks = [{"type": "actions", "elements": [button]}]
    await api("chat.postEphemeral", channel=room.id, user=eve.id, text="x", blocks=blocks)
    private = slack.world.messages[0]
    shown = await eve.click(private, "B", waits=False)
    envelope = await line.next()
    await line.ack(envelope)
    await shown.acknowledged()

    async def respond(**said: object) -> int:
        return (await api.fetch(shown.response_url, verb="POST", json=said)).status

    assert await respond(text="for all", response_type="in_channel") == 200
    assert await respond(text="instead", replace_original=True) == 200
    replaced = (private.text, private.blocks)
    assert await respond(delete_original=True) == 200
    assert await respond(delete_original=True) == 404
    assert envelope["payload"]["container"]["is_ephemeral"]
    assert "message" not in envelope["payload"]
    assert replaced == ("instead", [])
    assert ([m.text for m in slack.messages(room)], private.deleted) == (["for all"], True)


async def test_response_url_fails(slack: SlackServer, api: Api, line: Line, eve: Person) -> None:
    """Posts to a response URL meet faults too, and then do not count."""
    url = await _command(line, eve)
    slack.faults.fail("response_url", status=500)
    failed = await api.fetch(url, verb="POST", json={"text": "x"})

    assert failed.status == 500
    assert slack.world.messages == []
