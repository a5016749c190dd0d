"""
Discord on loopback, for the real discord.py: REST, gateway and CDN, with a world behind them.

    async with DiscordServer() as discord:
        guild = discord.world.guild()
        channel = discord.world.channel(guild)
        ann = discord.user("ann", channel=channel)
        ... start the bot with discord.api_url, discord.gateway_url, discord.cdn_url ...
        await discord.gateway.until_connected()
        shown = await ann.slash("redraw", {"prompt": "a harbour"}, attachments={...})
        await shown.settled(lambda message: "done" in message.text)
        assert len(discord.called("POST /channels/{channel}/messages")) == 1

The bot may be in this process or in another one; the world outlives it. `stop` and `start` again
is an outage: the same ports, the same world. Times and deadlines are those of the clock given. At
the end every call is judged by `discord_legality`; illegal ones fail the test unless it says
`allow_illegal=True`. Left out: voice, reactions, commands of one guild, presences, and every event
but interactions. What Discord does not publish (windows, counts) are attributes of the world.
"""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Self, TypeVar

from aiohttp import web

from core.clock import Clock, SystemClock
from tests.fakes.discord_access import Access
from tests.fakes.discord_application import Application
from tests.fakes.discord_asked import Table
from tests.fakes.discord_calls import Call
from tests.fakes.discord_cdn import Cdn
from tests.fakes.discord_channels import Channels
from tests.fakes.discord_composing import Composer
from tests.fakes.discord_desk import Desk
from tests.fakes.discord_faults import Faults
from tests.fakes.discord_front import PREFIX, Front
from tests.fakes.discord_gateway import Gateway
from tests.fakes.discord_legality import problems
from tests.fakes.discord_limits import Limits
from tests.fakes.discord_links import Links
from tests.fakes.discord_messages import Messages
from tests.fakes.discord_pictures import size_px_of
from tests.fakes.discord_user import Person
from tests.fakes.discord_values import MEMBER, Channel, Json, Message, Permission, User
from tests.fakes.discord_webhooks import Webhooks
from tests.fakes.discord_wire import Wire
from tests.fakes.discord_world import World

TOKEN = "fake-discord-token"
"""The bot token that the fake takes."""

T = TypeVar("T")


class DiscordServer:
    """The fake; an async context manager. See the module."""

    def __init__(
        self,
        *,
        clock: Clock | None = None,
        token: str = TOKEN,
        compress: bool = True,
        allow_illegal: bool = False,
    ) -> None:
        clock = clock or SystemClock()
        self.token = token
        self.world = World(clock)
        self.links = Links(clock)
        self.faults = Faults()
        self.limits = Limits(clock)
        self.illegal: list[tuple[Call, list[str]]] = []
        self._allow_illegal = allow_illegal
        self._wire = Wire(self.world, self.links)
        news = self.world.news
        self.gateway = Gateway(token=token, ready=self._ready, news=news, compress=compress)
        self.application = Application(self.world, self._wire, self.gateway.session_start)
        self.cdn = Cdn(self.world, self.links, self.faults)
        self._front = Front(
            self._table(), self.faults, self.limits, clock=clock, token=token, news=news
        )
        self._desk = Desk(
            world=self.world, wire=self._wire, gateway=self.gateway, application=self.application
        )
        self._runners: list[web.AppRunner] = []
        self._ports = [0, 0, 0]

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.faults.end()
        await self.stop()
        self.illegal = [(call, wrong) for call in self.calls if (wrong := problems(call))]
        if kind is None and not self._allow_illegal:
            told = "\n".join(f"{call.route}: {wrong}" for call, wrong in self.illegal)
            assert not self.illegal, f"Discord would not take these calls:\n{told}"

    async def start(self) -> None:
        """Listen; after a `stop` on the same ports."""
        for index, app in enumerate((self._front.app(), self.gateway.app(), self.cdn.app())):
            runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
            await runner.setup()
            self._runners.append(runner)
            await web.TCPSite(runner, "127.0.0.1", self._ports[index]).start()
            self._ports[index] = runner.addresses[0][1]
        self.gateway.url = self.gateway_url
        self.links.origin = self.cdn_url

    async def stop(self) -> None:
        """Refuse connections from now on, and cut those there are."""
        await self.gateway.drop(code=1001)
        for runner in self._runners:
            await runner.cleanup()
        self._runners.clear()

    @property
    def api_url(self) -> str:
        """The base of all routes."""
        return f"http://127.0.0.1:{self._ports[0]}{PREFIX}"

    @property
    def gateway_url(self) -> str:
        """Where bots connect."""
        return f"ws://127.0.0.1:{self._ports[1]}"

    @property
    def cdn_url(self) -> str:
        """The origin of all files."""
        return f"http://127.0.0.1:{self._ports[2]}"

    @property
    def application_id(self) -> int:
        """The id of the application, which is the bot's too."""
        return self.world.bot.id

    @property
    def calls(self) -> list[Call]:
        """Every REST call so far, in the order they took effect."""
        return self._front.calls

    def called(self, route: str) -> list[Call]:
        """Return the calls of one route (`POST /channels/{channel}/messages`)."""
        return [call for call in self.calls if call.route == route]

    def user(
        self, who: str | User, *, channel: Channel | None = None, permissions: Permission = MEMBER
    ) -> Person:
        """Return a person who acts in `channel`, or in a DM with the bot."""
        user = self.world.user(who, permissions=permissions) if isinstance(who, str) else who
        return Person(self._desk, user, channel or self.world.dm(user))

    async def replay(self, interaction_id: int) -> None:
        """Push an interaction once more, as a resumed gateway may."""
        await self._desk.send(self.world.interactions[interaction_id])

    async def until(
        self, seen: Callable[[], T | None], what: str, *, within_s: float | None = None
    ) -> T:
        """Return the first true value of `seen`, looked at after each change."""
        return await self.world.news.until(seen, what, within_s=within_s)

    def messages(self, channel_id: int | Channel) -> list[Message]:
        """
        Return the messages of a channel, thread or DM that are not deleted, oldest first.

        The automatic first message of a thread is left out; the API's history has it.
        """
        return self.world.said(self._channel(channel_id))

    def threads(self, channel_id: int | Channel) -> list[Channel]:
        """Return the threads of a channel that are not deleted."""
        return self.world.threads(self._channel(channel_id))

    def embed(self, url: str, data: bytes) -> Json:
        """Return an embed of a picture elsewhere, which Discord's media proxy serves."""
        self.world.external[url] = data
        width, height = size_px_of(data) or (None, None)
        seen = {"proxy_url": self.links.external(url), "width": width, "height": height}
        return {"type": "image", "url": url, "thumbnail": {"url": url, **seen}}

    def said_once(self, what: str | Callable[[Message], bool]) -> Message:
        """Return the one message of the bot anywhere with these words; fails unless it is one."""

        def fits(message: Message) -> bool:
            return what in message.text if isinstance(what, str) else what(message)

        own = [m for m in self.world.messages.values() if m.author is self.world.bot]
        found = [m for m in own if not m.deleted and fits(m)]
        assert len(found) == 1, f"said {len(found)} times: {what}; of {[m.text for m in own]}"
        return found[0]

    def _channel(self, channel: int | Channel) -> Channel:
        return self.world.channels[channel] if isinstance(channel, int) else channel

    def _ready(self) -> Json:
        guilds = [one for one in self.world.guilds.values() if one.has_bot]
        return {
            "user": self._wire.itself(),
            "guilds": [{"id": str(one.id), "unavailable": True} for one in guilds],
            "application": {"id": str(self.application_id), "flags": 0},
        }

    def _table(self) -> Table:
        access, composer, table = Access(self.world), Composer(self.world), Table()
        table.add(self.application.handlers())
        table.add(Channels(self.world, self._wire, access).handlers())
        table.add(Messages(self.world, self._wire, access, composer).handlers())
        table.add(Webhooks(self.world, self._wire, composer).handlers())
        return table
