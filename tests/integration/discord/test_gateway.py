"""The gateway: resumed, begun anew, given up; and what Discord says that ends it for good."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import discord as library
import pytest
from discord.gateway import DiscordWebSocket
from discord.http import Route
from pydantic import SecretStr
from yarl import URL

from adapters.backoff import Backoff
from adapters.discord.connection import INTERACTION_CREATE, Connection, Endpoints
from adapters.discord.interactions import Payload
from adapters.discord.supervision import Supervisor
from core.errors import SettingsError
from tests.fakes.clock import FastClock
from tests.fakes.discord_server import TOKEN, DiscordServer

RATE = 100.0
"""How many seconds of the tests' clock are one of the machine's."""


@pytest.fixture
async def discord() -> AsyncIterator[DiscordServer]:
    async with DiscordServer() as server:
        yield server


@asynccontextmanager
async def connected(
    discord: DiscordServer, receive: Callable[[Payload], None] = print, *, token: str = TOKEN
) -> AsyncIterator[Connection]:
    """A connection under supervision; SettingsError at the end of the block if it was refused."""
    clock = FastClock(RATE)
    connection = Connection(
        token=SecretStr(token),
        endpoints=Endpoints(
            api_url=discord.api_url, gateway_url=discord.gateway_url, cdn_url=discord.cdn_url
        ),
        clock=clock,
    )
    connection.deliver_interactions(receive)
    try:
        await connection.login()
        async with asyncio.TaskGroup() as tasks:
            supervising = tasks.create_task(Supervisor(connection, clock).run())
            yield connection
            supervising.cancel()
    finally:
        await connection.close()


async def identified(discord: DiscordServer, count: int) -> None:
    """Return once the bot has identified itself `count` times."""
    await discord.until(
        lambda: len(discord.gateway.identifies) >= count or None,
        f"{count} sessions",
        within_s=20.0,
    )
    await discord.gateway.until_connected(within_s=20.0)


async def test_no_intents_and_no_caches(discord: DiscordServer) -> None:
    """Nothing is subscribed to, and nothing that Discord sends is kept."""
    async with connected(discord) as connection:
        await identified(discord, 1)
        assert discord.gateway.identifies[0]["intents"] == 0
        assert not connection.client.cached_messages
        assert not connection.client.users
        assert not connection.client.guilds


@pytest.mark.parametrize("code", [4000, 4009, 1001])
async def test_lost_socket_is_resumed(discord: DiscordServer, code: int) -> None:
    """No new session is begun for a lost connection."""
    async with connected(discord):
        await identified(discord, 1)
        await discord.gateway.drop(code=code)
        await discord.until(lambda: discord.gateway.resumes, "a resume", within_s=20.0)
        assert len(discord.gateway.identifies) == 1


async def test_invalid_session_is_begun_anew_by_the_supervisor(discord: DiscordServer) -> None:
    """discord.py itself begins no second session: one identify, one look at the budget."""
    async with connected(discord) as connection:
        await identified(discord, 1)
        await discord.gateway.invalidate(resumable=False)
        await identified(discord, 2)
        assert len(discord.gateway.identifies) == 2
        assert len(discord.called("GET /gateway/bot")) == 2
        assert connection.is_open


@pytest.mark.parametrize("refuses", [True, False])
async def test_dead_resume_address_is_given_up(discord: DiscordServer, *, refuses: bool) -> None:
    """discord.py would try the dead address for ever; the watchdog sends it to the gateway's."""
    async with connected(discord):
        await identified(discord, 1)
        discord.gateway.dead_resume_host(refuses=refuses)
        await discord.gateway.drop()
        await discord.gateway.until_disconnected(within_s=5.0)
        await discord.gateway.until_connected(within_s=20.0)
        assert discord.gateway.resumes or len(discord.gateway.identifies) == 2


async def test_unreadable_event_ends_nothing(discord: DiscordServer) -> None:
    """Whatever an event holds, the next is read."""
    seen: list[Payload] = []
    read_on = asyncio.Event()

    def receive(payload: Payload) -> None:
        seen.append(payload)
        if len(seen) == 1:
            raise KeyError(payload["nothing"])
        read_on.set()

    async with connected(discord, receive) as connection:
        await identified(discord, 1)
        await discord.gateway.push({"t": "GUILD_CREATE", "d": {"drift": 1}})
        await discord.gateway.push({"t": "INTERACTION_CREATE", "d": {"drift": 1}})
        await discord.gateway.push({"t": "INTERACTION_CREATE", "d": {"drift": 2}})
        await asyncio.wait_for(read_on.wait(), 5.0)
        assert connection.payloads_refused == 2
        assert connection.is_open
        assert len(discord.gateway.identifies) == 1


async def test_low_budget_is_waited_out(discord: DiscordServer) -> None:
    """Below fifty sessions none is begun until there are more."""
    discord.gateway.limit(49)
    async with connected(discord):
        await discord.until(
            lambda: discord.called("GET /gateway/bot"), "a look at the budget", within_s=5.0
        )
        await asyncio.sleep(0.2)  # a session would have been begun by now
        assert discord.gateway.identifies == []


async def test_refused_token_is_the_operators_to_mend() -> None:
    """A token that REST refuses names the setting."""
    async with DiscordServer(allow_illegal=True) as discord:
        with pytest.raises(SettingsError, match="DISCORD_TOKEN"):
            async with connected(discord, token="wrong"):
                pass


@pytest.mark.parametrize("code", [4004, 4010, 4011, 4012, 4013, 4014])
async def test_fatal_close_is_the_operators_to_mend(discord: DiscordServer, code: int) -> None:
    """Codes after which no try can help end it, in a sentence."""

    async def closed() -> None:
        async with connected(discord):
            await identified(discord, 1)
            await discord.gateway.drop(code=code)
            await asyncio.sleep(20.0)

    with pytest.raises(ExceptionGroup) as raised:
        await closed()
    assert isinstance(raised.value.exceptions[0], SettingsError)
    assert raised.value.exceptions[0].variable == "DISCORD_TOKEN"


async def test_token_reset_while_the_line_is_down_is_the_operators_to_mend() -> None:
    """Nothing is tried for ever with a token that Discord does not know any more."""

    async def away(discord: DiscordServer) -> None:
        async with asyncio.timeout(20.0), connected(discord):
            await identified(discord, 1)
            discord.faults.fail("GET /gateway/bot", status=401, times=99)
            await discord.gateway.invalidate(resumable=False)
            await asyncio.sleep(20.0)

    async with DiscordServer(allow_illegal=True) as discord:
        with pytest.raises(ExceptionGroup) as raised:
            await away(discord)
    assert isinstance(raised.value.exceptions[0], SettingsError)


async def test_nonsense_instead_of_discord_is_waited_out(discord: DiscordServer) -> None:
    """A proxy's own page, whatever its status, ends nothing: not the login and not the line."""
    for route in ("GET /users/@me", "GET /applications/@me", "GET /gateway/bot"):
        discord.faults.fail(route, status=200)
    async with connected(discord):
        await identified(discord, 1)


async def test_used_up_budget_is_not_looked_at_without_a_pause(discord: DiscordServer) -> None:
    """Discord may say that it begins anew right now."""
    discord.gateway.limit(49)
    discord.gateway.resets_in_ms = 0
    async with connected(discord):
        await asyncio.sleep(0.3)
        assert len(discord.called("GET /gateway/bot")) < 20


async def test_outage_at_the_login_is_waited_out(discord: DiscordServer) -> None:
    """A Discord that is down at first keeps nobody from starting."""
    discord.faults.fail("GET /users/@me", drop=True, times=2)
    async with connected(discord):
        await identified(discord, 1)


async def test_outage_of_everything_is_survived(discord: DiscordServer) -> None:
    """Discord stops and comes back: the same bot is there again."""
    async with connected(discord):
        await identified(discord, 1)
        await discord.stop()
        await discord.start()
        await discord.gateway.until_connected(within_s=20.0)


def test_backoff_doubles_to_its_longest() -> None:
    """Each wait lies between a half and the whole of the doubled one before."""
    backoff = Backoff(first_s=1.0, longest_s=8.0)
    waits = [backoff.next_s() for _ in range(6)]
    for wait_s, whole_s in zip(waits, (1, 2, 4, 8, 8, 8), strict=True):
        assert whole_s / 2 <= wait_s <= whole_s
    backoff.reset()
    assert backoff.next_s() <= 1.0


def test_library_is_as_it_is_handled_here() -> None:
    """What we use of discord.py beyond what it promises is there in this version."""
    assert library.__version__ == "2.7.1"
    client = library.Client(intents=library.Intents.none())
    parsers = client._connection.parsers
    assert callable(parsers[INTERACTION_CREATE])
    assert isinstance(DiscordWebSocket.DEFAULT_GATEWAY, URL)
    assert Route.BASE.startswith("http")
    assert library.Asset.BASE.startswith("http")
