"""`redraw jobs forget` asks before it removes anything: the real command, at a real terminal."""

from __future__ import annotations

import asyncio
import os
import pty
import signal
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from core.clock import SystemClock
from core.jobs.lifecycle import State
from core.jobs.store.erasing import Erasing
from core.jobs.store.ledger import Ledger, open_ledger
from core.jobs.store.schema import migrate
from tests.fakes.chat_bot import KEEP_WITHIN_S
from tests.fakes.ledger_jobs import brought_to
from tests.integration.bot.processes import PATIENCE_S, Done, end, redraw, start

PERSON = "fake:me"
END_OF_INPUT = b"\x04"
"""What a terminal takes for Ctrl-D."""
QUESTION = "Go on? Type yes: "
NOTICED_WITHIN_S = 10.0
"""Longer than any process takes to end: a second Ctrl-C must not come while it does."""


@pytest.fixture
async def ledger(tmp_path: Path) -> AsyncIterator[Ledger]:
    """Keep one job of somebody in the bot's database."""
    (tmp_path / "data").mkdir()
    url = f"sqlite:///{tmp_path / 'data' / 'redraw.sqlite'}"
    await migrate(url)
    async with open_ledger(url, SystemClock(), admit_within_s=KEEP_WITHIN_S) as ledger:
        now = SystemClock().now()
        await brought_to(ledger, State.READY, at=now, now=now, requester=PERSON)
        yield ledger


async def _asked(folder: Path, answer: bytes) -> Done:
    """Run the command at a terminal on which `answer` is typed."""
    ours, theirs = pty.openpty()
    try:
        os.write(ours, answer)  # the terminal keeps it until it is asked for
        return await end(await start("jobs", "forget", PERSON, folder=folder, stdin=theirs))
    finally:
        os.close(ours)
        os.close(theirs)


async def _kept(ledger: Ledger) -> int:
    return await ledger.erasing.count(Erasing(requester=PERSON, until=SystemClock().now()))


@pytest.mark.parametrize("answer", [b"yes\n", b" YES \n"])
async def test_yes_removes(ledger: Ledger, tmp_path: Path, answer: bytes) -> None:
    """What is to go, and what stays, is said before."""
    done = await _asked(tmp_path, answer)

    before, _, after = done.out.partition(QUESTION)
    assert (done.code, done.err) == (0, "")
    assert f"drafts of {PERSON}: 1 jobs. It cannot remove:" in before
    assert "backups of the database" in before
    assert f"Forgotten: 1 jobs and 0 drafts of {PERSON}." in after
    assert await _kept(ledger) == 0


@pytest.mark.parametrize("answer", [b"no\n", b"y\n", b"\n", END_OF_INPUT])
async def test_anything_else_removes_nothing(ledger: Ledger, tmp_path: Path, answer: bytes) -> None:
    """A no, half a yes, nothing at all, and the end of the input are all a no."""
    done = await _asked(tmp_path, answer)

    assert (done.code, done.err.strip()) == (2, "redraw: nothing was removed")
    assert QUESTION in done.out
    assert await _kept(ledger) == 1


async def _interrupted(process: Process) -> Done:
    """Press Ctrl-C until that is noticed: just before it reads, a process does not wake of it."""
    ending = asyncio.get_running_loop().create_task(end(process))
    while not ending.done():
        process.send_signal(signal.SIGINT)
        await asyncio.wait({ending}, timeout=NOTICED_WITHIN_S)
    return await ending


async def test_ctrl_c_at_the_question_removes_nothing(ledger: Ledger, tmp_path: Path) -> None:
    """It is an interruption, as everywhere."""
    ours, theirs = pty.openpty()
    process = await start("jobs", "forget", PERSON, folder=tmp_path, stdin=theirs)
    assert process.stdout is not None
    async with asyncio.timeout(PATIENCE_S):
        await process.stdout.readuntil(QUESTION.encode())
    done = await _interrupted(process)
    os.close(ours)
    os.close(theirs)

    assert (done.code, "Traceback" in done.err) == (130, False)
    assert await _kept(ledger) == 1


@pytest.mark.parametrize("options", [(), ("--json",)])
async def test_nobody_is_asked_without_a_terminal(
    ledger: Ledger, tmp_path: Path, options: tuple[str, ...]
) -> None:
    """A script has to say that it means it."""
    done = await redraw("jobs", "forget", PERSON, *options, folder=tmp_path)

    assert (done.code, done.out) == (2, "")
    assert done.err == "redraw: nothing was removed: add --yes where nobody can be asked\n"
    assert await _kept(ledger) == 1
