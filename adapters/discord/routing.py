"""Conductor: brings what a user did to whoever answers it, by command and by custom id alone."""

from __future__ import annotations

from typing import assert_never

from adapters.desk import Desk
from adapters.discord import ids, words
from adapters.discord.actions import Actions
from adapters.discord.commands import Commands
from adapters.discord.comparing import Comparing
from adapters.discord.drafting import Drafting
from adapters.discord.files import Files
from adapters.discord.ids import Filled, Press, Stepped
from adapters.discord.interactions import Doing
from adapters.discord.markup import escaped
from adapters.discord.ordering import Ordering
from adapters.discord.private import private_view
from adapters.discord.removal import Remove
from adapters.discord.reply import Reply
from adapters.discord.runs import Runs


class Routing:
    """Answers every interaction there is."""

    def __init__(self, desk: Desk, files: Files, remove: Remove) -> None:
        ordering = Ordering(desk)
        self._drafting = Drafting(desk, ordering)
        self._commands = Commands(desk, ordering, self._drafting)
        runs = Runs(desk, ordering, self._drafting)
        self._actions = Actions(desk, runs, self._drafting, Comparing(desk, files), remove)

    async def answer(self, reply: Reply) -> None:
        """Answer one interaction; raises AppErrors for the user to read."""
        match reply.interaction.doing:
            case Doing.COMMAND:
                await self._commands.called(reply)
            case Doing.AUTOCOMPLETE:
                await self._commands.typing(reply)
            case Doing.COMPONENT | Doing.FORM:
                await self._by_custom_id(reply)
            case _:
                assert_never(reply.interaction.doing)

    async def _by_custom_id(self, reply: Reply) -> None:
        match ids.read(reply.interaction.name):
            case Press() as press:
                await self._actions.pressed(reply, press)
            case Stepped() as stepped:
                await self._actions.stepped(reply, stepped)
            case Filled(draft_id=draft_id):
                await self._drafting.sent(reply, draft_id)
            case None:
                await reply.tell(private_view(escaped(words.OTHER_VERSION)))
