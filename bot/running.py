"""Root: `redraw run`, every chat that is set up, until told to stop."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Mapping, Sequence
from typing import Protocol

import structlog

from adapters.terminal.report import ExitCode
from bot import exits, logs, plans
from bot.plans import Plan
from bot.served import Served, look
from bot.settings import Settings
from bot.wiring import Materials, Works, open_works
from core.catalogue import loader
from core.catalogue.catalogue import Catalogue
from core.clock import Clock, SystemClock
from core.errors import AppError
from core.jobs.delivery import Deliverer

NO_CHAT = (
    "no chat is set up: this version has no chat adapters yet, so there is nothing to run; "
    "use `redraw try` at the terminal"
)

_log = structlog.get_logger()


class Chat(Protocol):
    """One chat: whom the worker delivers through, and what listens for orders."""

    @property
    def platform(self) -> str:
        """What the origin of its jobs says."""
        ...

    def deliverer(self, materials: Materials) -> Deliverer:
        """Return what the worker delivers through; called once, before `serve`."""
        ...

    async def serve(self, works: Works, stop: asyncio.Event) -> None:
        """Take orders until `stop` is set."""
        ...


def main(*, preview: bool) -> int:
    """Run until SIGTERM or Ctrl-C."""
    settings = Settings.from_machine()
    logs.configure(settings.log_format, settings.secrets)
    catalogue = loader.load(settings.models_file)
    plans.check_default_model(settings, catalogue)
    plans.check_key(settings, preview=preview)
    chats = chats_of(settings)
    if not chats:
        exits.say(NO_CHAT)
        return ExitCode.BAD_INPUT
    asyncio.run(_until_signalled(settings, catalogue, chats, preview=preview))
    return ExitCode.DONE


def chats_of(settings: Settings) -> tuple[Chat, ...]:  # noqa: ARG001  # no chat has settings yet
    """Return the chats whose tokens are set; each is imported only then."""
    return ()


async def serve(
    plan: Plan, catalogue: Catalogue, clock: Clock, chats: Sequence[Chat], stop: asyncio.Event
) -> None:
    """
    Serve the chats until `stop` is set: first they stop listening, then the worker stops.

    Raises:
        AppError: something could not be opened, or failed for good.
    """

    def deliverers(materials: Materials) -> Mapping[str, Deliverer]:
        return {chat.platform: chat.deliverer(materials) for chat in chats}

    async with open_works(plan, catalogue, clock, deliverers) as works:
        _log.info("started", preview=plan.preview, web=works.web_origin, chats=len(chats))
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(works.run(stop))
                for chat in chats:
                    tasks.create_task(chat.serve(works, stop))
        except* AppError as failures:
            raise exits.first_of(failures) from None
    _log.info("stopped")


async def _until_signalled(
    settings: Settings, catalogue: Catalogue, chats: Sequence[Chat], *, preview: bool
) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    served = Served.EMBEDDED if preview else await look(settings)
    await serve(plans.for_run(settings, served), catalogue, SystemClock(), chats, stop)
