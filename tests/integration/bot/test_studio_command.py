"""`redraw studio` and `redraw worker` as real processes, and `redraw try` against them."""

from __future__ import annotations

import asyncio
import json
import signal
from pathlib import Path

import pytest
from PIL import Image

from tests.conformance.conftest import RABBITMQ_URL, need
from tests.integration.bot.processes import end, redraw, start

pytestmark = pytest.mark.slow

KEY = "studio-key-0123456789"
REFUSED_URL = RABBITMQ_URL.replace("guest:guest", "guest:hush-hush")


async def _line(process: asyncio.subprocess.Process, begins: str) -> str:
    """Return what stands behind `begins` in the first line of output that begins so."""
    assert process.stdout is not None
    async with asyncio.timeout(30):
        while line := (await process.stdout.readline()).decode():
            if line.startswith(begins):
                return line.removeprefix(begins).strip()
    raise AssertionError(f"no line begins with {begins}")


async def test_try_is_drawn_by_a_studio_of_its_own_process(tmp_path: Path) -> None:
    """A studio, a worker and a try, three processes: a preview comes out, and says so."""
    Image.radial_gradient("L").convert("RGB").save(tmp_path / "photo.png")
    environ = {"QOLABA_API_KEY": KEY}
    studio = await start("studio", "--port", "0", folder=tmp_path, environ=environ)
    worker = await start("worker", folder=tmp_path, environ=environ)
    try:
        environ["QOLABA_API_URL"] = await _line(studio, "QOLABA_API_URL=")
        done = await redraw(
            "try", "photo.png", "a woodcut", "--json", folder=tmp_path, environ=environ
        )
    finally:
        for process in (studio, worker):
            process.send_signal(signal.SIGTERM)
    ended = [await end(process) for process in (studio, worker)]

    found = json.loads(done.out)
    assert (done.code, found["state"], found["preview"]) == (0, "ready", True)
    assert [process.code for process in ended] == [0, 0]
    assert ended[1].out == "Drawing for `redraw studio`; Ctrl-C stops.\n"
    assert KEY not in done.out + "".join(process.out + process.err for process in ended)


async def test_studio_makes_a_token_and_says_it_once(tmp_path: Path) -> None:
    """Without a key the studio makes one, prints it on standard output and never logs it."""
    studio = await start("studio", "--port", "0", folder=tmp_path)
    token = await _line(studio, "QOLABA_API_KEY=")
    studio.send_signal(signal.SIGINT)

    done = await end(studio)

    assert len(token) >= 32
    assert done.code == 0
    assert token not in done.out + done.err


async def test_port_in_use_is_bad_input(tmp_path: Path) -> None:
    """A second studio at the same port ends with 2 and one sentence."""
    first = await start("studio", "--port", "0", folder=tmp_path)
    url = await _line(first, "QOLABA_API_URL=")
    port = url.partition("//")[2].partition("/")[0].partition(":")[2]

    second = await redraw("studio", "--port", port, folder=tmp_path)
    first.send_signal(signal.SIGTERM)
    await end(first)

    assert second.code == 2
    assert second.err.startswith("redraw: REDRAW_HTTP_PORT: ")
    assert second.err.count("\n") == 1


@pytest.mark.parametrize("command", ["studio", "worker"])
@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("redis://:hush-hush@127.0.0.1:99999/0", "is no address of a broker"),
        ("redis://:hush-hush@127.0.0.1:9/0", "no broker answers there (OperationalError)"),
        (REFUSED_URL, "the broker there refuses us (AccessRefused)"),
    ],
)
async def test_broker_that_never_will_do_is_bad_input(
    tmp_path: Path, command: str, url: str, said: str
) -> None:
    """Nobody has to look for a traceback to find a wrong port or password."""
    if url == REFUSED_URL:
        need("rabbitmq")
    environ = {"REDRAW_BROKER_URL": url, "REDRAW_HTTP_PORT": "0"}
    done = await redraw(command, folder=tmp_path, environ=environ)

    last = done.err.splitlines()[-1]
    assert (done.code, last) == (2, f"redraw: REDRAW_BROKER_URL: {said}")
    assert done.out == ""
    assert "hush-hush" not in done.err


async def test_preview_needs_nothing_at_all(tmp_path: Path) -> None:
    """On a fresh machine `redraw try` alone makes a picture, with no key and no file."""
    done = await redraw("try", folder=tmp_path)

    pictures = list((tmp_path / "redraw-out").iterdir())
    assert (done.code, done.err) == (0, "")
    assert "No API key: local preview, nothing leaves this computer" in done.out
    assert pictures
    assert all("preview" in picture.name for picture in pictures)
