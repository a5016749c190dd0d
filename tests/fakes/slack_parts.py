"""What the fake Slack is made of, put together."""

from __future__ import annotations

from aiohttp import web

from tests.fakes.slack_acts import Ledger
from tests.fakes.slack_asked import Handler
from tests.fakes.slack_chat import Chat
from tests.fakes.slack_desk import Desk
from tests.fakes.slack_directory import Directory
from tests.fakes.slack_faults import Faults
from tests.fakes.slack_files import Files
from tests.fakes.slack_front import PREFIX, Front
from tests.fakes.slack_hosting import MOST_BYTES, Hosting
from tests.fakes.slack_links import Links
from tests.fakes.slack_payloads import Payloads
from tests.fakes.slack_responses import Responses
from tests.fakes.slack_socket import Socket
from tests.fakes.slack_tasks import Tasks
from tests.fakes.slack_tiers import Tiers
from tests.fakes.slack_tokens import Tokens
from tests.fakes.slack_transport import Transport
from tests.fakes.slack_views import Views
from tests.fakes.slack_wire import Wire
from tests.fakes.slack_world import World


class Parts:
    """The parts over one world; see `SlackServer` for what they are to a test."""

    def __init__(
        self,
        *,
        world: World,
        tokens: Tokens,
        faults: Faults,
        limits: Tiers,
        socket: Socket,
        tasks: Tasks,
        transport: Transport,
    ) -> None:
        ledger = Ledger()
        self.links = Links(world.team_id)
        wire = Wire(world, self.links)
        directory = Directory(world, wire)
        chat = Chat(world, wire, directory, self.links)
        views = Views(world, wire, ledger)
        self.files = Files(
            world, wire=wire, directory=directory, chat=chat, links=self.links, start=tasks.start
        )
        self.hosting = Hosting(world, self.files, faults, tokens)
        self.responses = Responses(world, ledger, faults)
        table: dict[str, Handler] = {}
        for part in (directory, chat, views, self.files, socket):
            table |= part.handlers()
        self._socket = socket
        self.front = Front(table, faults, limits, tokens, clock=world.clock, news=world.news)
        self.desk = Desk(
            world=world,
            payloads=Payloads(world, wire),
            views=views,
            responses=self.responses,
            ledger=ledger,
            links=self.links,
            tasks=tasks,
            transport=transport,
        )

    def api(self) -> web.Application:
        """Return the server of methods, response URLs and Socket Mode, not yet running."""
        app = web.Application(client_max_size=MOST_BYTES)
        app.router.add_route("*", PREFIX + "{method}", self.front.handle)
        app.router.add_post("/response/{team}/{key}", self.responses.handle)
        app.router.add_get("/link/", self._socket.serve)
        return app
