"""What a person sees of the bot's answer to something they did, as it is now."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from tests.fakes.slack_acts import Act
from tests.fakes.slack_values import Json, Message, View
from tests.fakes.slack_world import World

T = TypeVar("T")


class Unanswered(AssertionError):
    """The bot did not acknowledge in time: a person reads that the app did not respond."""


class Shown:
    """A live view of one act's answers."""

    def __init__(self, act: Act, world: World) -> None:
        self.act = act
        self._world = world

    async def acknowledged(self, *, within_s: float | None = None) -> Shown:
        """Return once the bot has answered; `Unanswered` when it does not in time, or wrongly."""
        await self.over(within_s=within_s)
        if self.act.failure is not None:
            raise Unanswered(f"{self.act.kind}: {self.act.failure}")
        return self

    async def over(self, *, within_s: float | None = None) -> Shown:
        """Return once the bot has answered, or will not any more."""
        what = f"an answer to {self.act.kind}"
        await self._world.news.until(lambda: self.act.is_over, what, within_s=within_s)
        return self

    async def settled(
        self, predicate: Callable[[Shown], T | None], *, within_s: float | None = None
    ) -> T:
        """Return the first true value of `predicate`, looked at after each change."""
        what = f"what {self.act.kind} was to lead to; seen: {[m.words for m in self.ephemerals]}"
        return await self._world.news.until(lambda: predicate(self), what, within_s=within_s)

    async def told(self, words: str = "", *, within_s: float | None = None) -> Message:
        """Return the first message that only this person sees, with these words."""

        def fitting(shown: Shown) -> Message | None:
            return next((m for m in shown.ephemerals if words in m.words + m.text), None)

        return await self.settled(fitting, within_s=within_s)

    async def viewed(
        self, predicate: Callable[[View], object] = bool, *, within_s: float | None = None
    ) -> View:
        """Return the modal that came of this once it is as `predicate` says."""

        def fitting(shown: Shown) -> View | None:
            view = shown.modal
            return view if view is not None and view.open and predicate(view) else None

        return await self.settled(fitting, within_s=within_s)

    @property
    def ack(self) -> Json:
        """What the acknowledgement said, empty for nothing."""
        return self.act.ack

    @property
    def ack_s(self) -> float:
        """Seconds of the fake's clock from the act to the acknowledgement."""
        assert self.act.acked_s is not None, f"nothing was acknowledged: {self.act.failure}"
        return self.act.acked_s

    @property
    def unacknowledged(self) -> bool:
        """Whether the time for an acknowledgement is over without one."""
        return self.act.failure is not None

    @property
    def response_action(self) -> str | None:
        """errors, update, push, clear; None for a modal that was simply closed."""
        found = self.act.ack.get("response_action")
        return None if found is None else str(found)

    @property
    def errors(self) -> dict[str, str]:
        """What the acknowledgement says is wrong, by block."""
        return dict(self.act.ack.get("errors") or {})

    @property
    def modal(self) -> View | None:
        """The modal that was opened by this, or the one that it happened in."""
        return self.act.opened[-1] if self.act.opened else self.act.view

    @property
    def view(self) -> View:
        """The modal; fails when there is none."""
        assert self.modal is not None, f"{self.act.kind} has no modal"
        return self.modal

    @property
    def ephemerals(self) -> list[Message]:
        """The messages since then that only this person sees, oldest first."""
        later = self._world.messages[self.act.first_message :]
        return [m for m in later if m.seen_by and m.seen_by is self.act.user and not m.deleted]

    @property
    def responses(self) -> list[Message]:
        """What was said to the act itself: acknowledged words, and posts to its response URL."""
        return self.act.responses

    @property
    def source(self) -> Message | None:
        """The message that it was done on, or that it is."""
        return self.act.source

    @property
    def event_id(self) -> str:
        """The id of the event."""
        return str(self.act.payload["event_id"])

    @property
    def trigger_id(self) -> str:
        """The trigger id that the bot was given."""
        assert self.act.trigger_id is not None, f"{self.act.kind} has no trigger"
        return self.act.trigger_id

    @property
    def response_url(self) -> str:
        """The response URL that the bot was given."""
        return str(self.act.payload["response_url"])
