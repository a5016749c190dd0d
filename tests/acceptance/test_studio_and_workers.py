"""`redraw studio`, two of `redraw worker` and two of `redraw try`: real processes, each broker."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from core.clock import SystemClock
from core.media.bucket import open_bucket
from tests.conformance.conftest import SERVED, URLS, left_tidy, need
from tests.fakes.pictures import encoded, photo
from tests.fakes.s3_server import S3Server, s3_server
from tests.integration.bot.processes import end, redraw, start

pytestmark = pytest.mark.slow

KEY = "studio-key-0123456789"
PROMPTS = ("a woodcut", "an oil painting at night")


@contextlib.contextmanager
def _tidy_queue(broker: str, folder: Path) -> Iterator[None]:
    """Leave nothing at the broker; the queue's name is the data folder's own."""
    need(broker)
    try:
        yield
    finally:
        note = folder / "data" / "studio" / "queue-name"
        if note.exists():
            with left_tidy(broker, note.read_text()):
                pass


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
    with _tidy_queue(broker, tmp_path):
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


@pytest.fixture
def s3(tmp_path: Path) -> Iterator[S3Server]:
    folder = tmp_path / "swift"
    folder.mkdir()
    with s3_server(folder) as server:
        yield server


@pytest.mark.s3
async def test_try_lends_its_picture_from_a_bucket(
    s3: S3Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a bucket named, the API fetches by a signed link of it, and the results come from it."""
    (tmp_path / "photo.jpg").write_bytes(encoded(photo("astronaut", (240, 160))))
    environ = {
        "QOLABA_API_KEY": KEY,
        "REDRAW_MEDIA_URL": s3.media_url("try"),
        **s3.environ(),
    }
    servers = [await start("studio", "--port", "0", folder=tmp_path, environ=environ)]
    servers += [await start("worker", folder=tmp_path, environ=environ)]
    try:
        environ["QOLABA_API_URL"] = await _address(servers[0])
        arguments = ("try", "photo.jpg", "a woodcut", "--batch", "2", "--json")
        done = await redraw(*arguments, folder=tmp_path, environ=environ)
    finally:
        for process in servers:
            process.send_signal(signal.SIGTERM)
        ended = [await end(process) for process in servers]
    for name, value in s3.environ().items():
        monkeypatch.setenv(name, value)
    later = SystemClock().now() + timedelta(hours=1)
    bucket = open_bucket(s3.media_url("try"), clock=SystemClock())
    kept = await bucket.sweep(older_than=later, keep=lambda _: False)

    assert (done.code, done.err) == (0, "")
    found = json.loads(done.out)
    assert (found["state"], len(found["outputs"])) == ("ready", 2)
    assert kept >= 3  # the picture as prepared, and both results
    assert not list((tmp_path / "data").rglob("media/??/*"))
    assert [process.code for process in ended] == [0, 0]
