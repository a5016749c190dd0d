"""
Root: the commands and their options; each imports what it needs when it is called.

`redraw --help` has to be quick, so nothing here imports a library but typer.
"""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Annotated

import typer

from bot.roles import Role
from core.jobs.lifecycle import State
from core.jobs.mode import Halt

app = typer.Typer(
    name="redraw",
    help="Redraw pictures with image-to-image models: from the terminal, or from a team's chat.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
jobs_app = typer.Typer(
    help="Look at jobs, and see to them.", no_args_is_help=False, rich_markup_mode=None
)
app.add_typer(jobs_app, name="jobs")
invite_app = typer.Typer(
    help="Print the link that adds the bot to a chat.", no_args_is_help=True, rich_markup_mode=None
)
app.add_typer(invite_app, name="invite")
manifest_app = typer.Typer(
    help="Print what a chat makes an app from.", no_args_is_help=True, rich_markup_mode=None
)
app.add_typer(manifest_app, name="manifest")

_JOBS_LISTED = 20
"""How many jobs are listed unless `--limit` says otherwise."""

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")]
JobId = Annotated[str, typer.Argument(metavar="JOB", help="The job's id.")]
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
    role: Annotated[
        Role,
        typer.Option(
            help="What this process does, of several on one PostgreSQL database: listen to chats "
            "and take orders (gateway), drive jobs and deliver (worker), or both."
        ),
    ] = Role.ALL,
) -> None:
    """Serve every chat whose tokens are set, until told to stop."""
    from bot import running

    raise typer.Exit(running.main(preview=preview, role=role))


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


@invite_app.command("discord")
def invite_discord(
    *,
    application_id: Annotated[
        int | None,
        typer.Option(min=1, metavar="ID", help="The application, instead of the token's own."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Print the link that adds the bot to a Discord server, and why it asks for what it asks."""
    from bot import inviting

    raise typer.Exit(inviting.discord(application_id, as_json=as_json))


@manifest_app.command("slack")
def manifest_slack(
    *,
    http: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help="The public https address of this Redraw, to be called by Slack there; without "
            "it the app is for Socket Mode, which needs no address.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Print the manifest (YAML) that makes the Slack app."""
    from bot import manifests

    raise typer.Exit(manifests.slack(http, as_json=as_json))


@app.command()
def doctor(
    *,
    discord_channel: Annotated[
        int | None,
        typer.Option(min=1, metavar="ID", help="Also check what the bot may do in this channel."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check settings, disk, store, API, address, Discord and Slack, free of charge."""
    from bot import doctor

    raise typer.Exit(doctor.main(discord_channel=discord_channel, as_json=as_json))


@app.command()
def migrate() -> None:
    """Bring the database to what this version needs; `redraw run` does that to a preview's file."""
    from bot import migrating

    raise typer.Exit(migrating.main())
