"""
Work on a database that is killed in the middle: `python -m tests.fakes.killed_at N WORK ...`.

SIGKILLs itself after the Nth statement or commit. WORK is `migrate URL` or `forget URL FOLDER
USER`; ends with 0 when there were fewer.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import sqlalchemy as sa

from core.jobs.erasure import Erasure
from core.jobs.forgetting import Forgetting
from core.jobs.store.ledger import open_ledger
from core.jobs.store.schema import migrate
from core.media.spool import FileSpool
from tests.fakes.clock import START, VirtualClock

ROOT = Path(__file__).parents[2]
PATIENCE_S = 120.0


def killed(number: int, *work: str) -> bool:
    """Do the work in a process of its own; return whether it was killed before it was done."""
    command = [sys.executable, "-m", "tests.fakes.killed_at", str(number), *work]
    done = subprocess.run(command, cwd=ROOT, timeout=PATIENCE_S, check=False)
    assert done.returncode in {0, -signal.SIGKILL}
    return done.returncode != 0


def _kill_after(number: int) -> None:
    seen = itertools.count(1)

    def count(*_: object) -> None:
        if next(seen) >= number:
            os.kill(os.getpid(), signal.SIGKILL)

    sa.event.listen(sa.Engine, "after_cursor_execute", count)
    sa.event.listen(sa.Engine, "commit", count)


async def _forget(url: str, folder: str, user: str) -> None:
    clock = VirtualClock(START + timedelta(days=1))
    async with open_ledger(url, clock) as ledger:
        erasure = Erasure(ledger, Forgetting(ledger, FileSpool(Path(folder))), clock)
        await erasure.advance(await erasure.begin(user))


if __name__ == "__main__":
    _kill_after(int(sys.argv[1]))
    asyncio.run(migrate(*sys.argv[3:]) if sys.argv[2] == "migrate" else _forget(*sys.argv[3:]))
