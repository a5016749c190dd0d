"""Root: every setting, read once; this module alone looks at the environment."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, ValidationError
from pydantic_settings import (
    BaseSettings,
    DotEnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from bot.settings_names import (
    PREFIX,
    default_data_dir,
    first_mistake,
    secrets_of,
    variable,
)
from bot.settings_services import Services
from bot.settings_values import (
    BUCKETS,
    About,
    Address,
    BrokerAddress,
    DatabaseAddress,
    Folder,
    MediaAddress,
    Words,
)
from core.errors import SettingsError


class Settings(Services):
    """Everything an operator can set; made by `read`."""

    model_config = SettingsConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    database_url: Annotated[
        DatabaseAddress | None,
        About(
            meaning="Where the bot keeps its jobs.",
            unit="`sqlite:///path` or `postgresql+psycopg://…`, secret",
            off="unset: the file `redraw.sqlite` in the data folder",
            why="A file needs no server; `try` has files of its own and never meets it.",
        ),
    ] = None
    data_dir: Annotated[
        Folder,
        About(
            meaning="Where everything lives that must outlast a restart: jobs, pictures, keys.",
            unit="folder",
            off="unset: `redraw` in the user's data folder (`$XDG_DATA_HOME` or its usual place)",
            why="It is where such data belongs on each system, and needs no rights to make.",
        ),
    ]
    media_url: Annotated[
        MediaAddress | None,
        About(
            meaning="Where pictures are kept: a bucket or a shared folder.",
            unit="`s3://bucket/prefix` (also `gs://`, `az://`) or `file:///folder`, secret",
            off="unset: the folder `media` in the data folder",
            why="A disk is enough for one process; a bucket also gives the API public links.",
            more=BUCKETS,
        ),
    ] = None
    public_url: Annotated[
        Address | None,
        About(
            meaning="The address at which the internet reaches our web server, so that the hosted "
            "API can fetch the pictures to be redrawn.",
            unit="http(s) address",
            off="unset: no public links are made",
            why="Nothing is exposed unless somebody says so.",
        ),
    ] = None
    http_host: Annotated[
        str,
        Field(min_length=1),
        About(
            meaning="Where our web server and `redraw studio` listen.",
            unit="host name or IP address",
            off="the web server is off unless links need it, or its host or port is set",
            why="Loopback: a reverse proxy on the machine is what should be reachable.",
        ),
    ] = "127.0.0.1"
    http_port: Annotated[
        int,
        Field(ge=0, le=65535),
        About(
            meaning="The port of our web server and of `redraw studio`.",
            unit="TCP port",
            off="0: any free port",
            why="The port that development servers usually have; needs no rights.",
        ),
    ] = 8080
    default_model: Annotated[
        str,
        Field(min_length=1),
        About(
            meaning="The model that is used when none is named.",
            unit="model id, name or app id",
            off="no",
            why="It reads strength, takes any picture's size and costs little.",
        ),
    ] = "flux-dev"
    models_file: Annotated[
        Folder | None,
        About(
            meaning="Your own catalogue file: adds, changes or hides models.",
            unit="file (TOML)",
            off="unset: the packaged catalogue alone",
            why="The eight documented models are complete.",
        ),
    ] = None
    job_deadline_s: Annotated[
        int,
        Field(ge=30, le=14400),
        About(
            meaning="How long a job may take before it is given up; it can be checked again later.",
            unit="seconds, 30 to 14400",
            off="no",
            why="Far over what a picture takes; the API never says that a task is lost.",
        ),
    ] = 900
    jobs_per_user: Annotated[
        int,
        Field(ge=0, le=1000),
        About(
            meaning="How many jobs one user may have under way.",
            unit="jobs",
            off="0: no limit",
            why="Enough to compare a few ideas, and nobody fills the queue alone.",
        ),
    ] = 3
    pictures_per_user_day: Annotated[
        int,
        Field(ge=0, le=100_000),
        About(
            meaning="How many pictures one user may ask for in 24 hours.",
            unit="pictures",
            off="0: no limit",
            why="A day's play, at a cost that an operator can overlook.",
        ),
    ] = 50
    credits_month: Annotated[
        int,
        Field(ge=0),
        About(
            meaning="How many estimated credits everybody together may spend in a calendar month.",
            unit="credits",
            off="0: no limit",
            why="Only the operator knows the account.",
        ),
    ] = 0
    max_batch: Annotated[
        int,
        Field(ge=1, le=8),
        About(
            meaning="The largest batch that may be asked for.",
            unit="pictures, 1 to 8",
            off="8: the API's own limit",
            why="Newcomers ask for the largest there is; four show the spread as well.",
        ),
    ] = 4
    queue_max: Annotated[
        int,
        Field(ge=1, le=100_000),
        About(
            meaning="How many jobs may be under way for everybody together.",
            unit="jobs",
            off="no",
            why="More would wait longer than anybody does.",
        ),
    ] = 200
    allowed_places: Annotated[
        Words,
        About(
            meaning="The only places where jobs may be asked for.",
            unit="words such as `discord:1234` or `slack:C0123`, between commas",
            off="unset: everywhere",
            why="Chats have their own settings for who may use a bot where.",
        ),
    ] = ()
    admins: Annotated[
        Words,
        About(
            meaning="Who may cancel and delete the jobs of others.",
            unit="words such as `discord:1234` or `slack:U0123`, between commas",
            off="unset: nobody beyond what a chat's own permissions give",
            why="Nobody is trusted unless named.",
        ),
    ] = ()
    retention_days: Annotated[
        int,
        Field(ge=0, le=3650),
        About(
            meaning="How long prompts and pictures are kept after a job has ended.",
            unit="days",
            off="0: for ever",
            why="Long enough to come back to a picture, short enough for private ones.",
        ),
    ] = 30
    broker_url: Annotated[
        BrokerAddress | None,
        About(
            meaning="The Celery broker between `redraw studio` and `redraw worker`.",
            unit="`redis://…` or `amqp://…`, secret",
            off="unset: files in the data folder",
            why="Files need no server; with a broker others do what a killed worker had in hand.",
        ),
    ] = None
    log_format: Annotated[
        Literal["console", "json"],
        About(
            meaning="How log lines are written on standard error.",
            unit="`console` or `json`",
            off="no",
            why="People read it first; set `json` where a collector does.",
        ),
    ] = "console"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003  # the library's signature
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003  # the library's signature
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003  # the library's signature
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003  # the library's signature
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take what `read` was given and nothing else."""
        return (init_settings,)

    @classmethod
    def read(cls, environ: Mapping[str, str], env_file: Path | None = None) -> Self:
        """
        Make the settings of `environ` and, below it, of `env_file`; empty values count as unset.

        Raises:
            SettingsError: a value cannot work; names its variable and never shows the value.
        """
        given = {**_from_file(cls, env_file), **{k: v for k, v in environ.items() if v.strip()}}
        chosen = {
            name: given[variable(name)] for name in cls.model_fields if variable(name) in given
        }
        if "data_dir" not in chosen:
            chosen["data_dir"] = str(default_data_dir(environ, sys.platform))
        try:
            return cls.model_validate(chosen)
        except ValidationError as exc:
            raise first_mistake(exc) from None  # pydantic's own text would show values

    @classmethod
    def from_machine(cls) -> Self:
        """Read the process's environment and the `.env` of the working folder."""
        return cls.read(os.environ, Path(".env"))  # noqa: TID251  # the one place

    @property
    def secrets(self) -> tuple[str, ...]:
        """Every value that must never be shown, for the log to mask."""
        return secrets_of(value for _, value in self)


def unknown_variables(environ: Mapping[str, str]) -> tuple[str, ...]:
    """Return variables that carry our prefix but set nothing: most often typing mistakes."""
    known = {variable(field) for field in Settings.model_fields}
    return tuple(sorted(k for k in environ if k.startswith(PREFIX) and k not in known))


def environment() -> Mapping[str, str]:
    """Return the names and values that settings are read from, those of `.env` below the others."""
    return {**_from_file(Settings, Path(".env")), **os.environ}  # noqa: TID251  # the one place


def _from_file(cls: type[BaseSettings], env_file: Path | None) -> dict[str, str]:
    if env_file is None:
        return {}
    try:
        lines = DotEnvSettingsSource(cls, env_file=env_file, case_sensitive=True).env_vars
    except (OSError, UnicodeDecodeError) as exc:
        why = exc.strerror if isinstance(exc, OSError) else "it is no UTF-8 text"
        raise SettingsError(".env", f"{env_file} cannot be read: {why}") from exc
    return {name: value for name, value in lines.items() if value and value.strip()}
