"""What a person sees of the bot's answer to something they did, as it is now."""

from __future__ import annotations

from collections.abc import Callable

from tests.fakes.discord_interactions import Interaction
from tests.fakes.discord_news import News
from tests.fakes.discord_values import Json, Message


class Unanswered(AssertionError):
    """The bot did not acknowledge in time: a person reads that the app did not respond."""


class Shown:
    """A live view of one interaction's answers."""

    def __init__(self, interaction: Interaction, news: News) -> None:
        self.interaction = interaction
        self._news = news

    async def acknowledged(self, *, within_s: float | None = None) -> Shown:
        """Return once the bot has answered at all; `Unanswered` when it does not in time."""
        what = f"an answer to {self.interaction.data}"
        try:
            await self._news.until(lambda: self.kind, what, within_s=within_s)
        except AssertionError as late:
            raise Unanswered(str(late)) from None
        return self

    async def settled(
        self,
        predicate: Callable[[Message], bool] = lambda message: not message.loading,
        *,
        within_s: float | None = None,
    ) -> Message:
        """Return the message once it is as `predicate` says; without one: once it is there."""

        def fitting() -> Message | None:
            found = self.original
            return found if found and not found.deleted and predicate(found) else None

        now = self.original.text if self.original else None
        what = f"the answer to {self.interaction.data}, which was {now!r}"
        return await self._news.until(fitting, what, within_s=within_s)

    async def followed(self, count: int = 1, *, within_s: float | None = None) -> list[Message]:
        """Return the followups once there are `count` of them."""
        what = f"{count} followups to {self.interaction.data}"
        return await self._news.until(
            lambda: self.followups if len(self.followups) >= count else None,
            what,
            within_s=within_s,
        )

    @property
    def kind(self) -> str | None:
        """message, deferred, deferred_update, update, autocomplete, modal; None: nothing yet."""
        reply = self.interaction.reply
        return reply.name.lower() if reply else None

    @property
    def ephemeral(self) -> bool:
        """Whether only this person sees the answer."""
        return self.interaction.ephemeral

    @property
    def original(self) -> Message | None:
        """The message of the answer, or the one that a press belongs to; None for forms."""
        own = self.interaction.original
        return own if own or self.kind not in ("update", "deferred_update") else self.source

    @property
    def message(self) -> Message:
        """The message of the answer as it is now; fails when there is none."""
        assert self.original is not None, f"{self.kind} has no message"
        return self.original

    @property
    def source(self) -> Message | None:
        """The message that the control or the form belongs to."""
        return self.interaction.source

    @property
    def modal(self) -> Json:
        """The form that was opened; fails when none was."""
        assert self.interaction.modal is not None, f"{self.kind} is no form"
        return self.interaction.modal

    @property
    def choices(self) -> list[Json]:
        """What autocomplete offers."""
        return self.interaction.choices or []

    @property
    def followups(self) -> list[Message]:
        """The messages that followed, in order."""
        return self.interaction.followups

    @property
    def ack_s(self) -> float:
        """Seconds of the fake's clock from the push to the callback."""
        assert self.interaction.acked_s is not None, "nothing was answered"
        return self.interaction.acked_s

    @property
    def interaction_id(self) -> int:
        """The id of what the person did."""
        return self.interaction.id

    @property
    def token(self) -> str:
        """The token of what the person did."""
        return self.interaction.token
