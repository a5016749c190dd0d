"""
Conductor: the answer to one interaction, whatever kind it turns out to be.

An interaction takes one first answer; afterwards only what that began can be filled in. This
knows which of the two is due, so that a handler just says what there is to say.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import IntEnum, IntFlag
from typing import Any

import structlog
from discord import ui
from discord.app_commands import Choice

from adapters.discord.callbacks import Callbacks, Outcome, encoded
from adapters.discord.interactions import Interaction
from adapters.discord.wire import Outgoing, Wire
from adapters.precedence import Precedence
from core.errors import AppError, StoreUnavailable

_log = structlog.get_logger()


class _Type(IntEnum):
    """
    What a first answer does.

    Source: discord.com/developers/docs/interactions/receiving-and-responding, Callback Type.
    """

    MESSAGE = 4
    THINK = 5
    NOTHING = 6
    """A message will perhaps be changed later; the user sees nothing."""
    CHANGE = 7
    CHOICES = 8
    FORM = 9


class _Flag(IntFlag):
    """Source: discord.com/developers/docs/resources/message#message-object-message-flags."""

    PRIVATE = 1 << 6
    COMPONENTS = 1 << 15


class Reply:
    """Answers one interaction."""

    def __init__(
        self,
        interaction: Interaction,
        *,
        callbacks: Callbacks,
        wire: Wire,
        precedence: Precedence,
    ) -> None:
        self.interaction = interaction
        self._callbacks = callbacks
        self._wire = wire
        self._precedence = precedence
        self._given: _Type | None = None
        self._is_private = False

    @property
    def is_given(self) -> bool:
        """Whether there has been a first answer, taken or not."""
        return self._given is not None

    async def stand_back(self) -> None:
        """Return once no crowd waits for answers: what follows an answer is not as urgent."""
        await self._precedence.calm()

    async def acknowledge(self) -> Outcome:
        """
        Show everybody that work has begun; a card will take the place of that.

        REFUSED when the user was already told something in private: there can be no card.
        """
        return Outcome.REFUSED if self.is_given else await self._first(_Type.THINK)

    async def think(self) -> None:
        """Show the user alone that work has begun; what is told next takes the place of that."""
        if not self.is_given:
            await self._first(_Type.THINK, {"flags": _Flag.PRIVATE}, is_private=True)

    async def say_nothing(self) -> None:
        """Take a click; what is told next, if anything, changes the message that was clicked."""
        if not self.is_given:
            await self._first(_Type.NOTHING, is_private=True)

    async def tell(self, view: ui.LayoutView) -> None:
        """
        Tell the user alone.

        After `think` and `say_nothing` it is filled in there; after `acknowledge` nothing can be
        said in private any more, and the card tells.
        """
        if self._given is None:
            flags = _Flag.PRIVATE | _Flag.COMPONENTS
            await self._first(_Type.MESSAGE, {**_body(view), "flags": flags})
        elif self._is_private:
            await self.show(Outgoing(view=view))

    async def change(self, view: ui.LayoutView) -> None:
        """Put `view` in the place of the private message whose button was clicked."""
        if self._given is None:
            await self._first(_Type.CHANGE, _body(view))
        else:
            await self.tell(view)

    async def show(self, message: Outgoing) -> None:
        """Fill in what `think` or `say_nothing` began, files and all."""
        told = self.interaction
        try:
            await self._wire.edit_original(told.application_id, told.token, message)
        except AppError as exc:
            _log.warning(
                "discord_private_answer_lost",
                interaction=str(told.interaction_id),
                error=str(exc),
            )

    async def open_form(self, form: ui.Modal) -> None:
        """Open a form; raises StoreUnavailable when it is too late for a first answer."""
        if self.is_given:
            raise StoreUnavailable("a form took too long to be opened")
        await self._first(_Type.FORM, form.to_dict())

    async def offer(self, choices: Sequence[Choice[str]]) -> None:
        """Offer what may complete an option."""
        await self._first(_Type.CHOICES, {"choices": [choice.to_dict() for choice in choices]})

    async def _first(
        self, kind: _Type, data: Mapping[str, Any] | None = None, *, is_private: bool = False
    ) -> Outcome:
        body = encoded({"type": kind} if data is None else {"type": kind, "data": data})
        self._given, self._is_private = kind, is_private
        try:
            return await self._callbacks.answer(self.interaction, body)
        finally:
            self._precedence.answered(self.interaction.interaction_id)


def _body(view: ui.LayoutView) -> dict[str, Any]:
    return {
        "components": view.to_components(),  # type: ignore[no-untyped-call]
        "flags": _Flag.COMPONENTS,
        "allowed_mentions": {"parse": []},
    }
