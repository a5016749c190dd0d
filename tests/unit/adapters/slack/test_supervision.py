"""When sockets are opened, watched, given up and opened anew; the sockets stand in for Slack."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from adapters.backoff import Backoff
from adapters.slack.supervision import AWAY_S, LOOK_S, SOCKETS, Supervisor
from core.errors import DeliveryRetryable, SettingsError
from tests.fakes.clock import VirtualClock, settle


@dataclass(eq=False)
class Socket:
    """A connection that is as the test says."""

    trouble: Exception | None = None
    hears: bool = True
    closed: int = 0

    async def open(self) -> None:
        if self.trouble is not None:
            raise self.trouble

    async def is_open(self) -> bool:
        return self.hears

    async def close(self) -> None:
        self.closed += 1


@dataclass
class Slack:
    """Makes sockets; the first meet the troubles."""

    troubles: list[Exception] = field(default_factory=list)
    made: list[Socket] = field(default_factory=list)

    def make(self) -> Socket:
        self.made.append(Socket(self.troubles.pop(0) if self.troubles else None))
        return self.made[-1]

    @property
    def open(self) -> list[Socket]:
        return [socket for socket in self.made if not socket.closed]


@asynccontextmanager
async def supervised(slack: Slack, clock: VirtualClock) -> AsyncIterator[Supervisor]:
    supervisor = Supervisor(slack.make, clock, backoff=lambda: Backoff(first_s=1.0))
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(supervisor.run())
        await settle()
        yield supervisor
        running.cancel()
    assert not slack.open


async def test_two_are_kept_and_closed() -> None:
    slack = Slack()
    async with supervised(slack, VirtualClock()):
        assert len(slack.open) == SOCKETS == 2


async def test_deaf_one_is_replaced() -> None:
    """The other stays as it is."""
    slack, clock = Slack(), VirtualClock()
    async with supervised(slack, clock):
        deaf, other = slack.made
        deaf.hears = False
        await clock.advance(AWAY_S + 3.0)
        assert (deaf.closed, other.closed, len(slack.open)) == (1, 0, SOCKETS)


async def test_short_silence_is_borne() -> None:
    """slack_sdk may be connecting anew by itself."""
    slack, clock = Slack(), VirtualClock()
    async with supervised(slack, clock):
        slack.made[0].hears = False
        await clock.advance(AWAY_S / 2)
        slack.made[0].hears = True
        await clock.advance(AWAY_S * 5)
        assert len(slack.made) == SOCKETS


async def test_process_that_was_stopped_keeps_its_sockets() -> None:
    """They heard while nobody looked; Slack sends what it has for us as soon as we run again."""
    slack, clock = Slack(), VirtualClock()
    async with supervised(slack, clock):
        clock.sleep_through(AWAY_S * 5)
        await clock.advance(LOOK_S)
        assert [socket.closed for socket in slack.made] == [0] * SOCKETS


async def test_one_socket_that_hears_is_enough() -> None:
    """Whether anything is heard is known from look to look, and not at all at the end."""
    slack, clock = Slack(), VirtualClock()
    async with supervised(slack, clock) as supervisor:
        assert supervisor.is_open
        slack.made[0].hears = False
        await clock.advance(LOOK_S)
        assert supervisor.is_open
        slack.made[1].hears = False
        await clock.advance(LOOK_S)
        assert not supervisor.is_open
        slack.made[0].hears = True
        await clock.advance(LOOK_S)
        assert supervisor.is_open
    assert not supervisor.is_open


async def test_failures_are_tried_again_ever_more_slowly() -> None:
    """Whatever it fails of; each that failed is closed too."""
    slack, clock = Slack([DeliveryRetryable("away"), ValueError("broken")] * 4), VirtualClock()
    async with supervised(slack, clock):
        await clock.advance(1.1)
        assert len(slack.made) <= 2 * SOCKETS
        await clock.advance(60.0)
        assert len(slack.open) == SOCKETS
        assert len(slack.made) == 8 + SOCKETS


async def test_asking_too_often_waits_as_long_as_slack_says() -> None:
    slack = Slack([DeliveryRetryable("too many calls", retry_after_s=30.0)])
    clock = VirtualClock()
    async with supervised(slack, clock):
        await clock.advance(29.0)
        assert len(slack.made) == SOCKETS
        await clock.advance(2.0)
        assert len(slack.made) == SOCKETS + 1
        assert len(slack.open) == SOCKETS


async def test_refused_token_ends_it() -> None:
    slack = Slack(troubles=[SettingsError("SLACK_APP_TOKEN", "no")])
    with pytest.raises(ExceptionGroup) as raised:
        await Supervisor(slack.make, VirtualClock(), backoff=Backoff).run()
    assert raised.group_contains(SettingsError)
    assert not slack.open
