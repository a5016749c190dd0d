"""
Conductor: the answers to one act, whatever kind it turns out to be.

An act takes one acknowledgement. For some acts that can carry words, for a form it can carry what
is wrong with it, for others it carries nothing and words are a call of their own. This knows which
of them is due, so that a handler just says what there is to say.
"""

from __future__ import annotations

from collections.abc import Awaitable, Mapping, Sequence
from typing import Final

import structlog

from adapters.precedence import Precedence
from adapters.slack import blocks, corrections, words
from adapters.slack.blocks import Button, Json, Message
from adapters.slack.callbacks import Answer, Callbacks, Outcome
from adapters.slack.interactions import Doing, Interaction
from adapters.slack.private import private_error, private_message
from adapters.slack.refusals import Hindrance
from adapters.slack.registration import NAME
from core.errors import (
    AppError,
    DeliveryError,
    DeliveryRefused,
    InvalidRequest,
    OrderInDoubt,
    QuotaExceeded,
)

NOTHING: Final[Json] = {}
"""An acknowledgement that says nothing."""
CLEAR: Final[Json] = {"response_action": "clear"}
"""One that closes every form."""

_log = structlog.get_logger()


class Reply:
    """Answers one act."""

    def __init__(
        self,
        interaction: Interaction,
        *,
        answer: Answer,
        callbacks: Callbacks,
        precedence: Precedence,
    ) -> None:
        self.interaction = interaction
        self._answer = answer
        self._callbacks = callbacks
        self._precedence = precedence
        self._is_acknowledged = False
        self.may_run = False
        """Whether an order of this act may run: then nobody is told that nothing came of it."""

    async def stand_back(self) -> None:
        """Return once no crowd waits for answers: what follows an answer is not as urgent."""
        await self._precedence.calm()

    async def acknowledge(self) -> Outcome:
        """Take the act, and close the form that it was; return whether Slack took that."""
        is_form = self.interaction.doing is Doing.SUBMISSION
        return await self._first(CLEAR if is_form else NOTHING)

    async def tell(self, message: Message) -> None:
        """Tell the user alone, in whichever way is open."""
        doing = self.interaction.doing
        if doing is Doing.COMMAND and not self._is_acknowledged:
            await self._first({**message.fields, "response_type": "ephemeral"})
            return
        if await self._is_to_be_told():
            await self._leniently(self._send(message))

    async def say(self, text: str) -> None:
        """Tell the user alone in plain words; of a form that was sent, at its first field."""
        if self._is_form:
            await self.correct(corrections.first(text, self.interaction.view))
        else:
            await self.tell(private_message(text))

    async def refuse(self, error: AppError, *, buttons: Sequence[Button] = ()) -> None:
        """
        Say what is wrong, all of it: in a form that was sent at its fields.

        Of an act whose order may run, whatever else broke, it is said that it is in doubt.
        """
        if self.may_run and not isinstance(error, InvalidRequest | QuotaExceeded):
            error = OrderInDoubt()
        if self._is_form:
            await self.correct(corrections.refused(error, self.interaction.view))
        else:
            await self.tell(private_error(error, buttons=buttons))

    async def correct(self, errors: Mapping[str, str]) -> None:
        """Say at the fields of the form that was sent what is wrong; it stays open."""
        await self._first({"response_action": "errors", "errors": dict(errors)})

    async def withdraw(self) -> None:
        """Take away the private message whose button was pressed: it has been answered."""
        url = self.interaction.response_url
        if url is not None and self.interaction.is_private:
            await self._leniently(self._callbacks.withdraw(url))

    async def open_form(self, view: Json) -> str:
        """Open a form; return what to tell a user who does not see it, empty when they do."""
        await self._acknowledged()
        trigger_id = self.interaction.trigger_id
        if trigger_id is None:
            return words.FORM_NOT_OPENED
        lost = await self._leniently(self._callbacks.open_form(trigger_id, view))
        return "" if lost is None else _of_form(lost)

    async def reshape_form(self, view: Json) -> None:
        """Put another form in the place of the one that something was chosen in."""
        await self._acknowledged()
        view_id = str(self.interaction.view["id"])
        await self._leniently(self._callbacks.reshape_form(view_id, view))

    async def _send(self, message: Message) -> None:
        told = self.interaction
        if told.response_url is not None:
            thread_ts = told.thread_ts if told.doing is Doing.PRESS else None
            await self._callbacks.respond(told.response_url, message, thread_ts=thread_ts)
        elif told.channel_id is not None:
            await self._callbacks.whisper(
                told.channel_id, told.user_id, message, thread_ts=told.thread_ts
            )
        elif told.trigger_id is not None and told.doing is Doing.GLOBAL_SHORTCUT:
            await self._callbacks.open_form(told.trigger_id, _notice(message))

    @property
    def _is_form(self) -> bool:
        """Whether this is a form that is still open for what is wrong with it."""
        return self.interaction.doing is Doing.SUBMISSION and not self._is_acknowledged

    async def _is_to_be_told(self) -> bool:
        """Acknowledge the act first; a mention whose answer was not taken comes once more."""
        if self._is_acknowledged or self.interaction.doing is not Doing.MENTION:
            await self._acknowledged()
            return True
        return await self.acknowledge() is Outcome.TAKEN

    async def _acknowledged(self) -> None:
        if not self._is_acknowledged:
            await self.acknowledge()

    async def _first(self, body: Json) -> Outcome:
        self._is_acknowledged = True
        try:
            return await self._answer.give(body)
        finally:
            self._precedence.answered(self.interaction.act_id)

    async def _leniently(self, call: Awaitable[None]) -> DeliveryError | None:
        """Make a call that nothing depends on; return what kept it from being taken."""
        try:
            await call
        except DeliveryError as exc:
            _log.warning(
                "slack_private_answer_lost", doing=self.interaction.doing.value, error=str(exc)
            )
            return exc
        return None


def _of_form(lost: DeliveryError) -> str:
    """Return what to tell whoever may see no form; it may be there when nobody knows."""
    if str(lost) == Hindrance.TOKEN:
        return words.INSTALL_ANEW
    is_certain = isinstance(lost, DeliveryRefused) or str(lost) in frozenset(Hindrance)
    return words.FORM_NOT_OPENED if is_certain else words.FORM_IN_DOUBT


def _notice(message: Message) -> Json:
    """Return a form that only says something, for where there is no place to say it."""
    return {
        "type": "modal",
        "title": blocks.plain(NAME),
        "close": blocks.plain("Close"),
        "blocks": list(message.blocks),
    }
