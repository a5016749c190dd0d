"""
Slack on loopback, for the real slack-bolt: Web API, Socket Mode, signed HTTP and file host.

    async with SlackServer() as slack:
        channel = slack.world.channel()
        ann = slack.user("ann", channel=channel)
        ... start the bot with slack.api_url, slack.files_url, slack.bot_token, slack.app_token ...
        await slack.socket.until_connected()
        shown = await ann.command("/redraw", "a harbour")
        view = await shown.viewed()
        sent = await ann.submit(view, {"Picture": ("a.png", png)})
        card = await sent.settled(lambda _: slack.messages(channel))
        assert len(slack.called("chat.postMessage")) == 1

What people do goes over Socket Mode, or over signed HTTP once `slack.http.url` is set. The bot may
be in this process or in another one; the world outlives it. `stop` and `start` again is an outage:
the same ports, the same world. Times and deadlines are those of the clock given, only signatures
are by the machine's, as the SDK checks them. At the end everything that the bot said is judged by
`slack_legality`; illegal calls fail the test unless it says `allow_illegal=True`. Left out: other
workspaces, OAuth, App Home, streams, Slack's own redelivery of events (see `redeliver`).
"""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Self, TypeVar

from aiohttp import web

from core.clock import Clock, SystemClock
from tests.fakes.slack_acts import Act, Carries
from tests.fakes.slack_calls import Call
from tests.fakes.slack_faults import Faults
from tests.fakes.slack_front import PREFIX
from tests.fakes.slack_http import SIGNING_SECRET, Http
from tests.fakes.slack_legality import problems
from tests.fakes.slack_parts import Parts
from tests.fakes.slack_shown import Shown
from tests.fakes.slack_socket import Socket
from tests.fakes.slack_tasks import Tasks
from tests.fakes.slack_tiers import Tiers
from tests.fakes.slack_tokens import APP_TOKEN, BOT_TOKEN, Tokens
from tests.fakes.slack_transport import Reply
from tests.fakes.slack_user import Person
from tests.fakes.slack_values import Channel, Json, Message, User
from tests.fakes.slack_world import World

T = TypeVar("T")


class SlackServer:
    """The fake; an async context manager. See the module."""

    def __init__(
        self,
        *,
        clock: Clock | None = None,
        bot_token: str = BOT_TOKEN,
        app_token: str = APP_TOKEN,
        signing_secret: str = SIGNING_SECRET,
        rate_limits: bool = False,
        allow_illegal: bool = False,
    ) -> None:
        clock = clock or SystemClock()
        self.bot_token, self.app_token, self.signing_secret = bot_token, app_token, signing_secret
        self.illegal: list[tuple[Call, list[str]]] = []
        self._allow_illegal = allow_illegal
        self._tasks = Tasks()
        self._runners: list[web.AppRunner] = []
        self._ports = [0, 0, 0]
        world = self.world = World(clock)
        self.faults = Faults()
        self.limits = Tiers(clock, on=rate_limits)
        self.socket = Socket(clock=clock, news=world.news, app_id=world.app_id)
        self.http = Http(clock=clock, secret=signing_secret)
        self._parts = Parts(
            world=world,
            tokens=Tokens(world, bot_token=bot_token, app_token=app_token),
            faults=self.faults,
            limits=self.limits,
            socket=self.socket,
            tasks=self._tasks,
            transport=self,
        )
        self._desk = self._parts.desk
        self.hosting = self._parts.hosting

    async def deliver(self, act: Act) -> Reply:
        """Take an act to the bot, by signed HTTP if it has an address and by Socket Mode if not."""
        transport = self.socket if self.http.url is None else self.http
        return await transport.deliver(act)

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
        try:
            await self._tasks.end()
        finally:
            await self.stop()
        said = [*self.calls, *self.posts, *self.acks]
        self.illegal = [(call, wrong) for call in said if (wrong := problems(call))]
        if kind is None and not self._allow_illegal:
            told = "\n".join(f"{call.method}: {wrong}" for call, wrong in self.illegal)
            assert not self.illegal, f"Slack would not take these calls:\n{told}"

    async def start(self) -> None:
        """Listen; after a `stop` on the same ports."""
        apps = (self._parts.api(), self.hosting.app(), self.hosting.foreign_app())
        for index, app in enumerate(apps):
            runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
            await runner.setup()
            self._runners.append(runner)
            await web.TCPSite(runner, "127.0.0.1", self._ports[index]).start()
            self._ports[index] = runner.addresses[0][1]
        self.socket.url = f"ws://127.0.0.1:{self._ports[0]}"
        self._parts.links.api_origin = f"http://127.0.0.1:{self._ports[0]}"
        self._parts.links.files_origin = self.files_url
        await self.http.open()

    async def stop(self) -> None:
        """Refuse connections from now on, and cut those there are."""
        self.socket.abort()
        for runner in self._runners:
            await runner.cleanup()
        self._runners.clear()
        await self.http.close()

    @property
    def api_url(self) -> str:
        """The base of all methods, with a slash at its end."""
        return f"http://127.0.0.1:{self._ports[0]}{PREFIX}"

    @property
    def files_url(self) -> str:
        """The origin of the file host."""
        return f"http://127.0.0.1:{self._ports[1]}"

    @property
    def foreign_url(self) -> str:
        """The origin of a host that is not Slack's (`hosting.foreign` has its files)."""
        return f"http://127.0.0.1:{self._ports[2]}"

    @property
    def calls(self) -> list[Call]:
        """Every call of a method so far, in the order they took effect."""
        return self._parts.front.calls

    @property
    def posts(self) -> list[Call]:
        """Every post to a response URL."""
        return self._parts.responses.posts

    @property
    def acks(self) -> list[Call]:
        """Every acknowledgement that said something."""
        return self._desk.acks

    @property
    def acts(self) -> list[Act]:
        """Everything that was sent to the bot."""
        return self._desk.ledger.acts

    @property
    def unacknowledged(self) -> list[Act]:
        """What the bot did not acknowledge in time, or rightly."""
        return [act for act in self.acts if act.failure is not None]

    def called(self, method: str, *, ok: bool | None = None) -> list[Call]:
        """Return the calls of one method; `ok` chooses by their answer."""
        found = [call for call in self.calls if call.method == method]
        return [call for call in found if ok is None or call.ok is ok]

    def user(self, who: str | User, *, channel: Channel | None = None) -> Person:
        """Return a person who acts in `channel`, where they then are, or in a DM with the bot."""
        user = self.world.user(who) if isinstance(who, str) else who
        where = channel or self.world.dm(user)
        where.members.add(user.id)
        return Person(self._desk, user, where)

    async def redeliver(
        self, event_id: str, number: int = 1, *, reason: str = "http_timeout", waits: bool = True
    ) -> Shown:
        """Send an event once more, as Slack does when it saw no acknowledgement."""
        first = self._desk.ledger.event(event_id)
        return await self._sent(self._desk.again(first, (number, reason)), waits=waits)

    async def replay(self, shown: Shown, *, waits: bool = True) -> Shown:
        """Send the same payload once more, with the same trigger and nothing that says so."""
        return await self._sent(self._desk.again(shown.act, None), waits=waits)

    async def event(self, event: Json, *, waits: bool = True) -> Shown:
        """Send any event: `{"type": ..., ...}`."""
        payload = self._desk.payloads.event(event)
        return await self._sent(self._desk.act(Carries.EVENT, payload), waits=waits)

    async def uninstall(self, *, waits: bool = True) -> Shown:
        """Take the app out of the workspace: its token is dead, and it is told."""
        self.world.token_error = "account_inactive"
        return await self.event({"type": "app_uninstalled"}, waits=waits)

    async def revoke(self, *, waits: bool = True) -> Shown:
        """Revoke the bot's token, and tell the bot."""
        self.world.token_error = "token_revoked"
        tokens = {"oauth": [], "bot": [self.world.bot.id]}
        return await self.event({"type": "tokens_revoked", "tokens": tokens}, waits=waits)

    def release_shares(self) -> None:
        """Let the files be shared that `world.shares_held` kept back."""
        self._parts.files.release()

    async def until(
        self, seen: Callable[[], T | None], what: str, *, within_s: float | None = None
    ) -> T:
        """Return the first true value of `seen`, looked at after each change."""
        return await self.world.news.until(seen, what, within_s=within_s)

    def messages(self, channel: Channel) -> list[Message]:
        """Return what everybody sees in a channel outside its threads, oldest first."""
        return self.world.said(channel)

    def thread(self, root: Message) -> list[Message]:
        """Return the replies in the thread of a message, oldest first."""
        return self.world.replies(root)

    def said_once(self, what: str | Callable[[Message], bool]) -> Message:
        """Return the one message of the bot anywhere with these words; fails unless it is one."""

        def fits(message: Message) -> bool:
            return what in message.words + message.text if isinstance(what, str) else what(message)

        own = [m for m in self.world.messages if m.author is self.world.bot and not m.deleted]
        found = [m for m in own if fits(m)]
        assert len(found) == 1, f"said {len(found)} times: {what}; of {[m.words for m in own]}"
        return found[0]

    async def _sent(self, act: Act, *, waits: bool) -> Shown:
        self._desk.send(act)
        shown = Shown(act, self.world)
        return await shown.acknowledged() if waits else shown
