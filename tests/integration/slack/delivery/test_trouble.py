"""Whatever Slack, the line or slack_sdk does wrong, an AppError comes out of the wire."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest
import structlog
from pydantic import SecretStr

from adapters.slack import refusals
from adapters.slack.client import make_client
from adapters.slack.outgoing import Attached
from adapters.slack.pacing import POST_GAP_S
from adapters.slack.refusals import TOKEN_REFUSED_FOR_S, Refusal
from adapters.slack.render import private_message
from adapters.slack.uploads import AT_ONCE
from adapters.slack.wire import Ticket, Wire
from core.errors import AppError, DeliveryRefused, DeliveryRetryable, TooLarge
from core.jobs.lifecycle import DeliveryKind
from tests.fakes.slack_errands import Bench
from tests.fakes.tcp import listener

POST, UPDATE = "chat.postMessage", "chat.update"
JSON = b"Content-Type: application/json\r\n"
LIMIT_S = 4.0
"""Longer than any machine takes to make a call on loopback."""
TOKEN_ERRORS = ("invalid_auth", "account_inactive", "token_revoked", "token_expired", "not_authed")


async def say(bench: Bench, channel_id: str | None = None) -> None:
    await bench.wire.post(channel_id or bench.channel.id, private_message("hello"))


@contextlib.asynccontextmanager
async def answering(bench: Bench, answer: bytes) -> AsyncIterator[str]:
    """Have Slack answer every call with these bytes."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        await writer.drain()

    before = bench.client.base_url
    async with listener(serve) as port:
        bench.client.base_url = f"http://127.0.0.1:{port}/"
        try:
            yield bench.client.base_url
        finally:
            bench.client.base_url = before


def http(body: bytes, headers: bytes = JSON, status: bytes = b"200 OK") -> bytes:
    length = b"Content-Length: %d\r\nConnection: close\r\n" % len(body)
    return b"HTTP/1.1 " + status + b"\r\n" + headers + length + b"\r\n" + body


@pytest.mark.parametrize(
    "answer",
    [
        b"SSH-2.0-OpenSSH\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{",
        http(b"{"),
        http(b"[]"),
        http(b"[1]"),
        http(b"{}"),
        http(b'{"ok": true}'),
        http(b'{"ok": true, "file": []}'),
        http(b'{"ok": false, "error": ["no"]}'),
        http(b"<html>", b"Content-Type: text/html\r\n"),
        http(b"<html>", b"Content-Type: text/html\r\n", b"502 Bad Gateway"),
        http(b"hello", b"Content-Type: text/plain\r\n"),
        http(b"hello", b"Content-Type: application/gzip\r\n"),
    ],
)
async def test_junk_may_be_followed_by_sense(bench: Bench, answer: bytes) -> None:
    picture = Attached(name="a.png", data=b"png", alt=None)
    async with answering(bench, answer):
        calls = [
            say(bench),
            bench.wire.identify(),
            bench.wire.file("F1"),
            bench.wire.begin_upload(picture),
        ]
        for call in calls:
            with pytest.raises(DeliveryRetryable) as caught:
                await call
            assert bench.server.bot_token not in _everything(caught.value)


@pytest.mark.parametrize(
    "answer",
    [b"SSH-2.0-OpenSSH\r\n", b"", http(b"no", b"", b"500 Oops")],
    ids=["ssh", "cut", "500"],
)
async def test_an_address_that_is_a_secret_is_in_no_error(bench: Bench, answer: bytes) -> None:
    picture = Attached(name="a.png", data=b"png", alt=None)
    async with answering(bench, answer) as url:
        secret = f"{url}upload/secret-key"
        for call in (
            bench.wire.send(Ticket(file_id="F1", url=secret), picture),
            bench.wire.respond(secret, private_message("hello")),
        ):
            with pytest.raises(DeliveryRetryable) as caught:
                await call
            assert "secret-key" not in _everything(caught.value)
    assert "secret-key" not in repr(Ticket(file_id="F1", url=secret))


@pytest.mark.parametrize(
    ("status", "error"),
    [(b"400 Bad", DeliveryRefused), (b"404 No", DeliveryRefused), (b"413 Big", TooLarge)],
)
async def test_what_an_address_refuses(bench: Bench, status: bytes, error: type[AppError]) -> None:
    async with answering(bench, http(b"unknown upload", b"", status)) as url:
        ticket = Ticket(file_id="F1", url=url)
        with pytest.raises(error):
            await bench.wire.send(ticket, Attached(name="a.png", data=b"png", alt=None))


async def test_a_rate_limit_keeps_back_what_it_is_about(bench: Bench) -> None:
    """Posts are counted by channel, anything else by method."""
    other = bench.server.world.channel("other")
    bench.server.faults.fail(POST, status=429, retry_after_s=20)
    for _ in range(2):
        with pytest.raises(DeliveryRetryable) as caught:
            await say(bench)
        assert 15.0 < (caught.value.retry_after_s or 0.0) <= 20.0 + POST_GAP_S
        assert refusals.is_undone(caught.value)
    await say(bench, other.id)
    assert len(bench.server.called(POST)) == 2
    bench.clock.leap(20.0)
    await say(bench)


@pytest.mark.parametrize("error", TOKEN_ERRORS)
async def test_a_refused_token_keeps_every_call_back_and_is_the_operators(
    bench: Bench, error: str
) -> None:
    bench.server.faults.fail(POST, error=error)
    with structlog.testing.capture_logs() as logs, pytest.raises(DeliveryRetryable) as caught:
        await say(bench)
    assert caught.value.retry_after_s == TOKEN_REFUSED_FOR_S
    assert [each["event"] for each in logs] == ["slack_token_refused"]
    with pytest.raises(DeliveryRetryable):
        await bench.wire.identify()
    assert not bench.server.called("auth.test")
    bench.clock.leap(TOKEN_REFUSED_FOR_S)
    await say(bench)


async def test_a_missing_scope_is_said_to_the_operator(bench: Bench) -> None:
    bench.server.world.scopes.discard("chat:write")
    with structlog.testing.capture_logs() as logs, pytest.raises(DeliveryRefused) as caught:
        await say(bench)
    assert refusals.of(caught.value) is Refusal.NO_SCOPE
    assert (logs[0]["event"], logs[0]["method"]) == ("slack_scope_missing", POST)


async def test_a_call_that_slack_does_not_understand_is_our_bug(bench: Bench) -> None:
    bench.server.faults.fail(POST, error="invalid_blocks")
    with structlog.testing.capture_logs() as logs, pytest.raises(DeliveryRefused) as caught:
        await say(bench)
    assert refusals.of(caught.value) is Refusal.OTHER
    assert logs[0]["event"] == "slack_refused_a_call_of_ours"


@pytest.mark.parametrize("fault", [{"drop": True}, {"status": 500}, {"error": "fatal_error"}])
async def test_nothing_is_repeated_by_itself(bench: Bench, fault: dict[str, object]) -> None:
    bench.server.faults.fail(POST, **fault)  # type: ignore[arg-type]
    with pytest.raises(DeliveryRetryable) as caught:
        await say(bench)
    assert not refusals.is_undone(caught.value)
    assert len(bench.server.called(POST)) == 1


async def test_a_slack_that_cannot_be_reached_was_not_asked(bench: Bench) -> None:
    await bench.server.stop()
    with pytest.raises(DeliveryRetryable) as caught:
        await say(bench)
    assert refusals.is_undone(caught.value)
    await bench.server.start()
    await say(bench)


async def test_a_call_ends_when_its_time_is_over(bench: Bench) -> None:
    wire = Wire(bench.client, bench.clock, call_s=LIMIT_S, upload_s=LIMIT_S)
    fault = bench.server.faults.fail(POST, hold=True)
    with pytest.raises(DeliveryRetryable) as caught:
        await wire.post(bench.channel.id, private_message("hello"))
    assert fault.reached.is_set()
    assert not refusals.is_undone(caught.value)
    fault.release()


async def test_without_a_session_nothing_is_sent_to_an_address(bench: Bench) -> None:
    bench.client.session = None
    with pytest.raises(DeliveryRetryable) as caught:
        await bench.wire.respond("http://127.0.0.1:1/", private_message("hello"))
    assert refusals.is_undone(caught.value)


async def test_one_session_serves_all_calls(bench: Bench) -> None:
    session = bench.client.session
    assert session is not None
    client = make_client(token=SecretStr("xoxb-1"), session=session)
    assert client.base_url == "https://slack.com/api/"
    assert client.retry_handlers == []
    assert client.session is session
    assert session.timeout.total
    assert session.timeout.sock_read


async def test_the_token_is_known_by_its_scopes(bench: Bench) -> None:
    who = await bench.wire.identify()
    assert who.user_id == bench.server.world.bot.id
    assert who.team_id == bench.server.world.team_id
    assert who.scopes == bench.server.world.scopes


async def test_no_token_and_no_words_are_in_an_error_or_the_log(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    """Whatever level somebody logs at: slack_sdk would log what it sends."""
    caplog.set_level("DEBUG")
    url = await bench.response_url()
    rows = await bench.rows(response_url=url)
    shown: list[str] = []
    with structlog.testing.capture_logs() as logs:
        for fault in ({"drop": True}, {"status": 500}, {"error": "is_archived"}):
            bench.server.faults.fail(POST, **fault)
            try:
                await rows.deliver(DeliveryKind.CARD)
            except AppError as exc:
                shown.append(_everything(exc))
        await rows.deliver(DeliveryKind.CARD)
    assert len(shown) == 3
    everything = "\n".join(
        [*shown, *map(str, logs), caplog.text, repr(rows.row(DeliveryKind.CARD))]
    )
    for secret in (bench.server.bot_token, url.rpartition("/")[2], "woodcut"):
        assert secret not in everything


async def test_uploads_do_not_keep_anything_else_waiting(bench: Bench) -> None:
    """Three results hang and two wait for them; what is small goes through at once."""
    fault = bench.server.faults.fail("POST upload", times=9, hold=True)
    all_rows = [await bench.ready(await bench.rows()) for _ in range(5)]
    async with asyncio.TaskGroup() as tasks:
        for number, rows in enumerate(all_rows):
            tasks.create_task(rows.deliver(DeliveryKind.RESULT, seq=number))
        begun = "files.getUploadURLExternal"
        await bench.server.until(lambda: len(bench.server.called(begun)) == AT_ONCE, "uploads")
        await fault.reached.wait()
        await say(bench)
        assert len(bench.server.called(begun)) == AT_ONCE
        fault.release()
    assert len(bench.server.called("files.completeUploadExternal", ok=True)) == 5


def _everything(error: BaseException) -> str:
    """Return an error with all that it drags along, and what those hold."""
    found: list[str] = []
    at: BaseException | None = error
    while at is not None:
        found += [repr(at), str(at), repr(vars(at))]
        held = getattr(at, "response", None)
        found.append(repr(getattr(held, "req_args", "")))
        at = at.__cause__ or at.__context__
    return "\n".join(found)
