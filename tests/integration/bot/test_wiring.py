"""How folders are held and parts put together, in this process."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import aiohttp.web
import pytest
from pydantic import SecretStr

from bot import plans, storage, tries, web
from bot.exits import first_of
from bot.picture_links import references
from bot.plans import Hosted, Plan
from bot.served import Served, look
from bot.settings import Settings
from bot.wiring import PREVIEW_TYPICAL_S, Materials, Works, open_works
from core.catalogue import loader
from core.clock import SystemClock
from core.errors import AppError, Gone, Rejection, SettingsError, StoreUnavailable
from core.jobs.delivery import Deliverer
from core.jobs.job import Job, Order, Origin
from core.jobs.learning import ENOUGH
from core.jobs.lifecycle import Event, State
from core.media import links
from core.media.item import Kind, MediaItem
from core.media.spool import FileSpool
from core.request import GenerationRequest
from tests.fakes.chat_bot import KEEP_WITHIN_S
from tests.fakes.deliverer import RecordingDeliverer
from tests.fakes.jobs import picture_bytes
from tests.fakes.ledger_jobs import SOON, brought_to
from tests.fakes.provider_server import API_KEY, ProviderServer

CLOCK = SystemClock()
ITEM = MediaItem(sha256="0" * 64, kind=Kind.JPEG, size_bytes=1, width_px=1, height_px=1)


def order(*, preview: bool = False) -> Order:
    return Order(
        dedupe_key="plain:1",
        origin=Origin(platform="plain", place="plain:here", requester="plain:ada"),
        request=GenerationRequest(model_id="flux-dev", prompt="a woodcut", image_count=1),
        credits=9,
        preview=preview,
    )


def plan_for(folder: Path, api_url: str = "http://127.0.0.1:9") -> Plan:
    settings = Settings.read(
        {"REDRAW_DATA_DIR": str(folder), "QOLABA_API_KEY": API_KEY, "QOLABA_API_URL": api_url}
    )
    return replace(plans.for_run(settings, Served.HOSTED), keep_within_s=KEEP_WITHIN_S)


def nobody(materials: Materials) -> Mapping[str, Deliverer]:
    return {}


async def leave_unfinished(url: str, *, preview: bool) -> None:
    """Put an acknowledged job into the jobs at `url`."""
    async with storage.open_jobs(url, CLOCK, within_s=KEEP_WITHIN_S) as ledger:
        admission = await ledger.admit(
            order(preview=preview), limits=plans.NO_LIMITS, deadline_s=900, now=CLOCK.now()
        )
        await ledger.acknowledge(admission.job.job_id, CLOCK.now())


async def test_folder_of_a_try_is_held_by_one(tmp_path: Path) -> None:
    """Who comes second gets another folder; who comes later gets the first one again."""
    async with (
        tries.hold(tmp_path, CLOCK, Served.HOSTED, resumes=False) as first,
        tries.hold(tmp_path, CLOCK, Served.HOSTED, resumes=False) as second,
    ):
        pass
    async with tries.hold(tmp_path, CLOCK, Served.HOSTED, resumes=False) as third:
        pass

    assert (first.folder.name, second.folder.name) == ("hosted-1", "hosted-2")
    assert third.folder == first.folder


async def test_kinds_of_tries_never_share_a_folder(tmp_path: Path) -> None:
    """Previews, a studio elsewhere and the hosted API are kept apart."""
    names = []
    for served in Served:
        async with tries.hold(tmp_path, CLOCK, served, resumes=False) as held:
            names.append(held.folder.name)

    assert names == ["preview-1", "studio-1", "hosted-1"]


async def test_resume_finds_the_folder_with_something_left(tmp_path: Path) -> None:
    """With nothing left to do anywhere it takes a free one, so that this can be said."""
    async with tries.hold(tmp_path, CLOCK, Served.HOSTED, resumes=True) as held:
        pass

    assert held.folder.name == "hosted-1"


async def test_folder_that_cannot_be_made_is_a_setting(tmp_path: Path) -> None:
    """A data folder that is a file is named."""
    (tmp_path / "file").write_text("")

    with pytest.raises(SettingsError, match="REDRAW_DATA_DIR"):
        async with tries.hold(tmp_path / "file", CLOCK, Served.EMBEDDED, resumes=False):
            pass


async def test_damaged_jobs_of_a_try_are_named(tmp_path: Path) -> None:
    """A file that is no database is named, with what to do, instead of being called busy."""
    damaged = tmp_path / "tries" / "preview-1" / plans.JOBS_FILE
    damaged.parent.mkdir(parents=True)
    damaged.write_text("no database")

    with pytest.raises(SettingsError, match=r"preview-1/redraw\.sqlite cannot be used"):
        async with tries.hold(tmp_path, CLOCK, Served.EMBEDDED, resumes=False):
            pass


async def test_second_bot_on_the_same_folder_is_refused(tmp_path: Path) -> None:
    """Two processes never drive the same jobs."""
    plan = plan_for(tmp_path)

    async with open_works(plan, loader.load(), CLOCK, nobody):
        with pytest.raises(SettingsError, match="in use by another"):
            async with open_works(plan, loader.load(), CLOCK, nobody):
                pass


async def test_preview_never_reaches_the_api_that_costs(tmp_path: Path) -> None:
    """A bot with a key refuses to start on jobs that were asked for as previews."""
    plan = plan_for(tmp_path)
    await leave_unfinished(plan.database, preview=True)

    with pytest.raises(SettingsError, match="as local previews"):
        async with open_works(plan, loader.load(), CLOCK, nobody):
            pass


async def test_everything_is_closed_again(tmp_path: Path) -> None:
    """What was opened can be opened again right after."""
    plan = plan_for(tmp_path)

    works: list[Works] = []
    for _ in range(2):
        async with open_works(plan, loader.load(), CLOCK, nobody) as opened:
            works.append(opened)

    assert [opened.web_origin for opened in works] != [None, None]


async def test_what_delete_leaves_is_tidied_up(tmp_path: Path) -> None:
    """Whoever tidies up knows what users deleted and the store held on to."""
    async with open_works(plan_for(tmp_path), loader.load(), CLOCK, nobody) as works:
        assert works.retention._forgetting is works.queue.forgetting


async def test_links_begin_with_the_public_address(tmp_path: Path) -> None:
    """A prepared picture gets a signed link that outlives its job's deadline."""
    key = b"k" * 32
    plan = plan_for(tmp_path)
    make = references(plan, FileSpool(tmp_path), key, "http://127.0.0.1:1")
    assert make is not None
    job = _prepared_job()

    (url,) = await make(job)

    token = url.removeprefix("http://127.0.0.1:1/media/").partition("/")[0]
    claim = links.read(key, token, CLOCK.now(), name=ITEM.name)
    assert claim.job_id == job.job_id
    assert claim.expires_at > job.deadline_at


async def test_without_a_host_of_our_own_the_chat_has_to_be_one(tmp_path: Path) -> None:
    """With neither a bucket nor a web server there are no links of ours."""
    settings = Settings.read({"REDRAW_DATA_DIR": str(tmp_path), "QOLABA_API_KEY": API_KEY})
    plan = plans.for_run(settings, Served.HOSTED)

    assert references(plan, FileSpool(tmp_path), b"k" * 32, None) is None


async def test_shared_folder_alone_makes_no_links(tmp_path: Path) -> None:
    """A shared folder has no public address, whatever the settings call it."""
    settings = Settings.read(
        {
            "REDRAW_DATA_DIR": str(tmp_path),
            "QOLABA_API_KEY": API_KEY,
            "REDRAW_MEDIA_URL": f"file://{tmp_path}/shared",
        }
    )
    plan = plans.for_run(settings, Served.HOSTED)

    assert references(plan, FileSpool(tmp_path), b"k" * 32, None) is None


async def test_materials_say_what_a_chat_has_to_know(tmp_path: Path) -> None:
    """What is drawn where, by which model, and that our own links carry the pictures."""
    plan = plan_for(tmp_path)
    seen: list[Materials] = []

    def make(materials: Materials) -> Mapping[str, Deliverer]:
        seen.append(materials)
        return {}

    async with open_works(plan, loader.load(), CLOCK, make) as works:
        draft_id = await works.drafts.keep(platform="plain", requester="plain:ada", data={})
        assert await works.drafts.read(draft_id) is not None
    async with open_works(replace(plan, web=None), loader.load(), CLOCK, make):
        pass

    assert [(each.default_model, each.preview) for each in seen] == [
        (plan.default_model, False)
    ] * 2
    assert [each.hosts_pictures for each in seen] == [True, False]


@pytest.mark.parametrize("preview", [False, True])
async def test_expectation_is_learned_from_earlier_processes(
    tmp_path: Path, *, preview: bool
) -> None:
    """It is known before any job runs; what was never redrawn takes what it usually takes."""
    catalogue = loader.load()
    plan = replace(plan_for(tmp_path), preview=preview)
    async with storage.open_jobs(plan.database, CLOCK, within_s=KEEP_WITHIN_S) as ledger:
        for _ in range(ENOUGH):
            job = await brought_to(ledger, State.RUNNING, preview=preview, model_id="flux-dev")
            await ledger.record(job, Event.PRODUCED, SOON + timedelta(seconds=7))
            await ledger.record_as_user(job.job_id, Event.CANCEL, SOON)

    async with open_works(plan, catalogue, CLOCK, nobody) as works:
        expected_s = works.materials.expected_s
        usual_s = PREVIEW_TYPICAL_S if preview else catalogue["flux-redux"].typical_s

        assert expected_s("flux-dev") == pytest.approx(7.0)
        assert expected_s("flux-redux") == usual_s
        assert expected_s("no-such-model") is None


@pytest.mark.parametrize("is_trusted", [False, True])
async def test_chats_own_file_host_is_fetched_from_when_it_is_set(
    tmp_path: Path, *, is_trusted: bool
) -> None:
    """A host on this machine is one that only the operator can name."""
    deliverer = RecordingDeliverer()

    async def serve(_: aiohttp.web.Request) -> aiohttp.web.Response:
        return aiohttp.web.Response(body=picture_bytes(), content_type="image/png")

    async with AsyncExitStack() as stack:
        provider = await stack.enter_async_context(ProviderServer())
        files = aiohttp.web.Application()
        files.router.add_get("/card.png", serve)
        origin = await stack.enter_async_context(web.serve(files, host="127.0.0.1", port=0))
        plan = replace(
            plan_for(tmp_path, provider.api_url),
            web=None,
            file_hosts=frozenset({origin}) if is_trusted else frozenset(),
        )
        works = await stack.enter_async_context(
            open_works(plan, loader.load(), CLOCK, lambda _: {"plain": deliverer})
        )
        item = await works.materials.spool.put(
            picture_bytes(), kind=Kind.PNG, width_px=64, height_px=48
        )
        deliverer.pictures, deliverer.urls = (item,), (f"{origin}/card.png",)
        ended = await _carried_out(works)

    assert ended.state is (State.READY if is_trusted else State.FAILED)
    assert ended.detail == ("" if is_trusted else Rejection.PICTURE)
    assert provider.count() == int(is_trusted)


async def _carried_out(works: Works) -> Job:
    """Run until one job has ended."""
    stop = asyncio.Event()
    async with asyncio.timeout(20.0), asyncio.TaskGroup() as tasks:
        tasks.create_task(works.run(stop))
        job = (await works.queue.submit(order())).job
        await works.queue.acknowledged(job.job_id)
        while not job.is_terminal:
            await asyncio.sleep(0.02)
            job = await works.queue.get(job.job_id)
        stop.set()
    return job


async def test_what_answers_at_the_address_is_told_apart() -> None:
    """No key is a preview; an address that is no studio's counts as the API that costs."""
    async with ProviderServer() as provider:
        fake = {"QOLABA_API_KEY": API_KEY, "QOLABA_API_URL": provider.api_url}

        assert await look(Settings.read({})) is Served.EMBEDDED
        assert await look(Settings.read(fake)) is Served.HOSTED
    assert await look(Settings.read(fake)) is Served.HOSTED
    assert await look(Settings.read({"QOLABA_API_KEY": API_KEY})) is Served.HOSTED


def test_one_error_is_told_of_several() -> None:
    """Of what went wrong at once, the first is what people read."""
    found: list[AppError] = []

    try:
        raise ExceptionGroup("outer", [ExceptionGroup("inner", [Gone(), StoreUnavailable()])])
    except* AppError as failures:
        found.append(first_of(failures))

    assert isinstance(found[0], Gone)


@pytest.mark.parametrize("url", ["file://host/a", "file://a"])
def test_folder_of_pictures_has_to_be_absolute(tmp_path: Path, url: str) -> None:
    """`file://` without a third slash would name a host."""
    with pytest.raises(SettingsError, match="REDRAW_MEDIA_URL"):
        storage.open_pictures(SecretStr(url), tmp_path, CLOCK)


def test_provider_of_a_plan_has_the_key(tmp_path: Path) -> None:
    """The plan holds the key as a secret."""
    plan = plan_for(tmp_path)

    assert plan.provider == Hosted(api_url="http://127.0.0.1:9", api_key=SecretStr(API_KEY))
    assert API_KEY not in repr(plan)


def _prepared_job() -> Job:
    now = CLOCK.now()
    asked = order()
    return Job(
        job_id="01ARZ3NDEKTSV4RRFFQ69G5FAV",
        dedupe_key=asked.dedupe_key,
        origin=asked.origin,
        request=asked.request,
        credits=asked.credits,
        preview=False,
        state=State.QUEUED,
        prepared=(ITEM,),
        created_at=now,
        updated_at=now,
        deadline_at=now + timedelta(seconds=900),
    )
