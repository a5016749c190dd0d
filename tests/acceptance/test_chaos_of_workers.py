"""Both chats with previews, while the workers that draw them are killed: none is lost or twice."""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from pathlib import Path

import pytest

from tests.acceptance.chaos import verdict
from tests.acceptance.chaos.acts import View
from tests.acceptance.chaos.fleet import Replica, running
from tests.acceptance.chaos.on_discord import OnDiscord
from tests.acceptance.chaos.on_slack import OnSlack
from tests.acceptance.chaos.plan import Errand
from tests.acceptance.chaos.stores import FileStore
from tests.conformance.conftest import SERVED, URLS, left_tidy, need
from tests.fakes.discord_server import DiscordServer
from tests.fakes.provider_script import Script
from tests.fakes.slack_server import SlackServer

pytestmark = pytest.mark.slow

KEY = "studio-key-0123456789"
JOBS, KILLS = 12, 4
PATIENCE_S = 120.0


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@contextlib.contextmanager
def _tidy_queue(broker: str, folder: Path) -> Iterator[None]:
    """Leave nothing at the broker; the queue's name is the data folder's own."""
    need(broker)
    try:
        yield
    finally:
        note = folder / "studio" / "studio" / "queue-name"
        if note.exists():
            with left_tidy(broker, note.read_text()):
                pass


async def _until(port: int) -> None:
    """Return once somebody listens at a port."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            with contextlib.suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.close()
                return
            await asyncio.sleep(0.1)


@contextlib.asynccontextmanager
async def _studio(broker: str, folder: Path) -> AsyncIterator[tuple[str, list[Replica]]]:
    """Start a studio with two workers, and yield its address and the workers."""
    port = _free_port()
    environ = {
        "REDRAW_DATA_DIR": str(folder / "studio"),
        "REDRAW_BROKER_URL": URLS[broker],
        "QOLABA_API_KEY": KEY,
    }
    server = Replica(
        name="studio", folder=folder, environ=environ, arguments=("studio", "--port", str(port))
    )
    workers = [
        Replica(name=f"worker-{each}", folder=folder, environ=environ, arguments=("worker",))
        for each in range(2)
    ]
    async with running([server]):
        await _until(port)
        async with running(workers):
            yield f"http://127.0.0.1:{port}/api/v1/studio", workers


def _errand(number: int) -> Errand:
    platform = ("discord", "slack")[number % 2]
    return Errand(
        number=number, at_s=0.0, platform=platform, person=number, way=1 + number,
        script=Script(), cancels=False, runs_again=False,
    )  # fmt: skip


@pytest.mark.parametrize("broker", [each for each in SERVED if each.id != "folder"])
async def test_killed_workers_lose_no_preview(tmp_path: Path, broker: str) -> None:
    """A killed worker's task is drawn by the other one, and its requester sees one result."""
    rng = random.Random(3)
    store = FileStore(tmp_path, inside="preview")
    async with contextlib.AsyncExitStack() as opened:
        opened.enter_context(_tidy_queue(broker, tmp_path))
        discord = await opened.enter_async_context(DiscordServer())
        slack = await opened.enter_async_context(SlackServer())
        api_url, workers = await opened.enter_async_context(_studio(broker, tmp_path))
        environ = {
            **store.environ(0), "QOLABA_API_KEY": KEY, "QOLABA_API_URL": api_url,
            "DISCORD_TOKEN": discord.token, "DISCORD_API_URL": discord.api_url,
            "DISCORD_GATEWAY_URL": discord.gateway_url, "DISCORD_CDN_URL": discord.cdn_url,
            "SLACK_BOT_TOKEN": slack.bot_token, "SLACK_APP_TOKEN": slack.app_token,
            "SLACK_API_URL": slack.api_url,
        }  # fmt: skip
        on_discord, on_slack = OnDiscord(discord, 3), OnSlack(slack)
        bot = Replica(name="bot", folder=tmp_path, environ=environ)
        await opened.enter_async_context(running([bot]))
        await discord.until(
            lambda: discord.gateway.connections and discord.application.commands,
            "Discord", within_s=PATIENCE_S,
        )  # fmt: skip
        await slack.socket.until_connected(1, within_s=PATIENCE_S)
        for begin in range(0, JOBS, JOBS // KILLS):
            await _all_back(workers)
            async with asyncio.TaskGroup() as meanwhile:
                meanwhile.create_task(_killed_amid_one(tmp_path, workers, rng))
                await _ordered(on_discord, on_slack, range(begin, begin + JOBS // KILLS))
        async with asyncio.timeout(PATIENCE_S):
            while await store.unfinished():
                await asyncio.sleep(0.5)
        views = [*on_discord.views(), *on_slack.seen_to_the_end()]
        found = verdict.judged(
            acts=[*on_discord.acts, *on_slack.acts], views=views, rows=await store.jobs(),
            submits=(), happened=(),
            twice=(
                on_discord.delivered_twice() + on_slack.delivered_twice(),
                on_discord.told_twice() + on_slack.told_twice(),
            ),
        )  # fmt: skip

    assert found.is_right, found
    assert found.uncertain == 0
    assert sum(worker.kills for worker in workers) == KILLS
    assert len(views) == JOBS
    assert [view for view in views if not _is_redrawn(view)] == []


async def _ordered(on_discord: OnDiscord, on_slack: OnSlack, numbers: Iterable[int]) -> None:
    """Have some order, each until that is taken and nobody is told to try again."""
    for number in numbers:
        people = (on_discord, on_slack)[number % 2]
        for attempt in range(20):
            act = await people.order(_errand(number), f"picture {number} of seed 3 try {attempt}")
            if act.is_acknowledged() and not act.told():
                break


async def _all_back(workers: Sequence[Replica]) -> None:
    """Return once every worker runs."""
    async with asyncio.timeout(PATIENCE_S):
        while not all(worker.is_running for worker in workers):
            await asyncio.sleep(0.05)


async def _killed_amid_one(folder: Path, workers: Sequence[Replica], rng: random.Random) -> None:
    """
    Kill a worker once a task is in hand: those in hand are noted beside the tasks.

    Not while a task may be on its way to a worker: on Redis that one is lost (docs/studio.md).
    """
    before = _tasks(folder, "accepted") | _tasks(folder, "results")
    async with asyncio.timeout(PATIENCE_S):
        while not _is_all_in_hand(folder, before, len(workers)):
            await asyncio.sleep(0.01)
    rng.choice(workers).kill(down_s=rng.uniform(0.0, 1.0))


def _is_all_in_hand(folder: Path, before: set[str], workers: int) -> bool:
    """Whether each worker has a new task in hand, or one has the last of this round."""
    drawing = _tasks(folder, "begun") - before
    accepted = _tasks(folder, "accepted") - before
    ordered = accepted | (_tasks(folder, "results") - before)
    is_last = accepted == drawing and len(ordered) >= JOBS // KILLS
    return len(drawing) >= workers or (bool(drawing) and is_last)


def _tasks(folder: Path, noted_as: str) -> set[str]:
    return {path.stem for path in (folder / "studio").rglob(f"{noted_as}/*")}


def _is_redrawn(view: View) -> bool:
    return view.title.startswith("Redrawn") and view.results == 1
