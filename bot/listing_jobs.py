"""Root: `redraw jobs`, what the ledger knows, as a table, as a page about one job, or as JSON."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from rich.console import Console

from adapters.terminal.report import ExitCode
from bot import databases, exits, halting, job_pages
from bot.job_pages import Told
from core.errors import UnknownJob
from core.jobs.job import Job
from core.jobs.mode import Mode
from core.jobs.sought import Sought
from core.jobs.store.ledger import Ledger

NOTHING_YET = "There are no jobs yet."
NOTHING_SUCH = "There are no such jobs."
NOT_FOUND = "no such job was found where jobs could be read"


@dataclass(kw_only=True, slots=True)
class _Found:
    """What some databases hold."""

    jobs: list[Job] = field(default_factory=list)
    unread: int = 0
    """How many of them could not be read."""
    modes: list[Mode] = field(default_factory=list)


def newest(*, limit: int, terminal: bool, as_json: bool, sought: Sought | None = None) -> int:
    """
    Print the newest jobs of the bot, or of the terminal; those when the bot has none.

    With `sought` only those jobs of the bot, or of the terminal.
    """
    settings = databases.begin()
    tried = databases.of_terminal(settings)
    bots = tuple(place.url for place in databases.of_bot(settings))
    found = asyncio.run(_newest(tried if terminal else bots, sought or Sought(), limit))
    is_empty = not found.jobs and not found.unread
    if is_empty and not terminal and sought is None and settings.database_url is None:
        found = asyncio.run(_newest(tried, Sought(), limit))
        if found.jobs:
            exits.say("the bot has no jobs; these are those of `redraw try`")
    _print(found, as_json=as_json, none=NOTHING_SUCH if sought else NOTHING_YET)
    return ExitCode.FAILED if found.unread else ExitCode.DONE


def show(job_id: str, *, as_json: bool) -> int:
    """
    Print all about one job, wherever it was asked for.

    Raises:
        UnknownJob: there is no such job.
    """
    settings, job_id = databases.begin(), job_id.strip().upper()
    urls = [place.url for place in databases.of_bot(settings)]
    told = asyncio.run(_told((*urls, *databases.of_terminal(settings)), job_id))
    if isinstance(told, int):
        return not_found(job_id, unread=told)
    if as_json:
        databases.print_json(job_pages.in_full(told))
    else:
        Console().print(job_pages.page(told))
    return ExitCode.DONE


def not_found(job_id: str, *, unread: int) -> int:
    """
    Say that a job is nowhere where jobs could be read; `unread` databases could not be.

    Raises:
        UnknownJob: all of them could be, so there is no such job.
    """
    if not unread:
        raise UnknownJob(job_id)
    exits.say(NOT_FOUND)
    return ExitCode.FAILED


def _print(found: _Found, *, as_json: bool, none: str) -> None:
    for line in dict.fromkeys(line for mode in found.modes for line in halting.lines(mode)):
        exits.say(line)
    if as_json:
        databases.print_json([job_pages.brief(job) for job in found.jobs])
    elif found.jobs or not found.unread:
        Console().print(job_pages.table(found.jobs) if found.jobs else none)


async def _newest(urls: Sequence[str], sought: Sought, limit: int) -> _Found:
    found = _Found()
    for url in urls:
        async with databases.opened(url) as ledger:
            if ledger:
                found.jobs += await ledger.find(sought, limit)
                found.modes.append(await ledger.control.mode())
            else:
                found.unread += 1
    found.jobs = sorted(found.jobs, key=lambda job: job.job_id, reverse=True)[:limit]
    return found


async def _told(urls: Sequence[str], job_id: str) -> Told | int:
    """Return all about the job, or in how many databases it may be that could not be read."""
    unread = 0
    for url in urls:
        async with databases.opened(url) as ledger:
            found = await _told_by(ledger, job_id) if ledger else None
            unread += ledger is None
        if found is not None:
            return found
    return unread


async def _told_by(ledger: Ledger, job_id: str) -> Told | None:
    if not await databases.has(ledger, job_id):
        return None
    return Told(
        job=await ledger.load(job_id),
        history=await ledger.history(job_id),
        deliveries=await ledger.deliveries(job_id),
    )
