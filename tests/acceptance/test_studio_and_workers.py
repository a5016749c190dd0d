"""`redraw studio`, two of `redraw worker` and two of `redraw try`: real processes, each broker."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from celery import Celery

from tests.conformance.conftest import RABBITMQ_URL, SERVED, need
from tests.fakes.pictures import encoded, photo
from tests.integration.bot.processes import end, redraw, start

pytestmark = pytest.mark.slow

KEY = "studio-key-0123456789"
REDIS_URL = "redis://127.0.0.1:6379/15"
"""A database of its own, because the command has no other name for its queue."""
URLS = {"redis": REDIS_URL, "rabbitmq": RABBITMQ_URL}
QUEUE = "redraw-studio"
PROMPTS = ("a woodcut", "an oil painting at night")


@contextlib.contextmanager
def _tidy_queue(broker: str) -> Iterator[None]:
    """Leave nothing at the broker, and skip where somebody's studio has its queue already."""
    need(broker)
    if _is_in_use(broker):
        pytest.skip(f"a studio uses {broker} on this machine: its tasks would be taken away")
    try:
        yield
    finally:
        if broker == "redis":
            with redis.Redis.from_url(REDIS_URL) as client:
                for key in client.scan_iter(f"{QUEUE}:*"):
                    client.delete(key)
        if broker == "rabbitmq":
            with contextlib.closing(Celery(broker=RABBITMQ_URL).connection_for_write()) as server:
                server.default_channel.queue_delete(QUEUE)
                server.default_channel.exchange_delete(QUEUE)


def _is_in_use(broker: str) -> bool:
    if broker == "redis":
        with redis.Redis.from_url(REDIS_URL) as client:
            return next(client.scan_iter(f"{QUEUE}:*"), None) is not None
    if broker == "rabbitmq":
        with contextlib.closing(Celery(broker=RABBITMQ_URL).connection_for_write()) as server:
            try:
                server.default_channel.queue_declare(QUEUE, passive=True)
            except server.channel_errors:
                return False
            return True
    return False


async def _address(studio: asyncio.subprocess.Process) -> str:
    assert studio.stdout is not None
    async with asyncio.timeout(30):
        while line := (await studio.stdout.readline()).decode():
            if line.startswith("QOLABA_API_URL="):
                return line.partition("=")[2].strip()
    raise AssertionError("the studio did not say where it is")


@pytest.mark.parametrize("broker", SERVED)
async def test_two_tries_are_drawn_by_two_workers(broker: str, tmp_path: Path) -> None:
    """Two commands at once are drawn elsewhere, each its own prompt, and everybody ends with 0."""
    (tmp_path / "photo.jpg").write_bytes(encoded(photo("astronaut", (240, 160))))
    environ = {"QOLABA_API_KEY": KEY}
    if broker in URLS:
        environ["REDRAW_BROKER_URL"] = URLS[broker]
    with _tidy_queue(broker):
        servers = [await start("studio", "--port", "0", folder=tmp_path, environ=environ)]
        servers += [await start("worker", folder=tmp_path, environ=environ) for _ in range(2)]
        try:
            environ["QOLABA_API_URL"] = await _address(servers[0])
            tries = await asyncio.gather(
                *(
                    redraw(
                        *("try", "photo.jpg", prompt, "--batch", "2", "--json"),
                        folder=tmp_path,
                        environ=environ,
                    )
                    for prompt in PROMPTS
                )
            )
        finally:
            for process in servers:
                process.send_signal(signal.SIGTERM)
            ended = [await end(process) for process in servers]

    found = [json.loads(done.out) for done in tries]
    assert [(done.code, done.err) for done in tries] == [(0, "")] * 2
    assert [(one["state"], one["preview"], len(one["outputs"])) for one in found] == [
        ("ready", True, 2)
    ] * 2
    drawn = {Path(path).read_bytes() for one in found for path in one["outputs"]}
    assert len(drawn) == 4
    assert [process.code for process in ended] == [0, 0, 0]
