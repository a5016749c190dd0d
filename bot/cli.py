"""
Root: the commands and their options; each imports what it needs when it is called.

`redraw --help` has to be quick, so nothing here imports a library but typer.
"""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    name="redraw",
    help="Redraw pictures with image-to-image models: from the terminal, or from a team's chat.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
jobs_app = typer.Typer(help="Look at jobs.", no_args_is_help=False, rich_markup_mode=None)
app.add_typer(jobs_app, name="jobs")

_JOBS_LISTED = 20
"""How many jobs are listed unless `--limit` says otherwise."""

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")]
OfTerminal = Annotated[
    bool, typer.Option("--terminal", help="The jobs of `redraw try` instead of the bot's.")
]


@app.command("try")
def try_(
    *,
    arguments: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="IMAGE... PROMPT",
            help="Picture files, then what to make of them in quotes. With no picture, one that "
            "comes with Redraw is taken.",
        ),
    ] = None,
    model: Annotated[
        str | None, typer.Option(metavar="MODEL", help="Which model; see `redraw models`.")
    ] = None,
    size: Annotated[
        str | None, typer.Option(metavar="WxH", help="Width x height, such as 1280x720.")
    ] = None,
    strength: Annotated[
        str | None,
        typer.Option(metavar="NUMBER", help="How far to depart from the picture: over 0, to 1."),
    ] = None,
    guidance_scale: Annotated[
        str | None,
        typer.Option(metavar="NUMBER", help="How closely to follow the prompt: 1 to 30."),
    ] = None,
    negative_prompt: Annotated[
        str | None, typer.Option(metavar="TEXT", help="What should not be in the result.")
    ] = None,
    batch: Annotated[
        str | None, typer.Option(metavar="COUNT", help="How many pictures to make: 1 to 8.")
    ] = None,
    out: Annotated[
        Path, typer.Option(metavar="FOLDER", help="The folder to write pictures below.")
    ] = Path("redraw-out"),
    all_models: Annotated[
        bool, typer.Option("--all-models", help="Every model once, and one sheet of all.")
    ] = False,
    as_json: AsJson = False,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the last run that was not finished.")
    ] = False,
) -> None:
    """Redraw pictures; without an API key, as local previews."""
    from adapters.terminal.interrupts import Interrupts

    interrupts = Interrupts()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: interrupts.press())  # while the libraries are loaded
    from bot import trying

    given = {
        "model": model,
        "size": size,
        "strength": strength,
        "guidance_scale": guidance_scale,
        "negative_prompt": negative_prompt,
        "batch": batch,
    }
    code = trying.main(
        arguments=tuple(arguments or ()),
        values={name: value for name, value in given.items() if value is not None},
        out=out,
        all_models=all_models,
        as_json=as_json,
        resume=resume,
        interrupts=interrupts,
    )
    raise typer.Exit(code)


@app.command()
def run(
    *,
    preview: Annotated[
        bool, typer.Option("--preview", help="Draw local previews; needs no API key.")
    ] = False,
) -> None:
    """Serve every chat whose tokens are set, until told to stop."""
    from bot import running

    raise typer.Exit(running.main(preview=preview))


@app.command()
def studio(
    *,
    host: Annotated[str | None, typer.Option(metavar="HOST", help="Where to listen.")] = None,
    port: Annotated[
        int | None, typer.Option(metavar="PORT", help="Where to listen; 0 takes any port.")
    ] = None,
) -> None:
    """Serve the same API locally; `redraw worker` draws for it."""
    from bot import studio_process

    raise typer.Exit(studio_process.serve(host=host, port=port))


@app.command()
def worker() -> None:
    """Draw for `redraw studio`, until told to stop."""
    from bot import studio_process

    raise typer.Exit(studio_process.work())


@app.command()
def models(*, as_json: AsJson = False) -> None:
    """List the models: what they take, are good for, and cost."""
    from bot import listing_models

    raise typer.Exit(listing_models.main(as_json=as_json))


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
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many at most.")] = _JOBS_LISTED,
    terminal: OfTerminal = False,
    as_json: AsJson = False,
) -> None:
    """List the newest jobs."""
    from bot import listing_jobs

    raise typer.Exit(listing_jobs.newest(limit=limit, terminal=terminal, as_json=as_json))


@jobs_app.command("show")
def jobs_show(
    job_id: Annotated[str, typer.Argument(metavar="JOB", help="The job's id.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Tell all about one job: its request, its history and its deliveries."""
    from bot import listing_jobs

    raise typer.Exit(listing_jobs.show(job_id, as_json=as_json))


@app.command()
def doctor(*, as_json: AsJson = False) -> None:
    """Check settings, disk, store, API and address, free of charge."""
    from bot import doctor

    raise typer.Exit(doctor.main(as_json=as_json))


@app.command()
def migrate() -> None:
    """Bring the database to what this version needs."""
    from bot import migrating

    raise typer.Exit(migrating.main())
