"""Root: `redraw run`, every chat that is set up, until told to stop."""

from __future__ import annotations

import asyncio
import gc
import signal
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack

import structlog
import uvloop

from adapters.lead import Presence
from adapters.terminal.report import ExitCode
from bot import exits, logs, plans, sharing
from bot.chats import Chat
from bot.membership import Membership
from bot.plans import Plan
from bot.platforms import NO_CHAT, chats_of
from bot.roles import Role
from bot.served import Served, look
from bot.settings import Settings
from bot.wiring import Materials, Works, open_works
from core.catalogue import loader
from core.catalogue.catalogue import Catalogue
from core.clock import Clock, SystemClock
from core.errors import AppError
from core.jobs.delivery import Deliverer

YOUNG_OBJECTS = 20_000
"""
New objects after which the garbage collector looks through them; Python itself takes 700.

An order has about a hundred at a time. Looking through so many takes two milliseconds.
"""

_log = structlog.get_logger()


def main(*, preview: bool, role: Role) -> int:
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
    uvloop.run(_until_signalled(settings, catalogue, chats, preview=preview, role=role))
    return ExitCode.DONE


async def serve(
    plan: Plan, catalogue: Catalogue, clock: Clock, chats: Sequence[Chat], stop: asyncio.Event
) -> None:
    """
    Serve the chats until `stop` is set: first they stop listening, then the worker stops.

    A chat that fails sets it: what the worker is paying for just then is still answered.

    Raises:
        AppError: something could not be opened, or failed for good.
    """

    def deliverers(materials: Materials) -> Mapping[str, Deliverer]:
        return {chat.platform: chat.deliverer(materials) for chat in chats}

    def present() -> Mapping[str, Presence]:
        return {chat.platform: chat.presence for chat in chats}

    async with AsyncExitStack() as opened:
        for chat in chats:
            opened.push_async_callback(chat.close)
        member = await opened.enter_async_context(sharing.open_membership(plan, clock))
        mounts = [mount for chat in chats for mount in chat.mounts if plan.role.listens]
        opening = open_works(
            plan, catalogue, clock, deliverers, mounts=mounts, present=present, lead=member.lead
        )
        works = await opened.enter_async_context(opening)
        _log.info(
            "started", preview=plan.preview, web=works.web_origin, chats=len(chats), role=plan.role
        )
        failed: list[Exception] = []
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(works.run(stop))
                tasks.create_task(_belong(member, stop, failed))
                for chat in chats:
                    tasks.create_task(_serve_one(chat, works, stop, failed))
            if failed:
                raise failed[0]
        except* AppError as failures:
            raise exits.first_of(failures) from None
    _log.info("stopped")


async def _serve_one(
    chat: Chat, works: Works, stop: asyncio.Event, failed: list[Exception]
) -> None:
    """Serve a chat; should it fail, say so in `failed` and have everything else stop in order."""
    try:
        await chat.serve(works, stop)
    except Exception as exc:  # noqa: BLE001 -- raised again once the others have stopped
        _log.error("chat_failed", chat=chat.platform, error=type(exc).__name__)
        failed.append(exc)
        stop.set()


async def _belong(member: Membership, stop: asyncio.Event, failed: list[Exception]) -> None:
    """Be one of the replicas; should that become impossible, have everything stop in order."""
    try:
        await member.until(stop)
    except AppError as exc:
        _log.error("replica_ruled_out", error=type(exc).__name__)
        failed.append(exc)
        stop.set()


async def _until_signalled(
    settings: Settings, catalogue: Catalogue, chats: Sequence[Chat], *, preview: bool, role: Role
) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    served = Served.EMBEDDED if preview else await look(settings)
    _spare_the_collector()
    await serve(plans.for_run(settings, served, role), catalogue, SystemClock(), chats, stop)


def _spare_the_collector() -> None:
    """
    Have the garbage collector look no more through what lives as long as the process.

    That is 140,000 objects: looking through them stops everything for 0.1 s, every few hundred
    orders, and mostly in the middle of a burst. What lives for an order alone is looked through
    less often too: as a rule nothing of it needs the collector to go away.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS)
