"""A process of Redraw that shows a time in the past, or whose time runs fast; see `discord_bot`."""

from __future__ import annotations

import argparse
import asyncio
import dataclasses
import signal
from collections.abc import Callable
from datetime import timedelta

from bot import logs, plans, running
from bot.chats import Chat
from bot.plans import Plan
from bot.served import Served
from bot.settings import Settings
from core.catalogue import loader
from core.clock import Clock, SystemClock
from core.jobs.schedule import Pace
from tests.fakes.clock import FastClock

PACE = Pace(interval_s=0.1, late_min_s=0.1, late_max_s=0.5)


def main(chat: Callable[[Settings, Clock], Chat], *, has_web: bool) -> None:
    """Serve one chat as the command line says until SIGTERM; without `has_web` nothing is lent."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--behind-s", type=float, default=0.0)
    arguments.add_argument("--rate", type=float, default=1.0)
    options = arguments.parse_args()
    settings = Settings.from_machine()
    logs.configure(settings.log_format, settings.secrets)
    plan = dataclasses.replace(plans.for_run(settings, Served.HOSTED), pace=PACE)
    clock = FastClock(options.rate, start=SystemClock().now() - timedelta(seconds=options.behind_s))
    served = chat(settings, clock)
    asyncio.run(_serve(plan if has_web else dataclasses.replace(plan, web=None), clock, served))


async def _serve(plan: Plan, clock: Clock, chat: Chat) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    await running.serve(plan, loader.load(), clock, [chat], stop)
