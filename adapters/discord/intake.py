"""
Conductor: takes interactions from the gateway, one task each, and sees that each is answered.

Whatever goes wrong in a handler ends here: the user reads words, the operator one line in the log.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Final

import structlog

from adapters.discord import words
from adapters.discord.callbacks import Callbacks
from adapters.discord.interactions import Doing, Interaction, Payload, bare, read
from adapters.discord.markup import escaped
from adapters.discord.private import private_error, private_view
from adapters.discord.reply import Reply
from adapters.discord.wire import Wire
from adapters.precedence import Precedence
from core.clock import Clock
from core.errors import AppError

HANDLER_S: Final = 60.0
"""How long one interaction may take with all that follows its answer, in seconds."""
LATE_S: Final = 2.0
"""
Without a first answer for this long, in seconds, the user is shown that it takes longer.

There are three (see `callbacks`); a store that does not answer may take more.
"""
GRACE_S: Final = 5.0
"""How long a stop waits for interactions under way, in seconds: they are answered within three."""

_log = structlog.get_logger()

Handle = Callable[[Reply], Awaitable[None]]


class Intake:
    """Hands each interaction to its handler, until it is closed."""

    def __init__(
        self,
        *,
        tasks: asyncio.TaskGroup,
        callbacks: Callbacks,
        wire: Wire,
        precedence: Precedence,
        clock: Clock,
    ) -> None:
        self._tasks = tasks
        self._callbacks = callbacks
        self._wire = wire
        self._clock = clock
        self._precedence = precedence
        self._handle: Handle | None = None
        self._under_way: set[asyncio.Task[None]] = set()
        self.received = 0
        """How many interactions came in."""
        self.broken = 0
        """How many of them ended in an error of ours."""

    def open(self, handle: Handle) -> None:
        """Have every interaction from now on handled by `handle`."""
        self._handle = handle

    def receive(self, payload: Payload) -> None:
        """
        Take an interaction as the gateway delivers it.

        Raises when it cannot be read; whoever did it is answered nevertheless, if that can be.
        """
        now, now_s = self._clock.now(), self._clock.monotonic_s()
        self.received += 1
        try:
            interaction = read(payload, received_at=now, received_s=now_s)
        except Exception:
            self.broken += 1
            unread = self._reply(bare(payload, received_at=now, received_s=now_s))
            self._begin(self._excused(unread))
            raise
        self._precedence.came(interaction.interaction_id)
        self._begin(self._answered(interaction))

    async def close(self) -> None:
        """Take no orders from now on, and wait for those under way; cancel the slow ones."""
        self._handle = None
        if not self._under_way:
            return
        _, slow = await asyncio.wait(self._under_way, timeout=GRACE_S)
        for task in slow:  # and nobody who came meanwhile: they are being told to try again
            task.cancel()

    def _begin(self, answering: Coroutine[None, None, None]) -> None:
        task = self._tasks.create_task(answering)
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    def _reply(self, interaction: Interaction) -> Reply:
        return Reply(
            interaction, callbacks=self._callbacks, wire=self._wire, precedence=self._precedence
        )

    async def _answered(self, interaction: Interaction) -> None:
        reply = self._reply(interaction)
        late = asyncio.get_running_loop().call_later(LATE_S, self._hurry, reply)
        try:
            async with asyncio.timeout(HANDLER_S):
                await self._handled(reply)
        except Exception as exc:  # noqa: BLE001 - the boundary of a user's act
            self.broken += 1
            _log.exception(
                "discord_interaction_broke",
                interaction=str(interaction.interaction_id),
                doing=interaction.doing.name.lower(),
                error=type(exc).__name__,
            )
            await self._excused(reply)
        finally:
            late.cancel()
            self._precedence.answered(interaction.interaction_id)

    def _hurry(self, reply: Reply) -> None:
        """Give the first answer that all others can follow; what is typed has its own."""
        if not reply.is_given and reply.interaction.doing is not Doing.AUTOCOMPLETE:
            self._begin(reply.think())

    async def _handled(self, reply: Reply) -> None:
        try:
            if self._handle is None:
                await _refuse(reply)
            else:
                await self._handle(reply)
        except AppError as error:
            await reply.tell(private_error(error))

    async def _excused(self, reply: Reply) -> None:
        """Say that something broke, without a word on what; what breaks that too ends here."""
        try:
            if reply.interaction.doing is Doing.AUTOCOMPLETE:
                await reply.offer(())
            else:
                await reply.tell(private_error(AppError()))
        except Exception as exc:  # noqa: BLE001 - the last boundary
            _log.exception("discord_excuse_broke", error=type(exc).__name__)


async def _refuse(reply: Reply) -> None:
    if reply.interaction.doing is Doing.AUTOCOMPLETE:
        await reply.offer(())
    else:
        await reply.tell(private_view(escaped(words.RESTARTING)))
