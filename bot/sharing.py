"""Root: who drives the jobs of a database: one process beside its file, or replicas on a server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from types import ModuleType

from bot import storage
from bot.membership import Membership, OnlyOne
from bot.plans import Plan
from core.clock import Clock
from core.errors import SettingsError
from core.jobs.dispatch import Dispatcher, LocalDispatcher
from core.jobs.store import engine, schema

VARIABLE = "REDRAW_DATABASE_URL"


@asynccontextmanager
async def open_membership(plan: Plan, clock: Clock) -> AsyncIterator[Membership]:
    """
    Take our place among those that run on the database; beside a file there is but one.

    Raises:
        SettingsError: others run there with whom we cannot share what we keep, or they cannot.
        StoreUnavailable: the database cannot be reached.
    """
    if storage.is_file(plan.database):
        yield OnlyOne()
        return
    join = _replicas().join
    async with join(plan.database, clock, is_shared=plan.is_shareable, told=_why_not(plan)) as one:
        yield one


def _why_not(plan: Plan) -> SettingsError:
    """Return what an operator is told when this process and another rule each other out."""
    if plan.provider is None:
        return SettingsError(
            "QOLABA_API_URL",
            "another Redraw runs on this database, and previews that are drawn inside a process "
            "are known to it alone: stop the other one, or have all of them use a `redraw studio`",
        )
    if plan.media_url is None:
        return SettingsError(
            "REDRAW_MEDIA_URL",
            "is not set, so pictures would be on this machine alone, and another Redraw runs on "
            "this database: set it to the same bucket or shared folder for all of them",
        )
    return SettingsError(
        "REDRAW_MEDIA_URL",
        "is set here, but another Redraw on this database keeps its pictures, or draws its "
        "previews, on its own machine alone: stop that one, or set it there as well",
    )


@asynccontextmanager
async def open_dispatch(url: str, lock: Path, clock: Clock) -> AsyncIterator[Dispatcher]:
    """
    Open what shares out the jobs at `url`.

    A SQLite file belongs to one process; the jobs on a server are shared with whoever else runs
    on it.

    Raises:
        SettingsError: the folder is in use, or the database is of another version.
        StoreUnavailable: the database cannot be reached.
    """
    if storage.is_file(url):
        async with locked(url, lock) as alone:
            yield alone
        return
    storage.make_folder(lock.parent)
    if not await is_current(url):
        reason = "leads to a database of another version: run `redraw migrate`"
        raise SettingsError(VARIABLE, reason)
    from core.jobs.dispatch_procrastinate import open_dispatcher

    async with open_dispatcher(url, clock) as shared:
        yield shared


@asynccontextmanager
async def locked(url: str, lock: Path) -> AsyncIterator[LocalDispatcher]:
    """
    Keep everybody else from the folder of `lock`, and from that of the SQLite file at `url`.

    Raises:
        SettingsError: one of them is in use, or cannot be written to.
    """
    async with AsyncExitStack() as held:
        storage.make_folder(lock.parent)
        dispatch = await held.enter_async_context(LocalDispatcher(lock))
        beside = _beside(url, lock)
        if beside is not None:
            storage.make_folder(beside.parent)
            await held.enter_async_context(LocalDispatcher(beside, variable=VARIABLE))
        yield dispatch


def _beside(url: str, lock: Path) -> Path | None:
    """Return the lock in the folder of the file at `url`; None where that is `lock`."""
    file = Path(str(engine.database_url(url).database)).resolve()
    return None if file.parent == lock.parent.resolve() else file.with_name(lock.name)


async def is_current(url: str) -> bool:
    """
    Return whether the database is of this version, and so is the queue beside the jobs.

    Raises:
        SettingsError: the address cannot work.
        StoreUnavailable: the database cannot be reached.
    """
    if not await schema.schema_is_current(url):
        return False
    return storage.is_file(url) or bool(await _queue().queue_is_current(url))


async def migrate(url: str) -> None:
    """
    Bring the database to this version, and the queue beside the jobs.

    Raises:
        SettingsError: the address cannot work, or others have been there before.
        StoreUnavailable: the database cannot be reached.
    """
    await schema.migrate(url)
    if not storage.is_file(url):
        await _queue().migrate_queue(url)


def _queue() -> ModuleType:
    try:
        from core.jobs import dispatch_schema
    except ImportError as exc:
        raise _without_extra() from exc
    return dispatch_schema


def _replicas() -> ModuleType:
    try:
        from bot import replicas
    except ImportError as exc:
        raise _without_extra() from exc
    return replicas


def _without_extra() -> SettingsError:
    return SettingsError(VARIABLE, "needs the extra: pip install 'redraw[postgres]'")
