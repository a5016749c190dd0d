"""
Root: the folders in which `redraw try` works.

Each running `try` has a folder to itself, proved by a lock: two at once never meet, and neither
meets a running bot. The first free folder is taken again the next time, so that what was learned
of durations is kept. Previews and the hosted API have folders of their own: what was asked for as
a preview never reaches the API that costs something.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import filelock

from adapters.terminal import orders, resume
from adapters.terminal.resume import Seen
from bot import storage
from bot.plans import JOBS_FILE, sqlite_in
from bot.served import Served
from core.clock import Clock
from core.errors import SettingsError, StoreUnavailable
from core.jobs.dispatch import LocalDispatcher
from core.jobs.store.ledger import Ledger

FOLDERS_MAX = 64
"""How many may be in use at once."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Held:
    """A folder that is ours for as long as its dispatcher is open."""

    folder: Path
    served: Served
    dispatch: LocalDispatcher


def folders(data_dir: Path) -> tuple[Path, ...]:
    """Return every folder in which something was tried, the last used first."""
    files = [
        path
        for served in Served
        for path in (data_dir / "tries").glob(f"{served}-*/{JOBS_FILE}")
        if path.is_file()
    ]
    return tuple(path.parent for path in sorted(files, key=_changed_at, reverse=True))


@asynccontextmanager
async def hold(
    data_dir: Path, clock: Clock, served: Served, *, resumes: bool
) -> AsyncIterator[Held]:
    """
    Take a folder to work in: a free one, or with `resumes` the last one with something to go on.

    A preview that was drawn inside the process is gone on with whatever is served now.

    Raises:
        SettingsError: no folder can be made, or all are in use.
    """
    held = await _to_go_on(data_dir, clock, {served, Served.EMBEDDED}) if resumes else None
    if held is None:
        held = await _fresh(data_dir, clock, served)
    try:
        yield held
    finally:
        await held.dispatch.close()


async def _to_go_on(data_dir: Path, clock: Clock, kinds: set[Served]) -> Held | None:
    for folder in folders(data_dir):
        if _served_in(folder) in kinds:
            held = await _held_if(folder, clock, _has_something_left)
            if held is not None:
                return held
    return None


async def _fresh(data_dir: Path, clock: Clock, served: Served) -> Held:
    for number in range(1, FOLDERS_MAX + 1):
        folder = data_dir / "tries" / f"{served}-{number}"
        held = await _held_if(folder, clock, _is_at_rest)
        if held is not None:
            return held
    raise SettingsError("REDRAW_DATA_DIR", f"{FOLDERS_MAX} tries are under way in it already")


async def _held_if(
    folder: Path, clock: Clock, suits: Callable[[Ledger, Clock], Awaitable[bool]]
) -> Held | None:
    dispatch = await _locked(folder)
    if dispatch is None:
        return None
    try:
        async with storage.open_jobs(sqlite_in(folder), clock) as ledger:
            if await suits(ledger, clock):
                return Held(folder=folder, served=_served_in(folder), dispatch=dispatch)
    except StoreUnavailable as exc:
        await dispatch.close()
        reason = f"{folder / JOBS_FILE} cannot be used ({exc}): move it away, and a new one is made"
        raise SettingsError("REDRAW_DATA_DIR", reason) from exc
    except BaseException:
        await dispatch.close()
        raise
    await dispatch.close()
    return None


async def _locked(folder: Path) -> LocalDispatcher | None:
    """Return the dispatcher that holds the folder, or None when somebody else does."""
    storage.make_folder(folder)
    try:
        return await LocalDispatcher(folder / "redraw.lock").__aenter__()
    except SettingsError as exc:
        if isinstance(exc.__cause__, filelock.Timeout):
            return None
        raise


async def _has_something_left(ledger: Ledger, clock: Clock) -> bool:
    jobs = await ledger.list_all(orders.LOOK_BACK)
    seen = [Seen(job=job, deliveries=await ledger.deliveries(job.job_id)) for job in jobs]
    return bool(resume.last_run(seen, clock.now()))


async def _is_at_rest(ledger: Ledger, clock: Clock) -> bool:
    """Whether no job would be carried out by the way: one past its deadline is only put to rest."""
    for job_id in await ledger.unfinished():
        job = await ledger.load(job_id)
        if not job.is_terminal and job.deadline_at > clock.now():
            return False
    return True


def _served_in(folder: Path) -> Served:
    return Served(folder.name.partition("-")[0])


def _changed_at(jobs_file: Path) -> float:
    log = jobs_file.with_name(f"{jobs_file.name}-wal")
    return max(path.stat().st_mtime for path in (jobs_file, log) if path.exists())
