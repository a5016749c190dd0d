"""Root: `redraw jobs retry` and `cancel`: what an admin may do to a job, whoever drives it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from adapters.terminal.report import ExitCode
from bot import databases, listing_jobs
from core.clock import SystemClock
from core.jobs.job import Job
from core.jobs.lifecycle import Event, Reason, State
from core.jobs.store.ledger import Ledger

NOTICED = "A Redraw that runs notices within two seconds; otherwise it is done at the next start."
_OF_TRY = (
    "It is a job of `redraw try`: Ctrl-C there cancels it, and `redraw try --resume` goes on with "
    "what is left."
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Done:
    """What came of an act."""

    job: Job
    did: str | None
    """`check_again`, `show_again`, `cancel`, or None when nothing was done."""
    text: str


Act = Callable[[Ledger, Job], Awaitable[Done]]


def retry(job_id: str, *, as_json: bool) -> int:
    """
    Have the job come to a better end, if that is free of charge.

    Raises:
        UnknownJob: there is no such job.
    """
    return _carry_out(job_id, _retry, as_json=as_json)


def cancel(job_id: str, *, as_json: bool) -> int:
    """
    Cancel the job.

    Raises:
        UnknownJob: there is no such job.
    """
    return _carry_out(job_id, _cancel, as_json=as_json)


def _carry_out(job_id: str, act: Act, *, as_json: bool) -> int:
    job_id = job_id.strip().upper()
    done = asyncio.run(_act_on(job_id, act))
    if isinstance(done, int):
        return listing_jobs.not_found(job_id, unread=done)
    if as_json:
        databases.print_json(
            {
                "job_id": done.job.job_id,
                "did": done.did,
                "state": done.job.state.value,
                "reason": done.job.reason.value if done.job.reason else None,
                "text": done.text,
            }
        )
    else:
        print(f"{done.text} {NOTICED}" if done.did else done.text)
    return ExitCode.DONE if done.did else ExitCode.FAILED


async def _act_on(job_id: str, act: Act) -> Done | int:
    """Return what was done, or in how many databases the job may be that could not be read."""
    settings, unread = databases.begin(), 0
    for place in databases.of_bot(settings):
        async with databases.opened(place.url) as ledger:
            unread += ledger is None
            if ledger and await databases.has(ledger, job_id):
                return await act(ledger, await ledger.load(job_id))
    for url in databases.of_terminal(settings):
        async with databases.opened(url) as ledger:
            unread += ledger is None
            if ledger and await databases.has(ledger, job_id):
                return Done(job=await ledger.load(job_id), did=None, text=_OF_TRY)
    return unread


async def _retry(ledger: Ledger, job: Job) -> Done:
    """Ask for the result again, or say again what was refused; never pay again."""
    now = SystemClock().now()
    if job.is_terminal and job.request.prompt:
        checked = await ledger.control.record(job.job_id, Event.CHECK_AGAIN, now)
        if checked is not None:
            return Done(job=checked, did="check_again", text=_CHECKED)
        shown = await ledger.control.show_again(job.job_id, now)
        if shown is not None:
            return Done(job=shown, did="show_again", text=_SHOWN)
    is_untold = job.is_terminal and job.job_id in await ledger.unfinished()
    return Done(job=job, did=None, text=_why_not_again(job, is_untold=is_untold))


_UNTOLD = (
    "It has ended, and is still to be told in its chat: that is tried for 24 hours by whoever runs."
)
_CHECKED = "The image service is asked once more for its result, free of charge."
_SHOWN = "What the chat had refused is said once more."


def _why_not_again(job: Job, *, is_untold: bool) -> str:
    if not job.is_terminal:
        return f"It is under way ({job.state}): there is nothing to do again."
    if not job.request.prompt:
        return "Its prompt and pictures are not kept any more: nothing can be done again."
    if job.state is State.READY:
        return _UNTOLD if is_untold else "It is ready and was told: there is nothing to do again."
    if job.state is State.UNCERTAIN:
        return (f"{_UNTOLD} " if is_untold else "") + (
            "Nobody knows whether the image service took it, so it is never sent again by itself: "
            "it may have been charged. Compare the bill; whoever asked may press **Run again**, "
            "which may pay a second time."
        )
    return (
        "There is no result at the image service to ask for (any more): it takes a new order, "
        "which whoever asked makes with **Run again** or with a new command."
    )


async def _cancel(ledger: Ledger, job: Job) -> Done:
    cancelled = await ledger.control.record(job.job_id, Event.CANCEL, SystemClock().now())
    if cancelled is None:
        job = await ledger.load(job.job_id)
        return Done(job=job, did=None, text=_why_too_late(job))
    return Done(job=cancelled, did="cancel", text=_cancelled(cancelled))


def _cancelled(job: Job) -> str:
    if job.cancel_wanted:
        return (
            "It is being sent just now: it is cancelled as soon as the answer is here, and may "
            "be charged."
        )
    if job.reason is Reason.WITHDRAWN:
        return "It is cancelled; nothing was charged."
    return "It is cancelled and watched no longer; it may be charged, since it had been sent."


def _why_too_late(job: Job) -> str:
    if job.state is State.COLLECTING:
        return "It is too late: it is paid for, and its pictures are being downloaded."
    return f"It has ended already ({job.state})."
