"""Several `redraw run` on one Postgres, killed, paused, stopped and split: nothing is lost."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import datetime
from pathlib import Path

import psycopg
import pytest

from core.clock import SystemClock
from tests.acceptance.bot_process import PATIENCE_S
from tests.acceptance.discord_marks import job_of, messages_of
from tests.acceptance.replica_set import (
    TAKEN_OVER_WITHIN_S,
    Replica,
    ReplicaSet,
    replicas_of,
)
from tests.fakes.discord_shown import Shown
from tests.fakes.discord_values import Message
from tests.fakes.postgres import new_database
from tests.fakes.provider_server import API_KEY
from tests.integration.bot.processes import Done, redraw

pytestmark = [pytest.mark.slow, pytest.mark.postgres]

CLOCK = SystemClock()
JOBS = 30
TAKEN_OVER_S = 25.0
"""After so long, in seconds, nothing of a dead replica's may be with nobody."""


async def running(several: ReplicaSet, count: int, name: str) -> list[tuple[Shown, Message]]:
    """Return so many orders, each running until the provider is told to go on."""
    return [await several.on_discord.running(f"{name} {each}") for each in range(count)]


async def all_delivered(several: ReplicaSet, orders: list[tuple[Shown, Message]]) -> None:
    """Return once each has its one result; each was paid for once."""
    discord = several.discord
    ids = [job_of(card) for _, card in orders]

    def are_there() -> bool:
        return all(messages_of(discord, job_id, "result") for job_id in ids)

    await discord.until(are_there, "every result", within_s=TAKEN_OVER_WITHIN_S)
    for _, card in orders:
        await several.on_discord.titled(card, "Redrawn")
    assert [len(messages_of(discord, each, "result")) for each in ids] == [1] * len(ids)
    assert max(Counter(each.prompt for each in several.provider.submits).values()) == 1


def since_s(moment: datetime, times: list[datetime]) -> float:
    """Return how long after `moment` the last of `times` was."""
    return (max(times) - moment).total_seconds()


async def ordered(several: ReplicaSet, prompt: str) -> None:
    """Return once an order that is given now is delivered."""
    await several.on_discord.done(await several.on_discord.order(prompt))


async def test_killed_replica_is_followed_by_another(tmp_path: Path) -> None:
    """One is killed with thirty running jobs: the other delivers each once, and listens."""
    async with replicas_of(tmp_path / "set", with_slack=True) as several:
        one = await several.leading("one")
        orders = await running(several, JOBS, "picture")
        other = await several.standing_by("other")
        killed_at = CLOCK.now()
        await one.kill()
        await other.stands(discord="connected", slack="connected")
        failover_s = since_s(killed_at, [CLOCK.now()])
        await other.logged("job_taken_from_the_dead")
        several.provider.release()
        await all_delivered(several, orders)
        taken_s = since_s(killed_at, other.times("job_taken_from_the_dead"))
        await ordered(several, "after the kill")
        assert several.on_slack is not None
        await several.on_slack.done(await several.on_slack.order("on the other chat"))

    print(f"takeover {taken_s:.1f} s, another session {failover_s:.1f} s")  # noqa: T201
    assert len(other.times("job_taken_from_the_dead")) == JOBS
    assert taken_s < TAKEN_OVER_S
    assert failover_s < TAKEN_OVER_S


async def test_paused_replica_does_nothing_twice_and_is_useful_again(tmp_path: Path) -> None:
    """It is taken for dead and wakes up: others have its jobs, and it stands by and takes new."""
    async with replicas_of(tmp_path / "set") as several:
        one = await several.leading("one")
        orders = await running(several, 5, "before the pause")
        other = await several.standing_by("other")
        one.pause()
        await other.stands(discord="connected")
        await other.logged("job_taken_from_the_dead")
        meanwhile = await several.on_discord.order("while it is away")
        one.wake()
        several.provider.release()
        await all_delivered(several, orders)
        await several.on_discord.done(meanwhile)
        await one.stands(discord="standing by")
        await other.kill()
        await one.stands(discord="connected")
        await ordered(several, "after the other was killed")

    assert len(several.discord.gateway.identifies) == 3


async def test_stopped_replica_hands_over_within_seconds(tmp_path: Path) -> None:
    """SIGTERM: its jobs and its place at the gateway are with the other before it has ended."""
    async with replicas_of(tmp_path / "set") as several:
        one = await several.leading("one")
        orders = await running(several, 5, "handed over")
        other = await several.standing_by("other")
        stopped_at = CLOCK.now()
        code = await one.stop()
        await other.stands(discord="connected")
        took_s = since_s(stopped_at, [CLOCK.now()])
        several.provider.release()
        await all_delivered(several, orders)
        await ordered(several, "after the stop")

    print(f"handed over in {took_s:.1f} s")  # noqa: T201
    assert code == 0
    assert took_s < TAKEN_OVER_S / 2
    assert other.times("job_taken_from_the_dead") == []


async def test_one_listens_and_another_works(tmp_path: Path) -> None:
    """With the roles apart, each does its part alone; a killed gateway is followed by another."""
    async with replicas_of(tmp_path / "set", with_slack=True) as several:
        worker = await several.start("worker", "worker")
        gateway = await several.leading("gateway", "gateway")
        await worker.stands(discord="not listening", slack="not listening")
        await ordered(several, "split")
        found = [await each.ready() for each in (gateway, worker)]
        next_one = await several.start("next", "gateway")
        await next_one.stands(discord="standing by", slack="connected")
        await gateway.kill()
        await next_one.stands(discord="connected", slack="connected")
        await ordered(several, "after the gateway was killed")
        assert several.on_slack is not None
        await several.on_slack.done(await several.on_slack.order("split on the other chat"))

    assert [(status, body["worker"]) for status, body in found] == [
        (200, "elsewhere"),
        (200, "running"),
    ]
    assert polls_of(gateway) == polls_of(next_one) == 0


def polls_of(replica: Replica) -> int:
    """Return how many jobs a replica has taken over: one that drives nothing takes none."""
    return len(replica.times("job_taken_from_the_dead"))


async def test_gateway_leaves_jobs_until_there_is_a_worker(tmp_path: Path) -> None:
    """An order is acknowledged, and waits in the database for whoever drives."""
    async with replicas_of(tmp_path / "set") as several:
        await several.leading("gateway", "gateway")
        shown = await several.on_discord.order("nobody works yet")
        await several.start("worker", "worker")
        await several.on_discord.done(shown)

    assert several.provider.count(prompt="nobody works yet") == 1


async def held(several: ReplicaSet, by_number: int) -> None:
    """Return once the one job is known to run, and with the `by_number`-th that registered."""
    query = (
        "SELECT FROM procrastinate_jobs JOIN job ON job_id = lock AND state = 'running' "
        "WHERE status = 'doing' AND worker_id = "
        "(SELECT id FROM procrastinate_workers ORDER BY id OFFSET %s LIMIT 1)"
    )
    async with asyncio.timeout(TAKEN_OVER_WITHIN_S):
        with psycopg.connect(several.database, autocommit=True) as sql:
            while not sql.execute(query, (by_number,)).fetchall():
                await asyncio.sleep(0.1)


async def test_job_that_kills_does_not_go_round_for_ever(tmp_path: Path) -> None:
    """Whoever takes it dies: the fourth holds it back, and serves others; Cancel ends it."""
    async with replicas_of(tmp_path / "set") as several:
        await several.leading("gateway", "gateway")
        worker = await several.start("worker 0", "worker")
        _, card = await several.on_discord.running("kills")
        for number in range(3):
            await held(several, number)
            await worker.kill()
            worker = await several.start(f"worker {number + 1}", "worker")
        said = await worker.logged("job_held_back")
        await ordered(several, "innocent")
        async with asyncio.timeout(PATIENCE_S):
            while "redraw_rows_held_back 1.0" not in await worker.metrics():
                await asyncio.sleep(0.1)
        cancelled_at = CLOCK.now()
        await several.on_discord.ann.click(card, "Cancel")
        await several.on_discord.titled(card, "Cancelled")

    assert (said["job_id"], said["deaths"], said["level"]) == (job_of(card), 3, "error")
    assert since_s(cancelled_at, [CLOCK.now()]) < said["for_s"]
    assert several.provider.count(prompt="kills") == 1


async def refused(several: ReplicaSet, name: str, *options: str, **changes: str) -> Done:
    """Return how a replica ends that is not to start beside the others."""
    folder = several.folder / name
    folder.mkdir()
    replica = Replica(
        folder=folder,
        discord=several.discord,
        provider=several.provider,
        way="command",
        environ={**several.environ, **changes},
    )
    return await redraw("run", *options, folder=folder, environ=replica._environ())


async def test_those_who_share_nothing_are_turned_away(tmp_path: Path) -> None:
    """Pictures on one machine alone, or previews in one process alone, rule others out."""
    async with replicas_of(tmp_path / "set") as several:
        one = await several.leading("one")
        alone = await refused(several, "alone", REDRAW_MEDIA_URL="")
        preview = await refused(several, "preview", "--preview")
        await ordered(several, "the first goes on")
        code = await one.stop()

    assert (code, alone.code, preview.code) == (0, 2, 2)
    assert last_of(alone).startswith("redraw: REDRAW_MEDIA_URL: is not set, so pictures")
    assert last_of(preview).startswith("redraw: QOLABA_API_URL: another Redraw runs")
    assert "Traceback" not in alone.err + preview.err


@pytest.mark.parametrize("role", ["gateway", "worker"])
async def test_file_takes_no_roles(tmp_path: Path, role: str) -> None:
    """One process has a SQLite file for itself, so half of the work would be left undone."""
    environ = {"DISCORD_TOKEN": "x.y.z", "QOLABA_API_KEY": API_KEY}
    done = await redraw("run", "--role", role, folder=tmp_path, environ=environ)

    assert (done.code, done.out) == (2, "")
    assert last_of(done).startswith("redraw: REDRAW_DATABASE_URL: leads to a SQLite file")


def last_of(done: Done) -> str:
    """Return the last line of what a command said."""
    return done.err.rstrip().rpartition("\n")[2]


async def test_database_that_was_not_migrated_says_what_to_do(tmp_path: Path) -> None:
    """Nothing is made there by itself: others may be running on it."""
    environ = {"DISCORD_TOKEN": "x.y.z", "QOLABA_API_KEY": API_KEY}
    with new_database() as url:
        environ |= {"REDRAW_DATABASE_URL": url}
        async with asyncio.timeout(PATIENCE_S * 2):
            done = await redraw("run", folder=tmp_path, environ=environ)

    assert (done.code, done.out) == (2, "")
    assert "redraw migrate" in last_of(done)
