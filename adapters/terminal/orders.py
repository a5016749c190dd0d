"""Conductor: turns a command line into jobs, or finds the jobs to go on with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import assert_never

from adapters.terminal import commands, files, intake, origin, resume
from adapters.terminal.commands import DEFAULT_OUT, TryOptions
from adapters.terminal.interrupts import Interrupts
from adapters.terminal.origin import REQUESTER, Run
from adapters.terminal.parts import Parts
from adapters.terminal.resume import Seen, Way
from core.catalogue.catalogue import Catalogue
from core.errors import AppError, InvalidRequest, Problem
from core.jobs.job import Order
from core.request import GenerationRequest

LOOK_BACK = 64
"""How many jobs `--resume` looks at: eight runs of all models."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Placed:
    """The jobs that one command is about."""

    run: Run
    job_ids: tuple[str, ...]


async def of(parts: Parts, options: TryOptions, interrupts: Interrupts) -> Placed | None:
    """
    Return the jobs that the command line is about: new ones, or with `resume` the last ones.

    None when the user asked to stop before anything was ordered.

    Raises:
        InvalidRequest: there is nothing to do, or it cannot be done.
        QuotaExceeded: a limit is used up; nothing was ordered.
        StoreUnavailable: nothing runs: it was not kept, or is withdrawn.
    """
    if not options.resume:
        return await place(parts, options, interrupts)
    if options.arguments or options.values or options.all_models or options.out != DEFAULT_OUT:
        raise InvalidRequest((_RESUME_AND_NEW,))
    return await go_on(parts, interrupts)


async def place(parts: Parts, options: TryOptions, interrupts: Interrupts) -> Placed | None:
    """
    Order what the command line asks for, unless the user asks to stop while it is looked at.

    Everything that can be wrong with it is found before there is any job.

    Raises:
        InvalidRequest: with every problem of the files, the folder and the settings.
        QuotaExceeded: a limit is used up; nothing was ordered.
        StoreUnavailable: nothing runs: it was not kept, or is withdrawn.
    """
    asked = commands.tell_apart(options.arguments, is_file=files.is_file)
    out = options.out.expanduser().absolute()
    requests, problems = _requests(parts, options, asked)
    taken = await intake.load(parts, asked.images)
    unusable = await files.open_folder(out)
    problems += (*taken.problems, *((unusable,) if unusable else ()))
    if problems:
        raise InvalidRequest(problems)
    run = Run(
        run_id=parts.new_id(),
        out=out,
        pictures=await intake.keep(parts, taken.pictures),
        several=options.all_models,
    )
    if interrupts.stop:
        return None
    return Placed(run=run, job_ids=await _order_all(parts, run, requests))


def _requests(
    parts: Parts, options: TryOptions, asked: commands.Asked
) -> tuple[tuple[GenerationRequest, ...], tuple[Problem, ...]]:
    try:
        requests = commands.requests(
            options, asked, parts.catalogue, default_model=parts.default_model
        )
    except InvalidRequest as error:
        return (), error.problems
    return requests, ()


async def _order_all(
    parts: Parts, run: Run, requests: Sequence[GenerationRequest]
) -> tuple[str, ...]:
    """All of them or none: only when every one is in the ledger are they let go."""
    job_ids: list[str] = []
    try:
        for request in requests:
            admission = await parts.queue.submit(_order(parts, run, request))
            job_ids.append(admission.job.job_id)
    except AppError:
        for job_id in job_ids:
            await parts.queue.ack_refused(job_id)
        raise
    for job_id in job_ids:
        await parts.queue.acknowledged(job_id)
    return tuple(job_ids)


def _order(parts: Parts, run: Run, request: GenerationRequest) -> Order:
    model = parts.catalogue[request.model_id]
    return Order(
        dedupe_key=f"{origin.PLATFORM}:{run.run_id}:{parts.new_id()}",
        origin=origin.to_origin(run),
        request=request,
        credits=model.credits_per_picture * request.batch,
        preview=parts.preview,
    )


async def go_on(parts: Parts, interrupts: Interrupts) -> Placed | None:
    """
    Return the jobs of the newest run that has something left to do, set going again.

    None when the user asked to stop before that.

    Raises:
        InvalidRequest: there is none.
    """
    found = resume.last_run(await _seen(parts), parts.clock.now())
    if not found:
        raise InvalidRequest((_NOTHING_TO_RESUME,))
    if interrupts.stop:
        return None
    run = origin.of(found[0].job.origin)
    job_ids = [await _set_going(parts, run, seen) for seen in found]
    return Placed(run=run, job_ids=tuple(job_ids))


async def _seen(parts: Parts) -> tuple[Seen, ...]:
    """Return the newest jobs; one whose model has left the catalogue cannot be gone on with."""
    jobs = await parts.queue.list_for(REQUESTER, LOOK_BACK)
    return tuple(
        [
            Seen(job=job, deliveries=await parts.queue.deliveries(job.job_id))
            for job in jobs
            if _is_offered(parts.catalogue, job.request.model_id)
        ]
    )


def _is_offered(catalogue: Catalogue, model_id: str) -> bool:
    try:
        return catalogue[model_id].model_id == model_id
    except KeyError:
        return False


async def _set_going(parts: Parts, run: Run, seen: Seen) -> str:
    job = seen.job
    match resume.way_on(seen, parts.clock.now()):
        case Way.CONFIRM:
            await parts.queue.acknowledged(job.job_id)
        case Way.CHECK_AGAIN:
            await parts.queue.check_again(job.job_id)
        case Way.SUBMIT_ANEW:
            return (await _order_all(parts, run, (job.request,)))[0]
        case Way.WATCH | Way.WRITE_AGAIN | Way.NOTHING:
            pass  # it is under way, or what is left is done when it is reported on
        case way:
            assert_never(way)
    return job.job_id


_NOTHING_TO_RESUME = Problem(
    parameter="resume",
    reason="there is nothing to go on with: every job here is done, or running it again would be "
    "a new order",
    allowed="redraw try without --resume",
)

_RESUME_AND_NEW = Problem(
    parameter="resume",
    reason="a new order was given as well; it goes on with the last one, in the same folder",
    allowed="--resume alone",
)
