"""Root: what one process is to be made of, told from the settings before anything is opened."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import SecretStr

from bot.roles import Role
from bot.served import Served
from bot.settings import Settings
from bot.storage import FOLDER, folder_of, is_file
from core.catalogue.catalogue import Catalogue
from core.errors import SettingsError
from core.jobs.drafts import KEEP_WITHIN_S
from core.jobs.quota import Limits
from core.jobs.schedule import Pace

LOCAL_PACE = Pace(interval_s=0.25, late_min_s=0.25, late_max_s=1.0)
"""A preview takes a second or two, and asking for it costs nothing."""

NO_LIMITS = Limits(jobs_per_user=0, pictures_per_user_day=0, max_batch=8, queue_max=0)
"""Somebody at a terminal is the operator; 8 is the API's own limit."""

JOBS_FILE = "redraw.sqlite"
"""The file of jobs in any folder that has one."""

_LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, kw_only=True, slots=True)
class Hosted:
    """The API to ask, wherever it is served."""

    api_url: str
    api_key: SecretStr


@dataclass(frozen=True, kw_only=True, slots=True)
class Web:
    """Where our web server listens, and what its links begin with."""

    host: str
    port: int
    """0 takes any free one."""
    base_url: str | None = None
    """What links to pictures begin with; None takes the origin that it listens at."""
    makes_links: bool = True
    """Whether pictures are handed out under its links, unless a bucket hands them out."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """Everything that the wiring has to know; nothing in it is open yet."""

    folder: Path
    """Holds the lock, the key of links, and what the embedded studio keeps."""
    database: str
    media_url: SecretStr | None
    media_folder: Path
    """Where pictures are, unless `media_url` names another place."""
    provider: Hosted | None
    """None: the studio draws, inside this process."""
    preview: bool
    """Whether what comes out is a local preview, drawn here or by a studio elsewhere."""
    web: Web | None
    limits: Limits
    default_model: str
    deadline_s: float
    retention_days: int
    """0 keeps everything."""
    pace: Pace
    """How often an unfinished task is asked for."""
    file_hosts: frozenset[str] = frozenset()
    """Origins of a chat's files besides its own hosts; they may be on this machine."""
    role: Role = Role.ALL
    """What this process does of what there is to do."""
    keep_within_s: float = KEEP_WITHIN_S
    """How long keeping an order or a form may take; chats wait no more than three seconds."""

    @property
    def is_shareable(self) -> bool:
        """Whether others on the same database would find everything that we keep."""
        return self.media_url is not None and self.provider is not None

    @property
    def key_folder(self) -> Path:
        """Where the key of links is: beside the pictures, where others may share their folder."""
        url = "" if self.media_url is None else self.media_url.get_secret_value()
        return folder_of(url) if url.startswith(FOLDER) else self.folder

    @property
    def lock(self) -> Path:
        """The file whose lock says that a process drives the jobs of this folder."""
        return self.folder / "redraw.lock"


def for_try(settings: Settings, folder: Path, served: Served) -> Plan:
    """
    Return the plan of a `redraw try` that works in `folder`.

    Raises:
        SettingsError: the API would not be able to fetch the picture.
    """
    provider = _provider(settings, served)
    return Plan(
        folder=folder,
        database=sqlite_in(folder),
        media_url=settings.media_url if provider else None,
        media_folder=folder / "media",
        provider=provider,
        preview=served.preview,
        web=_web_of_a_try(settings, provider),
        limits=NO_LIMITS,
        default_model=settings.default_model,
        deadline_s=settings.job_deadline_s,
        retention_days=settings.retention_days,
        pace=LOCAL_PACE if served.preview else Pace(),
    )


def for_run(settings: Settings, served: Served, role: Role = Role.ALL) -> Plan:
    """
    Return the plan of `redraw run`; previews have a folder of their own.

    A job that was made as a preview must never reach the API that costs something.

    Raises:
        SettingsError: the database cannot be shared with whoever does the rest.
    """
    folder = preview_folder(settings) if served.preview else settings.data_dir
    provider = _provider(settings, served)
    _check_role(role, database_of(settings, folder))
    return Plan(
        folder=folder,
        database=database_of(settings, folder),
        media_url=settings.media_url,
        media_folder=folder / "media",
        provider=provider,
        preview=served.preview,
        web=_web_of_a_run(settings, provider),
        limits=limits_of(settings),
        default_model=settings.default_model,
        deadline_s=settings.job_deadline_s,
        retention_days=settings.retention_days,
        pace=LOCAL_PACE if served.preview else Pace(),
        file_hosts=frozenset(filter(None, [settings.discord_cdn_url])),
        role=role,
    )


def _check_role(role: Role, database: str) -> None:
    if role is not Role.ALL and is_file(database):
        raise SettingsError(
            "REDRAW_DATABASE_URL",
            f"leads to a SQLite file, which one process has for itself, so --role {role} would "
            "leave the rest undone: set it to a PostgreSQL server, or use --role all",
        )


def check_key(settings: Settings, *, preview: bool) -> None:
    """Raise SettingsError unless there is a key, or previews were asked for."""
    if settings.qolaba_api_key is None and not preview:
        raise SettingsError(
            "QOLABA_API_KEY",
            "is not set: set it to use the hosted API, or add --preview to draw local previews",
        )


def database_of(settings: Settings, folder: Path) -> str:
    """Return the address of the bot's jobs; may hold a password."""
    if settings.database_url is not None:
        return settings.database_url.get_secret_value()
    return sqlite_in(folder)


def preview_folder(settings: Settings) -> Path:
    """Return where the bot keeps its previews."""
    return settings.data_dir / "preview"


def sqlite_in(folder: Path) -> str:
    """Return the address of jobs that are kept in a file in `folder`."""
    return f"sqlite:///{folder / JOBS_FILE}"


def exists(url: str) -> bool:
    """Whether there are jobs at `url`; a server always counts."""
    path = url.partition(":///")[2]
    return not url.startswith("sqlite") or Path(path).exists()


def place_of(url: str) -> str:
    """Return how to name the jobs at `url` without a password."""
    return url.partition(":///")[2] if url.startswith("sqlite") else "the database"


def limits_of(settings: Settings) -> Limits:
    """Return what users of a chat may ask for."""
    return Limits(
        jobs_per_user=settings.jobs_per_user,
        pictures_per_user_day=settings.pictures_per_user_day,
        credits_month=settings.credits_month,
        max_batch=settings.max_batch,
        queue_max=settings.queue_max,
        allowed_places=frozenset(settings.allowed_places),
    )


def check_default_model(settings: Settings, catalogue: Catalogue) -> None:
    """Raise SettingsError unless the default model is one that may be chosen."""
    if catalogue.find(settings.default_model) is None:
        near = catalogue.suggest(settings.default_model)
        hint = f"; did you mean {near.model_id}?" if near else ""
        raise SettingsError("REDRAW_DEFAULT_MODEL", f"names no model of the catalogue{hint}")


def is_loopback(url: str) -> bool:
    """Whether `url` leads to this very machine."""
    host = urlsplit(url).hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_bucket(media_url: SecretStr | None) -> bool:
    """Whether pictures are kept in a place that makes public links of its own."""
    return media_url is not None and not media_url.get_secret_value().startswith(FOLDER)


def _provider(settings: Settings, served: Served) -> Hosted | None:
    if served is Served.EMBEDDED or settings.qolaba_api_key is None:
        return None
    return Hosted(api_url=settings.qolaba_api_url, api_key=settings.qolaba_api_key)


def _web_of_a_try(settings: Settings, provider: Hosted | None) -> Web | None:
    if provider is None:
        return Web(host=_LOOPBACK, port=0)
    if is_bucket(settings.media_url):
        return None
    if settings.public_url is not None:
        return _public(settings, settings.public_url)
    if is_loopback(provider.api_url):
        return Web(host=_LOOPBACK, port=0)
    raise SettingsError(
        "REDRAW_PUBLIC_URL",
        "is not set, so the API could not fetch your picture: set it to this machine's public "
        "address, or set REDRAW_MEDIA_URL to a bucket; without QOLABA_API_KEY you get a local "
        "preview",
    )


def is_slack_over_http(settings: Settings) -> bool:
    """Whether Slack is to call our web server, rather than we Slack."""
    return settings.slack_bot_token is not None and settings.slack_app_token is None


def _web_of_a_run(settings: Settings, provider: Hosted | None) -> Web | None:
    chosen = {"http_host", "http_port"} & settings.model_fields_set or is_slack_over_http(settings)
    host, port = settings.http_host, settings.http_port
    if provider is None:
        return Web(host=host, port=port if chosen else 0)
    if settings.public_url is not None:
        return _public(settings, settings.public_url)
    if is_loopback(provider.api_url):
        return Web(host=host, port=port if chosen else 0)
    return Web(host=host, port=port, makes_links=False) if chosen else None


def _public(settings: Settings, public_url: str) -> Web:
    return Web(host=settings.http_host, port=settings.http_port, base_url=public_url)
