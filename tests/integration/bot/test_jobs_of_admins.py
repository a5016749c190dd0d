"""`redraw jobs` of admins as real processes, beside a worker that drives the same file."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from core.clock import SystemClock
from core.errors import DeliveryRefused
from core.jobs.dispatch import LocalDispatcher
from core.jobs.lifecycle import Reason, State
from core.jobs.oversight import Oversight
from core.jobs.store.ledger import open_ledger
from core.media.item import Kind
from core.media.spool import FileSpool
from tests.fakes.chat_bot import KEEP_WITHIN_S
from tests.fakes.jobs import picture_bytes
from tests.fakes.ledger_jobs import OUTPUT, brought_to
from tests.fakes.provider_script import Script
from tests.fakes.rig import Rig, open_rig
from tests.integration.bot.processes import Done, redraw


@dataclass(kw_only=True)
class Office:
    """A worker at work, and the commands of an admin beside it."""

    rig: Rig
    folder: Path

    async def run(self, *arguments: str) -> Done:
        return await redraw(
            "jobs",
            *arguments,
            folder=self.folder,
            environ={
                "REDRAW_DATABASE_URL": f"sqlite:///{self.folder / 'redraw.sqlite3'}",
                "REDRAW_MEDIA_URL": f"file://{self.folder / 'media'}",
            },
        )

    async def json(self, *arguments: str, code: int = 0) -> Any:
        done = await self.run(*arguments, "--json")
        assert done.code == code, done.err
        return json.loads(done.out)


@asynccontextmanager
async def open_office(folder: Path) -> AsyncIterator[Office]:
    # Its clock runs fast, and stays behind that of the commands: what they see is in the past.
    start = SystemClock().now() - timedelta(hours=2)
    # However long the commands take to start, no job's time is over meanwhile.
    async with open_rig(folder, start=start, deadline_s=100_000.0) as rig:
        stop = asyncio.Event()
        await rig.start()
        control, follow = rig.ledger.control, rig.worker.follow
        oversight = Oversight(control, rig.dispatch, rig.clock, on_mode=follow)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(oversight.run(stop))
            yield Office(rig=rig, folder=folder)
            stop.set()


async def test_halting_is_noticed_and_shown(tmp_path: Path) -> None:
    """`pause` and `drain` hold for the worker and in the list until `resume`."""
    async with open_office(tmp_path) as office:
        rig = office.rig
        paused = await office.run("pause")
        assert (paused.code, "Nothing is submitted any more" in paused.out) == (0, True)
        await rig.eventually(lambda: rig.worker._stages.gate.is_paused)
        job = await rig.order()
        drained = await office.json("drain")
        assert drained["paused_since"] < drained["draining_since"]
        assert drained["unfinished"] == 1
        listed = await office.run("list", "--state", "received", "--state", "queued")
        assert job.job_id in listed.out
        assert "submitting is paused since" in listed.err
        assert "no orders are taken since" in listed.err
        resumed = await office.run("resume")
        assert "New orders are taken" in resumed.out
        assert (await rig.ended(job.job_id)).state is State.READY
        again = await office.run("resume")
        assert again.out == "Nothing had been halted. Unfinished jobs: 0.\n"


async def test_jobs_are_cancelled_and_tried_again(tmp_path: Path) -> None:
    """Each state has its answer, in words and as JSON, and nothing is paid twice."""
    async with open_office(tmp_path) as office:
        rig = office.rig
        rig.provider.default = Script(held=True)
        job_id = (await rig.order()).job_id
        await rig.until(job_id, State.RUNNING)
        nothing = await office.json("retry", job_id, code=1)
        assert (nothing["did"], "under way (running)" in nothing["text"]) == (None, True)

        cancelled = await office.run("cancel", job_id.lower())
        assert cancelled.code == 0
        assert "it may be charged" in cancelled.out
        assert (await rig.ended(job_id)).state is State.CANCELLED
        late = await office.json("cancel", job_id, code=1)
        assert late["text"] == "It has ended already (cancelled)."

        rig.provider.release()
        rig.deliverer.fail("result", DeliveryRefused("gone"))
        checked = await office.json("retry", job_id)
        assert (checked["did"], checked["state"]) == ("check_again", "running")
        assert (await rig.ended(job_id)).state is State.READY
        assert "result" not in rig.deliverer.posts(job_id)
        assert (await office.json("retry", job_id))["did"] == "show_again"
        await rig.eventually(lambda: "result" in rig.deliverer.posts(job_id))
        await rig.ended(job_id)
        done = await office.run("retry", job_id)
        assert (done.code, done.out) == (
            1, "It is ready and was told: there is nothing to do again.\n"
        )  # fmt: skip
        assert rig.provider.count() == 1
        assert (await office.run("cancel", "NOBODY")).code == 2


async def test_what_is_not_tried_again_says_why(tmp_path: Path) -> None:
    """Of what cannot end better for nothing it is said what can be done."""
    async with open_office(tmp_path) as office:
        rig = office.rig
        rig.provider.fail_submits("reset")
        uncertain = await rig.ended((await rig.order()).job_id)
        rig.provider.fail_submits("400")
        failed = await rig.ended((await rig.order()).job_id)
        emptied = await rig.ended((await rig.order()).job_id)
        await rig.queue.forget(emptied.job_id)
        texts = [
            (await office.json("retry", job.job_id, code=1))["text"]
            for job in (uncertain, failed, emptied)
        ]

        assert "may pay a second time" in texts[0]
        assert "it takes a new order" in texts[1]
        assert "not kept any more" in texts[2]
        assert rig.provider.count() == 3


async def test_person_is_forgotten(tmp_path: Path) -> None:
    """Only with --yes where nobody can be asked; afterwards there is no list and no file."""
    async with open_office(tmp_path) as office:
        rig = office.rig
        given = await rig.spool.put(picture_bytes("red"), kind=Kind.PNG, width_px=64, height_px=48)
        rig.deliverer.pictures = (given,)
        await rig.ended((await rig.order()).job_id)
        rig.provider.default = Script(held=True)
        running = (await rig.order()).job_id
        await rig.until(running, State.RUNNING)
        refused = await office.run("forget", "fake:me")
        assert (refused.code, "add --yes" in refused.err) == (2, True)
        assert len(await office.json("list", "--user", "fake:me")) == 2

        forgotten = await office.json("forget", "fake:me", "--yes")

        assert (forgotten["jobs"], forgotten["left"]) == (2, 0)
        assert await office.json("list", "--user", "fake:me") == []
        assert len(await office.json("list", "--platform", "fake")) == 2
        assert not await rig.spool.exists(given)
        again = await office.run("forget", "fake:me", "--yes")
        assert (again.code, "Forgotten: 0 jobs and 0 drafts" in again.out) == (0, True)
        assert "backups" in again.out
        assert (await office.run("forget", "somebody", "--yes")).code == 2


async def test_commands_need_a_database(tmp_path: Path) -> None:
    """Where the bot never was they say what to do, and leave nothing behind."""
    for command in (("pause",), ("forget", "discord:1", "--yes")):
        done = await redraw("jobs", *command, folder=tmp_path)
        assert (done.code, "run `redraw migrate`" in done.err) == (2, True)
    assert not (tmp_path / "data" / "redraw.sqlite").exists()


async def test_file_is_rebuilt_once_when_nobody_uses_it(tmp_path: Path) -> None:
    """`redraw migrate` says so before, refuses while the bot runs, and does it once."""
    folder = tmp_path / "data"
    first = await redraw("migrate", folder=tmp_path)
    assert first.code == 0
    with sqlite3.connect(folder / "redraw.sqlite") as connection:
        connection.execute("PRAGMA auto_vacuum = NONE")
        connection.execute("VACUUM")
    connection.close()
    async with LocalDispatcher(folder / "redraw.lock"):
        in_use = await redraw("migrate", folder=tmp_path)
    assert (in_use.code, "is in use by another Redraw process" in in_use.err) == (2, True)
    rebuilt = await redraw("migrate", folder=tmp_path)
    again = await redraw("migrate", folder=tmp_path)

    assert "is written anew, once" in rebuilt.out
    assert again.out == "The database is up to date.\n"


AWAY = {"REDRAW_DATABASE_URL": "postgresql://redraw:hush-hush@127.0.0.1:9/redraw"}


@pytest.mark.parametrize("command", ["show", "retry", "cancel"])
async def test_nobody_tells_whether_there_is_a_job_without_its_database(
    tmp_path: Path, command: str
) -> None:
    """An outage is no reason to believe that a job does not exist."""
    done = await redraw(
        "jobs", command, "01ARZ3NDEKTSV4RRFFQ69G5FAV", folder=tmp_path, environ=AWAY
    )

    assert (done.code, done.out) == (1, "")
    first, last = done.err.splitlines()
    assert first.startswith("redraw: the database cannot be read (the database: OperationalError (")
    assert "port 9 failed: Connection refused" in first
    assert "hush-hush" not in first
    assert last == "redraw: no such job was found where jobs could be read"


@pytest.mark.parametrize("options", [(), ("--json",)])
async def test_nobody_is_called_forgotten_without_the_database(
    tmp_path: Path, options: tuple[str, ...]
) -> None:
    """Whoever answers a person's wish has to know that nothing was done."""
    done = await redraw(
        "jobs", "forget", "discord:1", "--yes", *options, folder=tmp_path, environ=AWAY
    )

    assert (done.code, done.out) == (1, "")
    assert done.err.splitlines()[1:] == ["redraw: nothing was removed"]
    assert "hush-hush" not in done.err


async def test_forgetting_in_part_is_said(tmp_path: Path) -> None:
    """A preview's file that cannot be read keeps what it has, and the command says so."""
    previews = tmp_path / "data" / "preview" / "redraw.sqlite"
    assert (await redraw("migrate", folder=tmp_path)).code == 0
    previews.parent.mkdir()
    previews.write_bytes(b"no database" * 100)
    migrated = await redraw("migrate", folder=tmp_path)
    assert (migrated.code, str(previews) in migrated.err) == (1, True)
    done = await redraw("jobs", "forget", "discord:1", "--yes", folder=tmp_path)
    as_json = await redraw("jobs", "forget", "discord:1", "--yes", "--json", folder=tmp_path)

    assert (done.code, as_json.code) == (1, 1)
    assert "Forgotten: 0 jobs" in done.out
    assert "forget again" in done.err
    assert json.loads(as_json.out)["unread"] == 1


async def test_pictures_that_stay_for_now_are_said(tmp_path: Path) -> None:
    """The store of pictures is away: the name is gone, and nobody believes that they are."""
    folder = tmp_path / "data"
    assert (await redraw("migrate", folder=tmp_path)).code == 0
    now = SystemClock().now()
    url = f"sqlite:///{folder / 'redraw.sqlite'}"
    async with open_ledger(url, SystemClock(), admit_within_s=KEEP_WITHIN_S) as ledger:
        await brought_to(ledger, State.READY, at=now, now=now, requester="discord:1")
    in_the_way = FileSpool(folder / "media").path_of(OUTPUT)
    in_the_way.mkdir(parents=True)  # what cannot be deleted as a file is
    done = await redraw("jobs", "forget", "discord:1", "--yes", "--json", folder=tmp_path)
    told = json.loads(done.out)
    in_words = await redraw("jobs", "forget", "discord:1", "--yes", folder=tmp_path)

    assert (done.code, told["jobs"], told["pictures_left"]) == (1, 1, 1)
    assert "1 pictures could not be removed just now" in done.err
    assert (in_words.code, in_words.err) == (0, "")


@pytest.mark.parametrize("state", [State.READY, State.UNCERTAIN])
async def test_what_is_still_to_be_said_is_not_called_told(tmp_path: Path, state: State) -> None:
    """While a chat is away its job has ended, and nobody there knows of it yet."""
    assert (await redraw("migrate", folder=tmp_path)).code == 0
    reason = Reason.OUTCOME_UNKNOWN if state is State.UNCERTAIN else None
    url = f"sqlite:///{tmp_path / 'data/redraw.sqlite'}"
    async with open_ledger(url, SystemClock(), admit_within_s=KEEP_WITHIN_S) as ledger:
        job = await brought_to(ledger, state, reason)
    done = await redraw("jobs", "retry", job.job_id, folder=tmp_path)

    assert done.code == 1
    assert done.out.startswith("It has ended, and is still to be told in its chat: ")
    assert ("may have been charged" in done.out) is (state is State.UNCERTAIN)
