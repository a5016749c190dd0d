"""
Root: the commands and their options; each imports what it needs when it is called.

`redraw --help` has to be quick, so nothing here imports a library but typer.
"""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Annotated

import typer

from bot.cli_jobs import AsJson, jobs_app
from bot.roles import Role

app = typer.Typer(
    name="redraw",
    help="Redraw pictures with image-to-image models: from the terminal, or from a team's chat.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _version(*, wanted: bool) -> None:
    """Print which version this is, and end."""
    if wanted:
        from importlib.metadata import version

        typer.echo(f"redraw {version('redraw')}")
        raise typer.Exit


@app.callback()
def main(
    *,
    version: Annotated[  # carried out by its callback
        bool,
        typer.Option(
            "--version",
            callback=lambda wanted: _version(wanted=wanted),
            is_eager=True,
            help="Print which version this is.",
        ),
    ] = False,
) -> None:
    """Redraw pictures with image-to-image models: from the terminal, or from a team's chat."""


app.add_typer(jobs_app, name="jobs")
invite_app = typer.Typer(
    help="Print the link that adds the bot to a chat.", no_args_is_help=True, rich_markup_mode=None
)
app.add_typer(invite_app, name="invite")
manifest_app = typer.Typer(
    help="Print what a chat makes an app from.", no_args_is_help=True, rich_markup_mode=None
)
app.add_typer(manifest_app, name="manifest")


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
    """Bring the database, and the file of previews, to what this version needs."""
    from bot import migrating

    raise typer.Exit(migrating.main())
