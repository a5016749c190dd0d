"""Conductor: brings what a user did to whoever answers it, by kind and by id alone."""

from __future__ import annotations

from typing import Final, assert_never

import structlog

from adapters.desk import Desk
from adapters.slack import ids, registration, words
from adapters.slack.actions import Actions
from adapters.slack.commands import Commands
from adapters.slack.comparing import Comparing
from adapters.slack.drafting import Drafting
from adapters.slack.files import Files
from adapters.slack.ids import Press, Stepped
from adapters.slack.interactions import Doing
from adapters.slack.ordering import Ordering
from adapters.slack.removal import Remove
from adapters.slack.reply import Reply
from adapters.slack.runs import Runs
from adapters.slack.wire import Identity, Wire

LEAVING: Final = frozenset({"app_uninstalled", "tokens_revoked"})
"""What Slack tells when we are not wanted any more; jobs go on and are refused by themselves."""

_log = structlog.get_logger()


class Routing:
    """Answers every act there is."""

    def __init__(
        self, desk: Desk, *, files: Files, wire: Wire, identity: Identity, remove: Remove
    ) -> None:
        ordering = Ordering(desk)
        self._drafting = Drafting(desk, ordering)
        self._commands = Commands(desk, ordering, self._drafting, identity)
        runs = Runs(desk, ordering, self._drafting)
        comparing = Comparing(desk, files, wire)
        self._actions = Actions(desk, runs, self._drafting, comparing, remove)

    async def answer(self, reply: Reply) -> None:
        """Answer one act; raises AppErrors for the user to read."""
        match reply.interaction.doing:
            case Doing.COMMAND:
                await self._command(reply)
            case Doing.MESSAGE_SHORTCUT | Doing.GLOBAL_SHORTCUT:
                await self._commands.shortcut(reply)
            case Doing.MENTION:
                await self._commands.mentioned(reply)
            case Doing.PRESS:
                await self._press(reply)
            case Doing.CHOICE:
                await self._choice(reply)
            case Doing.SUBMISSION:
                await self._submission(reply)
            case Doing.NOTICE:
                await _notice(reply)
            case _:
                assert_never(reply.interaction.doing)

    async def _command(self, reply: Reply) -> None:
        if reply.interaction.name == registration.COMMAND:
            await self._commands.called(reply)
        else:
            await reply.say(words.OTHER_VERSION)

    async def _press(self, reply: Reply) -> None:
        told = reply.interaction
        match ids.read(told.name, told.value):
            case Press() as press:
                await self._actions.pressed(reply, press)
            case Stepped() as stepped:
                await self._actions.stepped(reply, stepped)
            case None:
                await reply.say(words.OTHER_VERSION)

    async def _choice(self, reply: Reply) -> None:
        told = reply.interaction
        view = told.view
        form = ids.read_form(str(view.get("callback_id")), str(view.get("private_metadata")))
        if form is not None and ids.read_field(told.name) == "model":
            await self._drafting.chosen(reply, form.draft_id)
        else:
            await reply.acknowledge()

    async def _submission(self, reply: Reply) -> None:
        form = ids.read_form(reply.interaction.name, reply.interaction.value)
        if form is not None:
            await self._drafting.sent(reply, form.draft_id)
        else:
            await reply.acknowledge()


async def _notice(reply: Reply) -> None:
    await reply.acknowledge()
    name = reply.interaction.name
    if name in LEAVING:
        _log.error("slack_app_taken_out", told=name, workspace=reply.interaction.team_id)
