"""`redraw try` killed in each state and at random, and what `--resume` makes of it."""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from PIL import Image

from tests.acceptance.bot_process import TURNED_AWAY
from tests.acceptance.tried import PATIENCE_S, PROMPT, Tried, files_of, said
from tests.fakes.provider_script import Fault, Script
from tests.fakes.provider_server import API_KEY, ProviderServer

pytestmark = pytest.mark.slow

LONG_S = 60.0
NOBODY = "http://127.0.0.1:9/api/v1/studio"


@pytest.fixture
async def provider() -> AsyncIterator[ProviderServer]:
    async with ProviderServer(fetches_references=True) as provider:
        yield provider


@pytest.fixture
def tried(provider: ProviderServer, tmp_path: Path) -> Tried:
    environ = {"QOLABA_API_URL": provider.api_url, "QOLABA_API_KEY": API_KEY}
    return Tried(tmp_path, environ=environ)


Arrange = Callable[[ProviderServer, Tried], Callable[[], bool]]
"""Sets the provider so that the job gets stuck; what it returns tells whether it is."""


def _ordered(provider: ProviderServer, tried: Tried) -> Callable[[], bool]:
    """Let nothing be sent for as long as it takes to see the job: nobody is at the address."""
    tried.environ = {**tried.environ, "QOLABA_API_URL": NOBODY}
    return lambda: bool(tried.jobs())


def _put_back(provider: ProviderServer, tried: Tried) -> Callable[[], bool]:
    provider.fail_submits(TURNED_AWAY)
    return lambda: tried.is_in("queued", attempts=1)


def _submitting(provider: ProviderServer, tried: Tried) -> Callable[[], bool]:
    provider.fail_submits(Fault(ending="pass", delay_s=LONG_S))
    return lambda: bool(provider.submits)


def _running(provider: ProviderServer, tried: Tried) -> Callable[[], bool]:
    provider.default = Script(held=True)
    return lambda: bool(provider.polls)


def _collecting(provider: ProviderServer, tried: Tried) -> Callable[[], bool]:
    provider.fail_pictures(Fault(ending="pass", delay_s=LONG_S))
    return lambda: bool(provider.downloads)


def _handing_over(provider: ProviderServer, tried: Tried) -> Callable[[], bool]:
    """Let the picture be written, and the comparison never: nobody reads from its pipe."""
    provider.default = Script(held=True, formats=("png",))

    def is_stuck() -> bool:
        if provider.polls and not tried.parts():
            for job_id in tried.jobs():
                os.mkfifo(tried.out / f"flux-dev-{job_id}-before-after.jpg.part")
            provider.release()
        return any(name.endswith(".png") for name in tried.written())

    return is_stuck


@pytest.mark.parametrize(
    "arrange",
    [_ordered, _put_back, _running, _collecting, _handing_over],
    ids=lambda arrange: arrange.__name__.strip("_"),
)
async def test_killed_try_is_finished_by_resume(
    provider: ProviderServer, tried: Tried, arrange: Arrange
) -> None:
    """Killed in a state, the same job ends with its files, each written once, and one submit."""
    environ = tried.environ
    is_stuck = arrange(provider, tried)
    await tried.start()
    await tried.kill_when(is_stuck)
    tried.environ = environ
    (job_id,) = tried.jobs()
    before = tried.written()
    for part in tried.parts():
        part.unlink()
        part.write_bytes(b"half a file")
    provider.default = Script(formats=("png",))
    provider.release()
    done = await tried.resume()

    assert (done.code, said(done)["job_id"], said(done)["state"]) == (0, job_id, "ready"), done
    assert provider.count(prompt=PROMPT, accepted=True) == 1
    assert tried.jobs().keys() == {job_id}
    assert (sorted(tried.written()), tried.parts()) == (files_of(done), [])
    assert before.items() <= tried.written().items()


async def test_uncertain_submit_is_said_once_and_never_sent_again(
    provider: ProviderServer, tried: Tried
) -> None:
    """Killed between the paid call and its answer: 1 and words, then there is nothing to resume."""
    is_stuck = _submitting(provider, tried)
    await tried.start()
    await tried.kill_when(is_stuck)
    (job_id,) = tried.jobs()
    first, second = await tried.resume(), await tried.resume()

    assert (first.code, said(first)["job_id"], said(first)["state"]) == (1, job_id, "uncertain")
    assert "charged" in str(said(first)["error"])
    assert (second.code, said(second)["job_id"]) == (2, None)
    assert "nothing to go on with" in str(said(second)["error"])
    assert provider.count(prompt=PROMPT) == 1
    assert tried.written() == {}


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_preview_survives_random_kills(tmp_path: Path, seed: int) -> None:
    """With the studio inside, which dies too, a job killed again and again is drawn just once."""
    rng = random.Random(seed)
    tried = Tried(tmp_path)
    await tried.start()
    async with asyncio.timeout(PATIENCE_S):
        while not tried.jobs():
            await asyncio.sleep(0.002)
    (job_id,) = tried.jobs()
    for longest_s in (0.8, 2.0):
        await asyncio.sleep(rng.uniform(0.0, longest_s))
        await tried.kill()
        await tried.start("--resume")
    await asyncio.sleep(rng.uniform(0.5, 2.5))
    await tried.kill()
    done = await tried.resume()

    print(f"seed {seed}: {tried.kills} kills, then {done.code}")  # noqa: T201  # stated
    results = list(tmp_path.glob("data/tries/*/studio/results/*.json"))
    if done.code == 2:
        assert "nothing to go on with" in str(said(done)["error"])
    else:
        assert (said(done)["job_id"], sorted(tried.written())) == (job_id, files_of(done))
    assert tried.jobs().keys() == {job_id}
    assert tried.is_in("ready") or tried.is_in("uncertain")
    assert (len(results), len(tried.written())) == (1, 2) or tried.is_in("uncertain")
    assert not tried.parts()
    for name in tried.written():
        with Image.open(tried.out / name) as picture:
            picture.load()
