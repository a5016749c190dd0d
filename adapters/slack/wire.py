"""Doer: what is said and read on Slack, call by call; only AppErrors come out of it."""

from __future__ import annotations

import json
from collections.abc import Sequence

from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack import calls, outgoing, places, posted
from adapters.slack.blocks import Message
from adapters.slack.calls import CALL_S, UPLOAD_S, Calls
from adapters.slack.outgoing import Attached, Mark
from adapters.slack.posted import HeldFile, Identity, Posted, Ticket
from core.clock import Clock

__all__ = ["Attached", "HeldFile", "Identity", "Mark", "Posted", "Ticket", "Wire"]


class Wire:
    """
    Each method is one call and raises

    DeliveryRetryable: later; `refusals.is_undone` says whether it may have been carried out.
    DeliveryRefused: it was not; `refusals.of` says why.
    TooLarge: what was sent is more than the workspace takes.
    """

    def __init__(
        self,
        client: AsyncWebClient,
        clock: Clock,
        *,
        call_s: float = CALL_S,
        upload_s: float = UPLOAD_S,
    ) -> None:
        """Take a client with a session (`client.make_client`); limits in seconds."""
        self._calls = Calls(client, clock, call_s=call_s, upload_s=upload_s)
        self._identity: Identity | None = None

    async def identify(self) -> Identity:
        """Ask whom the token stands for."""
        answer = await self._calls.ask("auth.test")
        self._identity = posted.identity(answer, calls.scopes(answer))
        return self._identity

    async def link(self, where: Posted) -> str | None:
        """Return the address of a message; asks Slack for the workspace's once. None of no one."""
        if where.message_ts is None:
            return None
        who = self._identity or await self.identify()
        return places.message_link(
            who.workspace_url, where.channel_id, where.message_ts, thread_ts=where.thread_ts
        )

    async def post(
        self,
        channel_id: str,
        message: Message,
        *,
        mark: Mark | None = None,
        thread_ts: str | None = None,
    ) -> Posted:
        """Post a message; asking twice posts it twice. A person's id stands for their DM."""
        fields = outgoing.to_post(channel_id, message, mark=mark, thread_ts=thread_ts)
        return posted.posted(
            await self._calls.ask("chat.postMessage", json=fields, place=channel_id)
        )

    async def edit(self, channel_id: str, message_ts: str, message: Message) -> None:
        """Replace what a message of ours says."""
        await self._calls.ask("chat.update", json=outgoing.to_edit(channel_id, message_ts, message))

    async def delete(self, channel_id: str, message_ts: str) -> None:
        """Delete a message of ours."""
        await self._calls.ask("chat.delete", json={"channel": channel_id, "ts": message_ts})

    async def respond(self, url: str, message: Message) -> None:
        """Answer an act in private at its response_url."""
        await self._calls.respond(url, outgoing.to_respond(message))

    async def begin_upload(self, file: Attached) -> Ticket:
        """Announce a file; nobody sees it before its upload was completed."""
        told = {"filename": file.name, "length": str(len(file.data))}
        answer = await self._calls.ask(
            "files.getUploadURLExternal",
            data=told | ({"alt_txt": file.alt} if file.alt else {}),
            sent_bytes=len(file.data),
        )
        return posted.ticket(answer)

    async def send(self, ticket: Ticket, file: Attached) -> None:
        """Send the bytes of a file that was announced."""
        await self._calls.send(ticket.url, file.data)

    async def complete_upload(
        self, file_ids: Sequence[str], *, channel_id: str, thread_ts: str | None, comment: str
    ) -> None:
        """
        Have files whose bytes were sent posted as one message, some time later.

        Files of which this is asked twice are posted once: the second call is refused with
        FILE_GONE.
        """
        told = {
            "files": json.dumps([{"id": file_id} for file_id in file_ids]),
            "channel_id": channel_id,
            "initial_comment": comment,
        }
        await self._calls.ask(
            "files.completeUploadExternal",
            data=told | ({"thread_ts": thread_ts} if thread_ts else {}),
        )

    async def file(self, file_id: str) -> HeldFile:
        """Return what is known of a file."""
        return posted.held_file(await self._calls.ask("files.info", data={"file": file_id}))

    async def delete_file(self, file_id: str) -> None:
        """Delete a file of ours, wherever it is shown."""
        await self._calls.ask("files.delete", json={"file": file_id})
