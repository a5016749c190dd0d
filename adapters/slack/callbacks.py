"""
Doer: the answers to one act: the acknowledgement that Slack waits for, and what may follow it.

An acknowledgement goes back the way the act came, so whoever brought the act takes the `Answer`
and says what became of it. Forms and private words are calls of their own. A form is not asked for
again: its trigger is good once. Words are, until Slack takes them: who was turned down has to read
it, even if twice.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from enum import StrEnum
from typing import Any, Final

from slack_sdk.web.async_client import AsyncWebClient

from adapters.backoff import Backoff
from adapters.slack import outgoing
from adapters.slack.blocks import Json, Message
from adapters.slack.calls import Calls
from core.clock import Clock
from core.errors import DeliveryRetryable

ANSWER_WITHIN_S: Final = 2.8
"""
How long after its arrival an act is acknowledged, in seconds.

Source: docs.slack.dev/interactivity/handling-user-interaction#acknowledgment_response (3 seconds);
what is left is the way there and back.
"""
CALL_S: Final = 5.0
"""How long a call for somebody who looks at the screen may take, in seconds."""
STAYS_S: Final = 30.0
"""For how long private words are tried, in seconds; half of what an act has altogether."""


class Outcome(StrEnum):
    """What became of an acknowledgement."""

    TAKEN = "taken"
    REFUSED = "refused"
    """It came too late, or could not be sent: the user was told that we did not answer."""


class Answer:
    """The acknowledgement of one act, between whoever decides on it and whoever sends it."""

    def __init__(self) -> None:
        self._body: asyncio.Future[Json] = asyncio.get_running_loop().create_future()
        self._outcome: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()

    async def give(self, body: Json) -> Outcome:
        """Say what to acknowledge with, and return what became of it; only the first one counts."""
        if not self._body.done():
            self._body.set_result(body)
        return await asyncio.shield(self._outcome)

    async def taken(self, clock: Clock, *, within_s: float) -> Json | None:
        """Return what to acknowledge with, or None when it was not said in time."""
        came = asyncio.Event()
        self._body.add_done_callback(lambda _: came.set())
        if await clock.wait(came, within_s):
            return self._body.result()
        self.became(Outcome.REFUSED)
        return None

    def became(self, outcome: Outcome) -> None:
        """Say what became of it; only the first word counts."""
        if not self._outcome.done():
            self._outcome.set_result(outcome)


class Callbacks:
    """
    Answers an act after its acknowledgement; each method says one thing and raises

    DeliveryRetryable, DeliveryRefused: the user does not see it, or perhaps not.
    """

    def __init__(self, client: AsyncWebClient, clock: Clock) -> None:
        self._calls = Calls(client, clock, call_s=CALL_S, upload_s=CALL_S)
        self._clock = clock

    async def open_form(self, trigger_id: str, view: Json) -> None:
        """Show a form; only while the trigger is good."""
        await self._ask("views.open", {"trigger_id": trigger_id, "view": view})

    async def reshape_form(self, view_id: str, view: Json) -> None:
        """
        Show another form in place of one, whatever that shows by now.

        Without the hash of what it showed: two choices in a row are made in the same form, and it
        is the second one that counts.
        """
        await self._ask("views.update", {"view_id": view_id, "view": view})

    async def whisper(
        self, channel_id: str, user_id: str, message: Message, *, thread_ts: str | None
    ) -> None:
        """Tell one person in a channel something that nobody else sees."""
        told = {"channel": channel_id, "user": user_id, **message.fields}
        told |= {"thread_ts": thread_ts} if thread_ts else {}
        await self._patiently(lambda: self._ask("chat.postEphemeral", told))

    async def respond(self, url: str, message: Message, *, thread_ts: str | None) -> None:
        """Tell whoever acted alone, beside what is there."""
        told = outgoing.to_respond(message)
        told |= {"thread_ts": thread_ts} if thread_ts else {}
        await self._patiently(lambda: self._calls.respond(url, told))

    async def withdraw(self, url: str) -> None:
        """Take the private message away whose button was pressed."""
        await self._calls.respond(url, {"delete_original": True})

    async def _patiently(self, call: Callable[[], Awaitable[object]]) -> None:
        """Make a call, again while Slack does not take it and there is time."""
        until_s, backoff = self._clock.monotonic_s() + STAYS_S, Backoff(first_s=1.0)
        while True:
            try:
                await call()
            except DeliveryRetryable as exc:
                wait_s = backoff.next_s() if exc.retry_after_s is None else exc.retry_after_s
                if self._clock.monotonic_s() + wait_s > until_s:
                    raise
                await self._clock.sleep(wait_s)
            else:
                return

    def _ask(self, method: str, told: Mapping[str, Any]) -> Awaitable[Mapping[str, Any]]:
        return self._calls.ask(method, json=dict(told))
