"""`redraw doctor`, the start and whole jobs, with the pictures in a real S3 store."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest
from structlog.testing import capture_logs

from bot import plans
from bot.checkups import Checkup, Verdict
from bot.doctor import examine
from bot.picture_links import LINK_SLACK_S
from bot.plans import Plan
from bot.served import Served
from bot.settings import Settings
from bot.wiring import Materials, Works, open_works
from core.catalogue import loader
from core.clock import SystemClock
from core.errors import SettingsError
from core.jobs.delivery import Deliverer
from core.jobs.job import Job, Order, Origin
from core.jobs.lifecycle import State
from core.media.item import Kind
from core.request import GenerationRequest
from tests.fakes.chat_bot import KEEP_WITHIN_S
from tests.fakes.deliverer import PLATFORM, RecordingDeliverer
from tests.fakes.jobs import picture_bytes
from tests.fakes.provider_server import API_KEY, ProviderServer
from tests.fakes.s3_server import S3Server, s3_server
from tests.fakes.tcp_relay import Relay, relay

pytestmark = [pytest.mark.s3, pytest.mark.slow]

PATIENCE_S = 90.0
DEADLINE_S = 900


class ShiftedClock(SystemClock):
    """The machine's clock, as it will be some time later."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def now(self) -> datetime:
        return super().now() + self.ahead


@pytest.fixture(scope="module")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    with s3_server(tmp_path_factory.mktemp("swift")) as server:
        yield server


@pytest.fixture
def environ(s3: S3Server, monkeypatch: pytest.MonkeyPatch) -> Mapping[str, str]:
    """Set what leads to the store, as an operator would, and return the settings."""
    for name, value in s3.environ().items():
        monkeypatch.setenv(name, value)
    return {"REDRAW_MEDIA_URL": s3.media_url("bot"), "QOLABA_API_KEY": API_KEY}


async def examined(folder: Path, environ: Mapping[str, str]) -> dict[str, Checkup]:
    settings = Settings.read({"REDRAW_DATA_DIR": str(folder / "data"), **environ})
    return {checkup.name: checkup for checkup in await examine(settings)}


def plan_for(folder: Path, environ: Mapping[str, str], api_url: str) -> Plan:
    read = Settings.read(
        {"REDRAW_DATA_DIR": str(folder / "data"), "QOLABA_API_URL": api_url, **environ}
    )
    return replace(plans.for_run(read, Served.HOSTED), keep_within_s=KEEP_WITHIN_S)


def nobody(materials: Materials) -> Mapping[str, Deliverer]:
    return {}


@dataclass(frozen=True, kw_only=True)
class Bot:
    """A bot whose pictures are in the bucket, and what it says."""

    works: Works
    clock: ShiftedClock
    provider: ProviderServer

    async def order(self) -> Job:
        admission = await self.works.queue.submit(
            Order(
                dedupe_key="act-1",
                origin=Origin(platform=PLATFORM, place="fake:here", requester="fake:me"),
                request=GenerationRequest(
                    model_id="flux-dev", prompt="a woodcut", image_count=1, batch=2
                ),
                credits=2,
                preview=False,
            )
        )
        await self.works.queue.acknowledged(admission.job.job_id)
        return admission.job

    async def until(self, job: Job, state: State) -> Job:
        async with asyncio.timeout(PATIENCE_S):
            while (job := await self.works.queue.get(job.job_id)).state is not state:  # noqa: ASYNC110  # the ledger is asked
                await asyncio.sleep(0.05)
        return job


@asynccontextmanager
async def open_bot(folder: Path, environ: Mapping[str, str]) -> AsyncIterator[Bot]:
    """Open a bot of the real wiring, with one picture that somebody gave in the bucket."""
    clock = ShiftedClock()
    deliverer = RecordingDeliverer()
    async with ProviderServer(fetches_references=True) as provider:
        plan = plan_for(folder, environ, provider.api_url)
        async with (
            open_works(plan, loader.load(), clock, lambda _: {PLATFORM: deliverer}) as works,
            asyncio.TaskGroup() as tasks,
        ):
            picture = await works.materials.spool.put(
                picture_bytes(), kind=Kind.PNG, width_px=64, height_px=48
            )
            deliverer.pictures = (picture,)
            stop = asyncio.Event()
            tasks.create_task(works.worker.run(stop))
            try:
                yield Bot(works=works, clock=clock, provider=provider)
            finally:
                stop.set()


async def fetched(url: str) -> tuple[int, bytes, str]:
    async with aiohttp.ClientSession() as http, http.get(url) as answer:
        return answer.status, await answer.read(), answer.content_type


async def test_doctor_writes_reads_and_fetches_by_link(
    tmp_path: Path, environ: Mapping[str, str]
) -> None:
    """A bucket that is well is said to be so, the hosted API's way in included."""
    found = await examined(tmp_path, environ)

    assert (found["pictures"].verdict, found["public address"].verdict) == (Verdict.OK, Verdict.OK)
    assert found["public address"].found == "a link of the bucket was fetched"


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"AWS_SECRET_ACCESS_KEY": "a-wrong-one"}, "refuses the credentials"),
        ({"AWS_ACCESS_KEY_ID": "nobody"}, "refuses the credentials"),
        ({"REDRAW_MEDIA_URL": "s3://never-made"}, "the bucket is not there"),
    ],
)
async def test_bucket_that_never_will_do_is_told(
    tmp_path: Path,
    environ: Mapping[str, str],
    monkeypatch: pytest.MonkeyPatch,
    changed: dict[str, str],
    said: str,
) -> None:
    """Doctor says what is wrong in a sentence, and a start is refused with the same one."""
    for name, value in changed.items():
        monkeypatch.setenv(name, value)
    settings = {**environ, **{k: v for k, v in changed.items() if k.startswith("REDRAW_")}}
    found = await examined(tmp_path, settings)

    assert found["pictures"].verdict is Verdict.FAIL
    assert found["pictures"].found.startswith("REDRAW_MEDIA_URL: ")
    assert said in found["pictures"].found
    assert "a-wrong-one" not in str(found)
    with pytest.raises(SettingsError, match=said) as caught:
        async with open_works(
            plan_for(tmp_path, settings, "http://127.0.0.1:9"), loader.load(), SystemClock(), nobody
        ):
            pass
    assert caught.value.variable == "REDRAW_MEDIA_URL"


async def test_store_that_is_away_at_the_start_is_waited_for(
    s3: S3Server,
    tmp_path: Path,
    environ: Mapping[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Doctor fails, but the bot starts and warns: what does not answer may do so later."""
    async with relay(s3.port) as way:
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{way.port}")
        way.cut()
        found = await examined(tmp_path, environ)
        with capture_logs() as logs:
            plan = plan_for(tmp_path, environ, "http://127.0.0.1:9")
            async with open_works(plan, loader.load(), SystemClock(), nobody):
                pass

    assert found["pictures"].verdict is Verdict.FAIL
    assert "does not answer" in found["pictures"].found
    assert [line["event"] for line in logs if line["log_level"] == "warning"] == [
        "pictures_unreachable"
    ]


async def test_job_is_redrawn_by_links_of_the_bucket(
    s3: S3Server, tmp_path: Path, environ: Mapping[str, str]
) -> None:
    """The provider is given a link that anybody can fetch until the job is over, and longer."""
    async with open_bot(tmp_path, environ) as bot:
        job = await bot.until(await bot.order(), State.READY)
        url = str(bot.provider.submits[0].body["image"])
        prepared = await bot.works.materials.spool.read(job.prepared[0])
        status, data, kind = await fetched(url)
        made = [await bot.works.materials.spool.read(item) for item in job.outputs]
    life_s = int(parse_qs(urlsplit(url).query)["X-Amz-Expires"][0])

    assert url.startswith(f"{s3.url}/pictures/bot/{job.prepared[0].name}?")
    assert bot.provider.submits[0].reference_codes == (200,)
    assert (status, data, kind) == (200, prepared, job.prepared[0].kind.mime)
    assert len([each for each in made if each]) == 2
    assert life_s > LINK_SLACK_S + DEADLINE_S - PATIENCE_S


async def test_pictures_of_a_job_go_when_its_time_is_over(
    tmp_path: Path, environ: Mapping[str, str]
) -> None:
    """What a job refers to stays however old it is; a day after it is emptied nothing is left."""
    async with open_bot(tmp_path, {**environ, "REDRAW_RETENTION_DAYS": "30"}) as bot:
        job = await bot.until(await bot.order(), State.READY)
        async with asyncio.timeout(PATIENCE_S):
            while job.job_id in await bot.works.ledger.unfinished():  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        spool = bot.works.materials.spool
        items = (*job.prepared, *job.outputs)
        bot.clock.ahead = timedelta(days=20)
        await bot.works.retention.round()
        during = [await spool.exists(item) for item in items]
        bot.clock.ahead = timedelta(days=40)
        await bot.works.retention.round()
        after = [await spool.exists(item) for item in items]

    assert during == [True] * 3
    assert after == [False] * 3


async def test_job_outlives_a_store_that_goes_away(
    s3: S3Server,
    tmp_path: Path,
    environ: Mapping[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """While the store is away the job waits, and it ends well when the store is back."""
    async with relay(s3.port) as way:
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{way.port}")
        async with open_bot(tmp_path, environ) as bot:
            way.cut()
            job = await bot.order()
            await _met(way)
            waiting = await bot.works.queue.get(job.job_id)
            way.mend()
            done = await bot.until(job, State.READY)

    assert waiting.state not in {State.READY, State.FAILED}
    assert (len(done.outputs), len(bot.provider.submits)) == (2, 1)


async def _met(way: Relay) -> None:
    """Return once the job met the store that is away."""
    async with asyncio.timeout(PATIENCE_S):
        while way.refused == 0:  # noqa: ASYNC110  # the relay counts, it does not tell
            await asyncio.sleep(0.05)
