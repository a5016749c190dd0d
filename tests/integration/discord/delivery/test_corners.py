"""What hardly ever happens to a delivery, and has a defined end all the same."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from discord.http import Route

from adapters.discord import refusals
from adapters.discord.outgoing import Outgoing
from adapters.discord.posting import CANNOT_TELL
from adapters.discord.private import private_view
from adapters.discord.refusals import Refusal
from adapters.discord.wire import PAGE, PAGES
from core.errors import AppError, DeliveryRefused, DeliveryRetryable
from core.jobs.lifecycle import DeliveryKind, Reason, State
from tests.fakes.discord_errands import Bench
from tests.fakes.discord_values import Permission
from tests.fakes.tcp import listener

CARD, RESULT, FINAL = DeliveryKind.CARD, DeliveryKind.RESULT, DeliveryKind.CARD_FINAL
FILL = "PATCH /webhooks/{application}/{token}/messages/@original"
POST = "POST /channels/{channel}/messages"
EDIT = "PATCH /channels/{channel}/messages/{message}"
HISTORY = "GET /channels/{channel}/messages"
WINDOW_S = 121.0

JSON = b"Content-Type: application/json\r\n"


def words() -> Outgoing:
    return Outgoing(view=private_view("hello"))


@contextlib.asynccontextmanager
async def answering(answer: bytes) -> AsyncIterator[None]:
    """Have Discord answer every call with these bytes."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        await writer.drain()

    before = Route.BASE
    async with listener(serve) as port:
        Route.BASE = f"http://127.0.0.1:{port}"
        try:
            yield
        finally:
            Route.BASE = before


def http(body: bytes, headers: bytes = JSON) -> bytes:
    length = b"Content-Length: %d\r\nConnection: close\r\n" % len(body)
    return b"HTTP/1.1 200 OK\r\n" + headers + length + b"\r\n" + body


@pytest.mark.parametrize(
    "answer",
    [
        b"SSH-2.0-OpenSSH\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{",
        http(b"{"),
        http(b"[]"),
        http(b"{}"),
        http(b"<html>", b"Content-Type: text/html\r\n"),
    ],
    ids=["no HTTP", "cut", "no JSON", "a list", "no message", "a page"],
)
async def test_junk_may_be_followed_by_sense(bench: Bench, answer: bytes) -> None:
    rows = await bench.rows()
    token = str(rows.job.origin.data["token"])
    async with answering(answer):
        calls = [
            bench.wire.post(1, words(), nonce="n"),
            bench.wire.edit_original(1, token, words()),
            bench.wire.open_dm(1),
            bench.wire.is_bare(1) if b"[]" not in answer else bench.wire.read(1, 2),
        ]
        for call in calls:
            with pytest.raises(DeliveryRetryable) as caught:
                await call
            assert token not in repr(_all_of(caught.value))


async def test_a_history_that_is_too_long_cannot_be_told(bench: Bench) -> None:
    rows = await bench.ready(await bench.rows(await bench.asked(bench.server.world.dm(bench.ann))))
    bench.server.faults.fail(POST, drop=True)
    with pytest.raises(DeliveryRetryable):
        await rows.deliver(RESULT)
    for _ in range(PAGE * PAGES):
        bench.server.world.message(bench.server.world.dm(bench.ann), bench.ann, "busy")
    bench.clock.leap(WINDOW_S)
    with pytest.raises(DeliveryRefused, match=CANNOT_TELL):
        await rows.deliver(RESULT)
    assert len(bench.server.called(HISTORY)) == 1 + PAGES


@pytest.mark.parametrize("how", ["deleted", "kicked"])
async def test_a_channel_that_went_meanwhile_is_told_in_private(bench: Bench, how: str) -> None:
    """Whatever was posted, nothing more can be: the search says the same as the post."""
    rows = await bench.ready(await bench.rows())
    bench.server.world.forbid(bench.channel, Permission.CREATE_PUBLIC_THREADS)
    bench.server.faults.fail(POST, drop=True, after_taking=True)
    with pytest.raises(DeliveryRetryable):
        await rows.deliver(RESULT)
    if how == "deleted":
        bench.server.world.delete_channel(bench.channel)
    else:
        assert bench.channel.guild is not None
        bench.server.world.remove_bot(bench.channel.guild)
    bench.clock.leap(WINDOW_S)
    with pytest.raises(DeliveryRefused) as caught:
        await rows.deliver(RESULT)
    assert refusals.of(caught.value) in refusals.PLACE_LOST
    assert len(bench.server.messages(bench.server.world.dm(bench.ann))) == 1


@pytest.mark.parametrize("kind", [DeliveryKind.NOTICE, FINAL])
async def test_words_are_not_too_large(bench: Bench, kind: DeliveryKind) -> None:
    """Nothing could be made smaller: a no that is about size is one like any other."""
    rows = await bench.rows()
    await rows.deliver(CARD)
    rows.becomes(State.FAILED, reason=Reason.FILTERED)
    bench.server.faults.fail(POST if kind is DeliveryKind.NOTICE else EDIT, code=40005)
    with pytest.raises(DeliveryRefused):
        await rows.deliver(kind)


async def test_a_card_that_is_refused_for_what_it_says_is_refused(bench: Bench) -> None:
    """50035 and the like: neither the token nor the place is lost, and nothing else is tried."""
    rows = await bench.rows()
    bench.server.faults.fail(FILL, status=400, code=50035)
    with pytest.raises(DeliveryRefused) as caught:
        await rows.deliver(CARD)
    assert refusals.of(caught.value) is Refusal.OTHER
    assert not bench.server.called(POST)


async def test_a_last_edit_that_is_refused_for_what_it_says_is_refused(bench: Bench) -> None:
    rows = await bench.ready(await bench.rows())
    bench.server.faults.fail(EDIT, status=400, code=50035)
    with pytest.raises(DeliveryRefused):
        await rows.deliver(FINAL)


async def test_words_that_are_too_large_are_refused(bench: Bench) -> None:
    """After the file, which cannot be made any smaller."""
    rows = await bench.ready(await bench.rows())
    bench.server.faults.fail(POST, code=40005, times=2)
    with pytest.raises(DeliveryRefused):
        await rows.deliver(RESULT)
    assert [bool(call.files) for call in bench.server.called(POST)] == [True, False]


async def test_a_card_whose_picture_cannot_be_read_just_now_waits(bench: Bench) -> None:
    rows = await bench.rows()
    path = bench.spool.path_of(rows.job.prepared[0])
    data = path.read_bytes()
    path.unlink()
    path.mkdir()
    with pytest.raises(DeliveryRetryable):
        await rows.deliver(CARD)
    path.rmdir()
    path.write_bytes(data)
    await rows.deliver(CARD)


async def test_a_job_of_a_model_that_is_no_more_is_still_told(bench: Bench) -> None:
    rows = await bench.rows()
    gone = replace(rows.job.request, model_id="lost-model")
    rows.becomes(State.FAILED, request=gone, reason=Reason.REMOTE_FAILED)
    await rows.deliver(CARD)
    (card,) = bench.server.messages(bench.channel)
    assert "lost-model" in card.text.replace("\\", "")


def _all_of(error: BaseException) -> list[BaseException]:
    """Return an error with everything that it drags along."""
    found: list[BaseException] = []
    at: BaseException | None = error
    while at is not None:
        found.append(at)
        at = at.__cause__ or at.__context__
    assert isinstance(error, AppError)
    return found
