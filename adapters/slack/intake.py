"""
Conductor: takes acts as Slack sends them, one task each, and sees that each is acknowledged.

Whatever goes wrong in a handler ends here: the user reads words, the operator one line in the log.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Coroutine
from typing import Final

import structlog

from adapters.precedence import Precedence
from adapters.slack import words
from adapters.slack.callbacks import Answer, Callbacks, Outcome
from adapters.slack.interactions import Doing, Interaction, Payload, read
from adapters.slack.reply import NOTHING, Reply
from core.clock import Clock
from core.errors import AppError

HANDLER_S: Final = 60.0
"""How long one act may take with all that follows its answer, in seconds."""
GRACE_S: Final = 5.0
"""How long a stop waits for acts under way, in seconds: they are answered within three."""

_log = structlog.get_logger()

Handle = Callable[[Reply], Awaitable[None]]


class Intake:
    """Hands each act to its handler, until it is closed."""

    def __init__(
        self,
        *,
        tasks: asyncio.TaskGroup,
        callbacks: Callbacks,
        precedence: Precedence,
        clock: Clock,
    ) -> None:
        self._tasks = tasks
        self._callbacks = callbacks
        self._precedence = precedence
        self._clock = clock
        self._handle: Handle | None = None
        self._under_way: set[asyncio.Task[None]] = set()
        self._numbers = itertools.count(1)
        self.received = 0
        """How many acts came in."""
        self.broken = 0
        """How many of them ended in an error of ours."""

    def open(self, handle: Handle) -> None:
        """Have every act from now on handled by `handle`."""
        self._handle = handle

    def receive(self, payload: Payload) -> Answer:
        """Take an act as Slack sends it, and return what is to be its acknowledgement."""
        now, now_s = self._clock.now(), self._clock.monotonic_s()
        self.received += 1
        answer = Answer()
        act_id = str(next(self._numbers))
        try:
            interaction = read(payload, act_id=act_id, received_at=now, received_s=now_s)
        except Exception as exc:  # noqa: BLE001 - whatever Slack sends, it is acknowledged
            self.broken += 1
            _log.exception("slack_payload_refused", error=type(exc).__name__)
            self._begin(_taken(answer))
            return answer
        self._precedence.came(act_id)
        self._begin(self._answered(interaction, answer))
        return answer

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

    async def _answered(self, interaction: Interaction, answer: Answer) -> None:
        reply = Reply(
            interaction, answer=answer, callbacks=self._callbacks, precedence=self._precedence
        )
        try:
            async with asyncio.timeout(HANDLER_S):
                await self._handled(reply)
        except Exception as exc:  # noqa: BLE001 - the boundary of a user's act
            self.broken += 1
            _log.exception(
                "slack_act_broke", doing=interaction.doing.value, error=type(exc).__name__
            )
            await self._excused(reply, answer)
        finally:
            self._precedence.answered(interaction.act_id)

    async def _handled(self, reply: Reply) -> None:
        try:
            if self._handle is not None:
                await self._handle(reply)
            else:
                await _turned_away(reply)
        except AppError as error:
            await reply.refuse(error)

    async def _excused(self, reply: Reply, answer: Answer) -> None:
        """Say that something broke, without a word on what; what breaks that too ends here."""
        try:
            await reply.refuse(AppError())
        except Exception as exc:  # noqa: BLE001 - the last boundary
            _log.exception("slack_excuse_broke", error=type(exc).__name__)
            await _taken(answer)


async def _turned_away(reply: Reply) -> None:
    match reply.interaction.doing:
        case Doing.NOTICE:
            await reply.acknowledge()
        case Doing.MENTION:
            await reply.say(words.RESTARTING_IN_DOUBT)
        case _:
            await reply.say(words.RESTARTING)


async def _taken(answer: Answer) -> None:
    outcome = await answer.give(NOTHING)
    if outcome is Outcome.REFUSED:
        _log.warning("slack_acknowledgement_lost")
