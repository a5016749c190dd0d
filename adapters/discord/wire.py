"""Doer: what is said and read on Discord, call by call; only AppErrors come out of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any, Final

import discord

from adapters.discord import ids, outgoing, posted
from adapters.discord.calls import CALL_S, UPLOAD_S, Calls
from adapters.discord.outgoing import Attached, Outgoing
from adapters.discord.posted import Posted, PostedFile
from adapters.discord.refusals import Refusal
from core.clock import Clock
from core.errors import DeliveryRefused, DeliveryRetryable

__all__ = ["Attached", "Outgoing", "Posted", "PostedFile", "Wire"]

PAGE: Final = 100
"""Messages a page. Source: discord.com/developers/docs/resources/message#get-channel-messages."""
PAGES: Final = 20
"""How far a history is searched; what is older than that cannot be told."""
ARCHIVED_AFTER_MIN: Final = 1440
"""
How long a thread without messages stays open, in minutes.

Source: discord.com/developers/docs/resources/channel#thread-metadata-object.
"""


class Wire:
    """
    Each method is one call (a search: a few) and raises, beside what it names itself:

    DeliveryRetryable: perhaps it was carried out, and the same call later is right.
    DeliveryRefused: it was not; `refusals.of(error)` says why.
    TooLarge: what was sent is more than the place takes.
    """

    def __init__(
        self,
        client: discord.Client,
        clock: Clock,
        logged_in: asyncio.Event,
        *,
        call_s: float = CALL_S,
        upload_s: float = UPLOAD_S,
    ) -> None:
        """Take the client and the event that is set once it is logged in; limits in seconds."""
        self._calls = Calls(client, clock, logged_in, call_s=call_s, upload_s=upload_s)

    async def ready(self) -> None:
        """Return once the bot is logged in; raises DeliveryRetryable when that takes too long."""
        await self._calls.ready()

    async def post(
        self, channel_id: int, message: Outgoing, *, nonce: str, reply_to: int | None = None
    ) -> Posted:
        """Post a message, once for each nonce within Discord's window for those."""
        with outgoing.to_post(message, nonce=nonce, reply_to=reply_to) as params:
            answer = await self._calls.by_bot(
                lambda http: http.send_message(channel_id, params=params),
                sent_bytes=message.size_bytes,
            )
        return posted.posted(answer)

    async def edit(
        self, channel_id: int, message_id: int, message: Outgoing, *, keep: tuple[int, ...] | None
    ) -> Posted:
        """Replace what a message says; of its files those with the ids in `keep` stay, or all."""
        params = outgoing.to_edit(message, keep=keep)
        answer = await self._calls.by_bot(
            lambda http: http.edit_message(channel_id, message_id, params=params)
        )
        return posted.posted(answer)

    async def edit_original(self, application_id: int, token: str, message: Outgoing) -> Posted:
        """Fill or replace the answer to an interaction, leaving it with exactly these files."""
        with outgoing.to_fill(message) as params:
            answer = await self._calls.under_token(
                lambda webhooks, session: webhooks.edit_original_interaction_response(
                    application_id, token, session=session, **params._asdict()
                ),
                sent_bytes=message.size_bytes,
            )
        return posted.posted(answer)

    async def original(self, application_id: int, token: str) -> Posted:
        """Return the answer to an interaction."""
        answer = await self._calls.under_token(
            lambda webhooks, session: webhooks.get_original_interaction_response(
                application_id, token, session=session
            )
        )
        return posted.posted(answer)

    async def start_thread(self, channel_id: int, message_id: int, name: str) -> int:
        """Start a thread on a message and return its id, which is the message's."""
        await self._calls.by_bot(
            lambda http: http.start_thread_with_message(
                channel_id, message_id, name=name, auto_archive_duration=ARCHIVED_AFTER_MIN
            )
        )
        return message_id

    async def read(self, channel_id: int, message_id: int) -> Posted:
        """Return a message, with fresh addresses of its files."""
        answer = await self._calls.by_bot(lambda http: http.get_message(channel_id, message_id))
        return posted.posted(answer)

    async def delete(self, channel_id: int, message_id: int) -> None:
        """Delete a message of ours."""
        await self._calls.by_bot(lambda http: http.delete_message(channel_id, message_id))

    async def delete_thread(self, thread_id: int) -> None:
        """Delete a thread, which takes a permission that is not asked for."""
        await self._calls.by_bot(lambda http: http.delete_channel(thread_id))

    async def check_open(self, channel_id: int) -> None:
        """Return if the bot itself sees a channel."""
        await self._calls.by_bot(lambda http: http.get_channel(channel_id))

    async def rename_thread(self, thread_id: int, name: str) -> None:
        """Give a thread of ours another name, opening it if it is archived."""
        await self._calls.by_bot(
            lambda http: http.edit_channel(thread_id, name=name, archived=False)
        )

    async def open_dm(self, user_id: int) -> int:
        """Return the channel of direct messages with a person."""
        answer = await self._calls.by_bot(lambda http: http.start_private_message(user_id))
        return posted.own_id(answer)

    async def find(self, channel_id: int, marker: str, *, after: int) -> Posted | None:
        """
        Return our message with this mark that is newer than the id `after`, or None.

        Without Read Message History Discord shows an empty room instead of saying no, so that
        one without a single message counts as one that cannot be read. A thread on a message is
        never empty: it begins with a message that says so.

        Raises:
            DeliveryRefused: the history cannot be read, or is too long to be searched.
        """
        line = ids.line(marker)
        return await self._find(channel_id, lambda said: posted.has_mark(said, marker, line), after)

    async def find_answer(self, channel_id: int, interaction_id: int) -> Posted | None:
        """Return the answer to an interaction, found in its channel; raises as `find` does."""
        return await self._find(
            channel_id, lambda said: posted.answers(said, interaction_id), interaction_id
        )

    async def is_bare(self, thread_id: int) -> bool:
        """Whether a thread shows nothing but the message that it was started on."""
        said = await self._page(thread_id, limit=2)
        return all(each.get("type") == posted.THREAD_STARTER for each in said)

    async def _find(
        self, channel_id: int, is_it: Callable[[Mapping[str, Any]], bool], after: int
    ) -> Posted | None:
        async for said in self._history(channel_id, after):
            if posted.author_id(said) == self._calls.own_id and is_it(said):
                return posted.posted(said)
        return None

    async def _history(self, channel_id: int, after: int) -> AsyncIterator[Mapping[str, Any]]:
        """Yield what was said after an id."""
        if not await self._page(channel_id, limit=1):
            raise DeliveryRefused(Refusal.NO_HISTORY)
        for _ in range(PAGES):
            page = await self._page(channel_id, limit=PAGE, after=after)
            for said in page:
                yield said
            if len(page) < PAGE:
                return
            after = max(posted.own_id(said) for said in page)
        raise DeliveryRefused(Refusal.NO_HISTORY)

    async def _page(self, channel_id: int, **which: int) -> list[Mapping[str, Any]]:
        answer = await self._calls.by_bot(lambda http: http.logs_from(channel_id, **which))
        if not isinstance(answer, list):
            raise DeliveryRetryable("Discord's answer cannot be read")
        return answer
