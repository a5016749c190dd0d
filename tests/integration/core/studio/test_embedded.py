"""An embedded studio: real Celery in this process, real sockets, files in a folder."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import io
import threading
import uuid
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import pytest
import structlog
from pydantic import SecretStr

from core.errors import SettingsError
from core.studio.api import WAITING_MAX
from core.studio.server import open_studio
from core.studio.settings import StudioSettings
from tests.fakes import studio_bench, tiny_painter
from tests.fakes.clock import VirtualClock
from tests.fakes.studio_bench import KONTEXT, Caller, PictureHost, StudioProcess


@contextlib.asynccontextmanager
async def opened(settings: StudioSettings, host: PictureHost) -> AsyncIterator[Caller]:
    async with (
        open_studio(settings, paint=tiny_painter.paint) as studio,
        studio_bench.caller(studio.api_url, host.url()) as caller,
    ):
        yield caller


def _open_files() -> int:
    """Count the open files of this process, where the system tells."""
    folder = Path("/proc/self/fd")
    return len(list(folder.iterdir())) if folder.exists() else 0


async def _until_fetched(host: PictureHost) -> None:
    async with asyncio.timeout(30):
        while not host.asked:  # noqa: ASYNC110  # the host counts, it does not tell
            await asyncio.sleep(0.01)


async def test_leaves_nothing_behind(settings: StudioSettings, host: PictureHost) -> None:
    """Opened and closed again and again, it leaves no thread, no socket and no queue."""
    before = set(threading.enumerate())  # those of other tests' studios, which are still open
    found = []
    for _ in range(3):
        async with opened(settings, host) as caller:
            await caller.outcome()
        gc.collect()
        left = set(threading.enumerate()) - before
        names = [thread.name for thread in left if "studio" in thread.name]
        found.append((names, _open_files()))

    assert found[1:] == [([], found[0][1])] * 2


async def test_folder_is_its_owners(settings: StudioSettings, tmp_path: Path) -> None:
    """Prompts and pictures lie there: nobody else on the machine looks in, whoever makes it."""
    studio = replace(settings, data_dir=tmp_path / "studio", embedded=False)
    async with open_studio(studio, paint=tiny_painter.paint):
        mode = studio.data_dir.stat().st_mode

    assert mode & 0o777 == 0o700


async def test_prints_nothing(
    settings: StudioSettings, host: PictureHost, capfd: pytest.CaptureFixture[str]
) -> None:
    """Whatever happens to a task, nothing is written over a terminal; our own log says it."""
    with structlog.testing.capture_logs() as logs:
        async with opened(settings, host) as caller:
            await caller.outcome(prompt="crash")
            await caller.outcome()

    assert tuple(capfd.readouterr()) == ("", "")
    assert "studio.task_crashed" in [entry["event"] for entry in logs]


async def test_two_studios_at_once(
    settings: StudioSettings, host: PictureHost, tmp_path: Path
) -> None:
    """Two studios in one process have queues, results and tokens of their own."""
    other = replace(settings, data_dir=tmp_path / "other", token=SecretStr("another"))
    async with (
        opened(settings, host) as one,
        open_studio(other, paint=tiny_painter.paint) as second,
        studio_bench.caller(second.api_url, host.url(), token="another") as two,
    ):
        mine, theirs = await asyncio.gather(one.submit(), two.submit())
        ends = [
            (await caller.ended(said.body["task_id"])).body["status"]
            for caller, said in ((one, mine), (two, theirs))
        ]
        elsewhere = await two.poll(mine.body["task_id"])

    assert (ends, elsewhere.body["status"]) == (["SUCCESS", "SUCCESS"], "PENDING")


async def test_interrupted_tasks_go_on_after_a_restart(
    settings: StudioSettings, host: PictureHost
) -> None:
    """Tasks in hand and queued when a studio closes end under their ids when it opens again."""
    async with opened(settings, host) as caller:
        prompts = ["sleep", "sleep", "a woodcut", "a woodcut"]
        submitted = [await caller.submit(prompt=prompt, batch=8) for prompt in prompts]
        await _until_fetched(host)
    async with opened(settings, host) as caller:
        ends = [await caller.ended(said.body["task_id"]) for said in submitted]
        files = [await caller.get(end.body["output"]["result"][0]) for end in ends]

    assert [end.body["status"] for end in ends] == ["SUCCESS"] * 4
    assert [file.status for file in files] == [200] * 4


async def test_references_follow_their_origin(settings: StudioSettings, tmp_path: Path) -> None:
    """References of a task that was begun anew are fetched from the origin allowed by then."""
    async with studio_bench.picture_host() as before:
        there = replace(settings, allowed_origins=(before.origin,))
        async with opened(there, before) as caller:
            more = {"app_id": KONTEXT, "file_urls": [before.url(), before.url("other.png")]}
            body = caller.body(prompt="a woodcut fault:delay=600", **more)
            said = await caller.post("/getImagetoImage", body)
            slow = tmp_path / "accepted" / f"{said.body['task_id']}.json"
    slow.write_text(slow.read_text().replace("delay=600", "delay=0"))
    async with studio_bench.picture_host() as now:
        here = replace(settings, allowed_origins=(now.origin,))
        async with opened(here, now) as caller:
            end = await caller.ended(said.body["task_id"])

    assert end.body["status"] == "SUCCESS"
    assert now.asked == ["/photo.jpg", "/other.png"]


async def test_results_outlive_a_restart(settings: StudioSettings, host: PictureHost) -> None:
    """A finished task is found by the next studio, its pictures at that one's address."""
    async with opened(settings, host) as caller:
        said = await caller.submit()
        await caller.ended(said.body["task_id"])
    async with opened(settings, host) as caller:
        again = await caller.poll(said.body["task_id"])
        url = again.body["output"]["result"][0]
        file = await caller.get(url)

    assert url.startswith(caller.api_url.removesuffix("/api/v1/studio"))
    assert (file.status, len(host.asked)) == (200, 1)


@pytest.mark.slow
async def test_killed_process_loses_nothing(
    settings: StudioSettings, host: PictureHost, tmp_path: Path
) -> None:
    """After SIGKILL in the midst of a task the next studio carries out what was accepted."""
    args = (f"--data-dir={tmp_path}", f"--origin={host.origin}", "--embedded")
    process = StudioProcess(*args, log=tmp_path / "studio.log")
    line = await asyncio.to_thread(process.wait_for, "serving")
    async with studio_bench.caller(line.split()[1], host.url()) as caller:
        submitted = [await caller.submit(prompt="sleep", batch=8) for _ in range(4)]
        await _until_fetched(host)
        process.kill()
    async with opened(settings, host) as caller:
        ends = [await caller.ended(said.body["task_id"]) for said in submitted]

    assert [end.body["status"] for end in ends] == ["SUCCESS"] * 4


async def test_app_id_can_be_left_out(settings: StudioSettings, host: PictureHost) -> None:
    """Answers carry no `app_id` at all when the settings say so."""
    async with opened(replace(settings, has_app_id=False), host) as caller:
        said = await caller.submit()
        end = await caller.ended(said.body["task_id"])

    assert ["app_id" in answer.body for answer in (said, end)] == [False, False]
    assert len(end.body) == 7


@pytest.mark.parametrize("celery", [True, False])
async def test_failure_can_be_a_500(
    settings: StudioSettings,
    host: PictureHost,
    celery: bool,  # a case
) -> None:
    """A failed task answers 500 with the same envelope when the settings say so."""
    async with opened(replace(settings, failed_status=500), host) as caller:
        said = await caller.submit(batch=9, celery=celery)
        if celery:
            said = await caller.ended(said.body["task_id"])

    assert (said.status, said.body["status"]) == (500, "FAILED")


async def test_faults_need_permission(settings: StudioSettings, host: PictureHost) -> None:
    """Unless the settings allow it, neither a header nor a prompt can ask for a fault."""
    async with opened(replace(settings, faults=False), host) as caller:
        header = await caller.submit(headers={"X-Studio-Fault": "500"})
        prompt = await caller.submit(prompt="fault:500")

    assert (header.status, prompt.status) == (200, 200)


async def test_settings_can_order_faults(settings: StudioSettings, host: PictureHost) -> None:
    """A fault of the settings is met by every call of its kind."""
    ordered = replace(settings, faults=False, submit_fault="402", poll_fault="pending")
    async with opened(ordered, host) as caller:
        refused = await caller.submit()
    async with opened(replace(ordered, submit_fault=None), host) as caller:
        said = await caller.submit()
        await _until_fetched(host)
        found = await caller.poll(said.body["task_id"])

    assert (refused.status, found.body["status"]) == (402, "PENDING")


async def test_queue_has_a_limit(settings: StudioSettings, host: PictureHost) -> None:
    """More unfinished tasks than the limit are turned away with 429 and Retry-After."""
    async with opened(replace(settings, accepted_max=2), host) as caller:
        found = [await caller.submit(prompt="fault:delay=600") for _ in range(3)]

    assert [said.status for said in found] == [200, 200, 429]
    assert float(found[2].headers["Retry-After"]) > 0


async def test_waiting_callers_do_not_hold_up_others(
    settings: StudioSettings, host: PictureHost
) -> None:
    """Polls are answered while callers wait for unqueued tasks; too many waiting get 429."""
    async with opened(settings, host) as caller, asyncio.TaskGroup() as group:
        waiting = [
            group.create_task(caller.submit(celery=False, prompt="sleep", batch=2))
            for _ in range(WAITING_MAX + 1)
        ]
        await _until_fetched(host)
        polled = await caller.poll("x")
        in_time = sum(task.done() for task in waiting) < WAITING_MAX

    statuses = sorted(task.result().status for task in waiting)
    assert (polled.body["status"], in_time) == ("PENDING", True)
    assert statuses == [200] * WAITING_MAX + [429]


async def test_files_of_another_version_do_no_harm(
    settings: StudioSettings, host: PictureHost
) -> None:
    """Tasks and results that cannot be read are passed over, and the others go on."""
    task_id = str(uuid.uuid4())
    for folder in ("accepted", "results"):
        path = settings.data_dir / folder / f"{task_id}.json"
        path.parent.mkdir(exist_ok=True)
        path.write_text('{"another": "version"}')
    async with opened(settings, host) as caller:
        end = await caller.outcome()
        unreadable = await caller.poll(task_id)

    assert (end.body["status"], unreadable.body["status"]) == ("SUCCESS", "PENDING")


async def test_body_has_a_limit(settings: StudioSettings, host: PictureHost) -> None:
    """A body of more than a megabyte is not read."""
    body = io.BytesIO(b'"' + b"x" * 1024 * 1024 + b'"')
    async with opened(settings, host) as caller:
        path = f"{caller.api_url}/getImage"
        async with caller.http.post(path, data=body) as answer:
            status = answer.status

    assert status == 413


async def test_what_has_expired_is_deleted(settings: StudioSettings, host: PictureHost) -> None:
    """Results and pictures are deleted from disk when they have expired."""
    async with opened(settings, host) as caller:
        await caller.outcome()
    left = VirtualClock(datetime.now(UTC) + timedelta(hours=5))  # noqa: TID251  # file times
    folders = [settings.data_dir / name for name in ("results", "pictures")]
    before = [len(list(folder.iterdir())) for folder in folders]
    async with open_studio(settings, paint=tiny_painter.paint, clock=left):
        async with asyncio.timeout(30):
            while any(list(folder.iterdir()) for folder in folders):  # noqa: ASYNC110  # disk
                await asyncio.sleep(0.01)

    assert before == [1, 2]


async def test_without_queue_a_stop_is_answered(
    settings: StudioSettings, host: PictureHost
) -> None:
    """A caller that waits for an unqueued task when the studio closes is told so."""
    async with aiohttp.ClientSession() as http, asyncio.TaskGroup() as group:  # noqa: SIM117  # the group outlives the studio
        async with opened(settings, host) as caller:
            waiting = group.create_task(
                replace(caller, http=http).post(
                    "/getImagetoImage",
                    caller.body(prompt="sleep", batch=8, celery=False),
                    Authorization=f"Bearer {studio_bench.TOKEN}",
                )
            )
            await _until_fetched(host)
    said = waiting.result()

    assert (said.status, said.body["status"]) == (500, "FAILED")


async def test_taken_port_is_the_settings_fault(settings: StudioSettings) -> None:
    """A port that somebody else has ends the start with the setting's name."""
    async with open_studio(settings, paint=tiny_painter.paint) as first:
        port = int(first.origin.rsplit(":", 1)[1])
        again = open_studio(replace(settings, port=port), paint=tiny_painter.paint)
        with pytest.raises(SettingsError) as caught:
            await again.__aenter__()

    assert caught.value.variable == "REDRAW_HTTP_PORT"


@pytest.mark.parametrize(
    "url", ["redis://127.0.0.1:9/0", "amqp://127.0.0.1:9//", "nonsense://x", "nothing", "http://x"]
)
async def test_broker_that_cannot_work_is_the_settings_fault(
    settings: StudioSettings, url: str, capfd: pytest.CaptureFixture[str]
) -> None:
    """A broker that does not answer, or is none, ends the start; its URL is not repeated."""
    served = replace(settings, embedded=False, broker_url=SecretStr(url))
    with pytest.raises(SettingsError) as caught:
        await open_studio(served, paint=tiny_painter.paint).__aenter__()

    assert caught.value.variable == "REDRAW_BROKER_URL"
    assert url not in str(caught.value)
    assert tuple(capfd.readouterr()) == ("", "")


async def test_error_inside_comes_out_as_it_is(settings: StudioSettings) -> None:
    """An exception of whoever uses the studio passes through it unchanged."""
    with pytest.raises(ZeroDivisionError):
        async with open_studio(settings, paint=tiny_painter.paint):
            _ = 1 / 0


async def test_root_says_what_it_is(settings: StudioSettings) -> None:
    """The address itself answers that this is a local preview, without a token."""
    async with (
        open_studio(settings, paint=tiny_painter.paint) as studio,
        aiohttp.ClientSession() as http,
        http.get(studio.origin) as answer,
    ):
        said = await answer.json()

    assert said == {"studio": "local preview"}
