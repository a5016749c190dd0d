"""Root: `redraw studio` and `redraw worker`, the local API and the processes that draw for it."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import signal
import threading

from pydantic import SecretStr

from adapters.terminal.report import ExitCode
from bot import logs, storage
from bot.plans import is_loopback
from bot.settings import Settings
from core.catalogue import loader
from core.studio.server import Studio, open_studio
from core.studio.settings import StudioSettings
from core.studio.worker import run_worker

_TOKEN_BYTES = 24


def serve(*, host: str | None, port: int | None) -> int:
    """Serve the API until SIGTERM or Ctrl-C."""
    settings = Settings.from_machine()
    token = settings.qolaba_api_key or SecretStr(secrets.token_urlsafe(_TOKEN_BYTES))
    logs.configure(settings.log_format, (*settings.secrets, token.get_secret_value()))
    studio = _studio(settings, token, host=host, port=port)
    asyncio.run(_serve(studio, shows_token=settings.qolaba_api_key is None))
    return ExitCode.DONE


def work() -> int:
    """Draw until SIGTERM or Ctrl-C; the picture in hand is finished."""
    settings = Settings.from_machine()
    logs.configure(settings.log_format, settings.secrets)
    storage.make_folder(settings.data_dir / "studio")
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    studio = _studio(settings, SecretStr(secrets.token_urlsafe(_TOKEN_BYTES)))
    run_worker(studio, stop, on_ready=_say_that_we_draw)
    return ExitCode.DONE


def _say_that_we_draw() -> None:
    with contextlib.suppress(OSError):  # nobody reads it
        print("Drawing for `redraw studio`; Ctrl-C stops.", flush=True)


def _studio(
    settings: Settings, token: SecretStr, *, host: str | None = None, port: int | None = None
) -> StudioSettings:
    host = host or settings.http_host
    return StudioSettings(
        token=token,
        data_dir=settings.data_dir / "studio",
        models=loader.load(settings.models_file),
        embedded=False,
        broker_url=settings.broker_url,
        host=host,
        port=settings.http_port if port is None else port,
        allowed_origins=(settings.public_url,) if settings.public_url else (),
        trusts_loopback=is_loopback(f"http://{host}"),
    )


async def _serve(settings: StudioSettings, *, shows_token: bool) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    async with open_studio(settings) as studio:
        _introduce(studio, settings.token if shows_token else None)
        await stop.wait()


def _introduce(studio: Studio, made: SecretStr | None) -> None:
    """Say how to use what is being served; a token that was made is said here and nowhere else."""
    print("Local studio: every picture is a local preview. Start `redraw worker` to draw.")
    print(f"QOLABA_API_URL={studio.api_url}")
    if made is not None:
        print(f"QOLABA_API_KEY={made.get_secret_value()}")
    print("Ctrl-C stops.", flush=True)
