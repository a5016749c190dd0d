"""Root: the commands about jobs; each imports what it needs when it is called."""

from __future__ import annotations

from typing import Annotated

import typer

from core.jobs.lifecycle import State
from core.jobs.mode import Halt

jobs_app = typer.Typer(
    help="Look at jobs, and see to them.", no_args_is_help=False, rich_markup_mode=None
)

_JOBS_LISTED = 20
"""How many jobs are listed unless `--limit` says otherwise."""

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")]
JobId = Annotated[str, typer.Argument(metavar="JOB", help="The job's id.")]
OfTerminal = Annotated[
    bool, typer.Option("--terminal", help="The jobs of `redraw try` instead of the bot's.")
]


@jobs_app.callback(invoke_without_command=True)
def jobs(
    context: typer.Context,
    *,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many at most.")] = _JOBS_LISTED,
    terminal: OfTerminal = False,
    as_json: AsJson = False,
) -> None:
    """List the newest jobs; `redraw jobs show JOB` tells all about one."""
    from bot import listing_jobs

    if context.invoked_subcommand is None:
        raise typer.Exit(listing_jobs.newest(limit=limit, terminal=terminal, as_json=as_json))
    if limit != _JOBS_LISTED or terminal or as_json:
        name = context.invoked_subcommand
        raise typer.BadParameter(f"options go after the command: redraw jobs {name} --...")


@jobs_app.command("list")
def jobs_list(
    *,
    states: Annotated[
        list[State] | None,
        typer.Option("--state", help="Only jobs in this state; may be given several times."),
    ] = None,
    platform: Annotated[
        str | None, typer.Option(metavar="NAME", help="Only jobs of discord, slack or terminal.")
    ] = None,
    user: Annotated[
        str | None, typer.Option(metavar="USER", help="Only jobs of this person: discord:123.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many at most.")] = _JOBS_LISTED,
    terminal: OfTerminal = False,
    as_json: AsJson = False,
) -> None:
    """List the newest jobs, all or some."""
    from bot import listing_jobs
    from core.jobs.sought import Sought

    sought = Sought(states=frozenset(states or ()), platform=platform, requester=user)
    code = listing_jobs.newest(
        limit=limit,
        terminal=terminal,
        as_json=as_json,
        sought=sought if sought != Sought() else None,
    )
    raise typer.Exit(code)


@jobs_app.command("show")
def jobs_show(
    job_id: JobId,
    *,
    as_json: AsJson = False,
) -> None:
    """Tell all about one job: its request, its history and its deliveries."""
    from bot import listing_jobs

    raise typer.Exit(listing_jobs.show(job_id, as_json=as_json))


@jobs_app.command("retry")
def jobs_retry(job_id: JobId, *, as_json: AsJson = False) -> None:
    """Ask for a job's result again, or say again what the chat refused; never pays again."""
    from bot import acting_jobs

    raise typer.Exit(acting_jobs.retry(job_id, as_json=as_json))


@jobs_app.command("cancel")
def jobs_cancel(job_id: JobId, *, as_json: AsJson = False) -> None:
    """Cancel a job, as whoever asked for it could."""
    from bot import acting_jobs

    raise typer.Exit(acting_jobs.cancel(job_id, as_json=as_json))


@jobs_app.command("pause")
def jobs_pause(*, as_json: AsJson = False) -> None:
    """Submit nothing until `redraw jobs resume`; orders are taken, and wait."""
    from bot import halting

    raise typer.Exit(halting.halt(Halt.PAUSED, as_json=as_json))


@jobs_app.command("drain")
def jobs_drain(*, as_json: AsJson = False) -> None:
    """Take no orders until `redraw jobs resume`; what is under way is finished."""
    from bot import halting

    raise typer.Exit(halting.halt(Halt.DRAINING, as_json=as_json))


@jobs_app.command("resume")
def jobs_resume(*, as_json: AsJson = False) -> None:
    """Take and submit orders again, after `pause` and `drain`."""
    from bot import halting

    raise typer.Exit(halting.resume(as_json=as_json))


@jobs_app.command("forget")
def jobs_forget(
    user: Annotated[str, typer.Argument(metavar="USER", help="The person, such as discord:123.")],
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: AsJson = False,
) -> None:
    """Remove a person's prompts, pictures and drafts for good; their costs stay, nameless."""
    from bot import forgetting_people

    raise typer.Exit(forgetting_people.forget(user, yes=yes, as_json=as_json))
