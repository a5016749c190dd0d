"""Whatever Discord, the line or discord.py does wrong, an AppError comes out of the wire."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import structlog

from adapters.discord import refusals
from adapters.discord.refusals import BANNED_FOR_S, TOKEN_REFUSED_FOR_S, Refusal
from adapters.discord.render import private_view
from adapters.discord.uploads import AT_ONCE
from adapters.discord.wire import Outgoing, Wire
from core.errors import AppError, DeliveryRefused, DeliveryRetryable
from core.jobs.lifecycle import DeliveryKind
from tests.fakes.clock import FastClock
from tests.fakes.discord_errands import Bench

FILL = "PATCH /webhooks/{application}/{token}/messages/@original"
POST = "POST /channels/{channel}/messages"
CARD = DeliveryKind.CARD
LIMIT_S = 4.0
"""Longer than any machine takes to make a call on loopback."""


def words(text: str = "hello") -> Outgoing:
    return Outgoing(view=private_view(text))


async def say(bench: Bench, nonce: str = "n") -> None:
    await bench.wire.post(bench.channel.id, words(), nonce=nonce)


@pytest.mark.parametrize("under_token", [True, False])
async def test_a_cut_line_is_tried_again(bench: Bench, under_token: bool) -> None:
    rows = await bench.rows()
    if not under_token:
        bench.clock.leap(900.0)
    bench.server.faults.fail(FILL if under_token else POST, drop=True)
    with pytest.raises(DeliveryRetryable):
        await rows.deliver(CARD)
    await rows.deliver(CARD)


async def test_discords_own_limit_is_waited_for(bench: Bench) -> None:
    bench.server.faults.fail(POST, status=429, retry_after_s=0.2)
    await say(bench)
    assert len(bench.server.called(POST)) == 2


async def test_a_long_limit_is_left_to_whoever_tries_again(bench: Bench) -> None:
    bench.server.faults.fail(POST, status=429, retry_after_s=120.0)
    with pytest.raises(DeliveryRetryable) as caught:
        await say(bench)
    assert caught.value.retry_after_s == 120.0


@pytest.mark.parametrize("under_token", [True, False])
async def test_a_ban_is_waited_out(bench: Bench, under_token: bool) -> None:
    rows = await bench.rows()
    if not under_token:
        bench.clock.leap(900.0)
    bench.server.faults.fail(FILL if under_token else POST, status=429, via=False)
    with pytest.raises(DeliveryRetryable) as caught:
        await rows.deliver(CARD)
    assert caught.value.retry_after_s == BANNED_FOR_S


async def test_a_refused_bot_token_is_the_operators(bench: Bench) -> None:
    """It is tried again, since an operator may mend it, and the log says so."""
    bench.server.faults.fail(POST, status=401)
    with structlog.testing.capture_logs() as logs, pytest.raises(DeliveryRetryable):
        await say(bench)
    assert [each["event"] for each in logs if each["log_level"] == "error"] == [
        "discord_token_refused"
    ]


async def test_a_call_that_discord_does_not_understand_is_our_bug(bench: Bench) -> None:
    bench.server.faults.fail(POST, status=400, code=50035)
    with structlog.testing.capture_logs() as logs, pytest.raises(DeliveryRefused) as caught:
        await say(bench)
    assert refusals.of(caught.value) is Refusal.OTHER
    assert logs[-1]["event"] == "discord_refused_a_call_of_ours"
    assert logs[-1]["code"] == 50035


async def test_nothing_is_said_before_the_login(bench: Bench) -> None:
    wire = Wire(bench.client, FastClock(100.0), asyncio.Event())
    with pytest.raises(DeliveryRetryable, match="not logged in"):
        await wire.post(bench.channel.id, words(), nonce="n")
    assert not bench.server.called(POST)


async def test_what_is_said_before_the_login_waits_for_it(bench: Bench) -> None:
    bench.logged_in.clear()
    async with asyncio.TaskGroup() as tasks:
        said = tasks.create_task(say(bench))
        await asyncio.sleep(0)
        assert not bench.server.called(POST)
        bench.logged_in.set()
    assert said.done()
    assert len(bench.server.called(POST)) == 1


async def test_a_closed_client_is_tried_again(bench: Bench) -> None:
    await bench.client.close()
    with pytest.raises(DeliveryRetryable):
        await say(bench)
    rows = await bench.rows()
    with pytest.raises(DeliveryRetryable):
        await rows.deliver(CARD)


async def test_a_call_ends_when_its_time_is_over(bench: Bench) -> None:
    wire = Wire(bench.client, bench.clock, bench.logged_in, call_s=LIMIT_S, upload_s=LIMIT_S)
    fault = bench.server.faults.fail(POST, hold=True)
    with pytest.raises(DeliveryRetryable):
        await wire.post(bench.channel.id, words(), nonce="n")
    assert fault.reached.is_set()
    fault.release()


async def test_no_token_is_in_an_error_or_the_log(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    """Nor an address of a picture; at the level that the bot logs at."""
    caplog.set_level("INFO")
    rows = await bench.rows()
    token = rows.job.origin.data["token"]
    shown: list[str] = []
    with structlog.testing.capture_logs() as logs:
        for fault in ({"drop": True}, {"status": 429, "retry_after_s": 0.05}, {"code": 50013}):
            bench.server.faults.fail(FILL, **fault)
            try:
                await rows.deliver(CARD)
            except AppError as exc:
                shown.extend((repr(exc), repr(exc.__cause__)))
    assert shown
    everything = "\n".join([*shown, *map(str, logs), caplog.text, repr(rows.row(CARD).state)])
    assert str(token) not in everything
    assert "ex=" not in everything


async def test_uploads_do_not_keep_anything_else_waiting(bench: Bench) -> None:
    """Three results hang and two wait for them; what is small goes through at once."""
    fault = bench.server.faults.fail(
        lambda asked: asked.route == POST and bool(asked.files), times=9, hold=True
    )
    all_rows = [await bench.ready(await bench.rows()) for _ in range(5)]
    async with asyncio.TaskGroup() as tasks:
        for number, rows in enumerate(all_rows):
            tasks.create_task(rows.deliver(DeliveryKind.RESULT, seq=number))
        await bench.server.until(
            lambda: len(bench.server.threads(bench.channel)) == AT_ONCE, "three threads"
        )
        await fault.reached.wait()
        await say(bench, "other")
        assert fault.met <= AT_ONCE
        fault.release()
    assert len(bench.server.called(POST)) == 6


@pytest.mark.parametrize(
    ("fault", "hold_s"),
    [({"status": 429, "via": False}, BANNED_FOR_S), ({"status": 401}, TOKEN_REFUSED_FOR_S)],
    ids=["ban", "token"],
)
async def test_what_bars_every_call_keeps_every_call_back(
    bench: Bench, fault: dict[str, Any], hold_s: float
) -> None:
    """However many jobs there are: asking on prolongs a ban, and 10,000 noes bring one about."""
    rows = await bench.rows()
    bench.server.faults.fail(POST, **fault)
    with pytest.raises(DeliveryRetryable):
        await say(bench)
    before = len(bench.server.calls)
    for call in (say(bench, "other"), rows.deliver(CARD), bench.wire.read(bench.channel.id, 1)):
        with pytest.raises(DeliveryRetryable) as caught:
            await call
        assert 0 < (caught.value.retry_after_s or 0) <= hold_s
    assert len(bench.server.calls) == before
    bench.clock.leap(hold_s)
    await rows.deliver(CARD)
