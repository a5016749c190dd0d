"""When a session is given up, begun anew, or waited for; the gateway stands in for itself."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

import discord
import pytest

from adapters.backoff import Backoff
from adapters.discord.closed import refused_token
from adapters.discord.connection import Connection
from adapters.discord.supervision import DEAD_ADDRESS_S, DEAD_SESSION_S, IDENTIFIES_KEPT, Supervisor
from core.errors import SettingsError
from tests.fakes.clock import VirtualClock, settle


class Http:
    """Tells how many sessions may still be begun; an exception first where there is one."""

    def __init__(self) -> None:
        self.remaining = 1000
        self.trouble: list[Exception] = []

    async def budget(self) -> tuple[int, float]:
        if self.trouble:
            raise self.trouble.pop()
        return self.remaining, 3600.0


class Gateway:
    """A connection whose session lasts until the test ends it."""

    def __init__(self) -> None:
        self.http = Http()
        self.session_over = asyncio.Event()
        self.is_open = True
        self.begun = 0
        self.abandoned = 0
        self.forgotten = 0
        self.failure: Exception | None = None

    async def budget(self) -> tuple[int, float]:
        return await self.http.budget()

    async def connect(self) -> None:
        self.begun += 1
        self.session_over.clear()
        try:
            if self.failure is not None:
                raise self.failure
            await asyncio.get_running_loop().create_future()
        except asyncio.CancelledError:
            self.abandoned += 1
            raise
        finally:
            self.session_over.set()

    def forget_resume_address(self) -> None:
        self.forgotten += 1

    async def close_socket(self) -> None:
        self.is_open = True  # the next session has a socket


@asynccontextmanager
async def supervised(gateway: Gateway, clock: VirtualClock) -> AsyncIterator[asyncio.Task[None]]:
    supervisor = Supervisor(
        cast("Connection", gateway), clock, backoff=Backoff(first_s=5.0, longest_s=5.0)
    )
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(supervisor.run())
        await settle()
        yield running
        running.cancel()


async def test_lost_socket_has_its_time_to_come_back() -> None:
    """A minute: the address is given up. Ten: the session is, and another begun."""
    gateway, clock = Gateway(), VirtualClock()
    async with supervised(gateway, clock):
        gateway.is_open = False
        await clock.advance(DEAD_ADDRESS_S - 10.0)
        assert gateway.forgotten == 0
        await clock.advance(20.0)
        assert gateway.forgotten > 0
        assert gateway.begun == 1
        await clock.advance(DEAD_SESSION_S)
        assert (gateway.begun, gateway.abandoned) == (2, 1)


async def test_socket_that_comes_back_is_left_alone() -> None:
    """Short losses do not add up."""
    gateway, clock = Gateway(), VirtualClock()
    async with supervised(gateway, clock):
        for _ in range(20):
            gateway.is_open = False
            await clock.advance(DEAD_ADDRESS_S - 15.0)
            gateway.is_open = True
            await clock.advance(15.0)
        assert (gateway.forgotten, gateway.begun) == (0, 1)


async def test_failed_session_is_followed_after_a_wait() -> None:
    """Whatever discord.py fails of: another session, not at once."""
    gateway, clock = Gateway(), VirtualClock()
    gateway.failure = AttributeError("'NoneType' object has no attribute 'sequence'")
    async with supervised(gateway, clock):
        await clock.advance(2.0)
        assert gateway.begun == 1
        gateway.failure = None
        await clock.advance(3.5)
        assert gateway.begun == 2


async def test_last_sessions_are_left_for_the_operator() -> None:
    """Below the reserve it waits for Discord's own reset."""
    gateway, clock = Gateway(), VirtualClock()
    gateway.http.remaining = IDENTIFIES_KEPT - 1
    async with supervised(gateway, clock):
        await clock.advance(3599.0)
        assert gateway.begun == 0
        gateway.http.remaining = 1000
        await clock.advance(2.0)
        assert gateway.begun == 1


async def test_unknown_budget_is_asked_for_again() -> None:
    """A session is not begun on a guess."""
    gateway, clock = Gateway(), VirtualClock()
    gateway.http.trouble = [OSError(), discord.DiscordException()]
    async with supervised(gateway, clock):
        assert gateway.begun == 0
        await clock.advance(11.0)
        assert gateway.begun == 1


async def test_refusal_ends_it() -> None:
    """What only the operator can mend is not tried again."""
    gateway, clock = Gateway(), VirtualClock()
    gateway.failure = refused_token()
    with pytest.raises(SettingsError):
        await Supervisor(cast("Connection", gateway), clock).run()
    assert gateway.begun == 1
