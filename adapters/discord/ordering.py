"""
Conductor: makes an order of what a user asked for, and acknowledges it.

The one place that knows the order of things: what the payload decides is answered in private and
leaves no row; then the row; then the acknowledgement; then the job is driven.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import structlog

from adapters.desk import Desk
from adapters.discord import access, words
from adapters.discord.access import Announced
from adapters.discord.callbacks import Outcome
from adapters.discord.interactions import Interaction
from adapters.discord.markup import escaped
from adapters.discord.origin import PLATFORM, DiscordOrigin, Source, to_origin
from adapters.discord.private import private_view
from adapters.discord.reply import Reply
from core.errors import InvalidRequest, Problem, StoreUnavailable
from core.request import GenerationRequest

_log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """What a user wants to have redrawn, as far as it is known before it is read."""

    sources: tuple[Source, ...]
    files: tuple[Announced, ...] = ()
    values: Mapping[str, object]


class Ordering:
    """Takes orders at the desk."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def check(self, interaction: Interaction, files: tuple[Announced, ...] = ()) -> None:
        """Refuse what the place rules out; raises InvalidRequest with every reason."""
        problems = self._refusals(interaction, files)
        if problems:
            raise InvalidRequest(problems)

    def read(self, interaction: Interaction, wanted: Wanted) -> GenerationRequest:
        """Return the request; raises InvalidRequest with everything that the payload rules out."""
        problems = self._refusals(interaction, wanted.files)
        try:
            request = self._desk.read(wanted.values, image_count=len(wanted.sources))
        except InvalidRequest as exc:
            raise InvalidRequest((*problems, *exc.problems)) from exc
        if problems:
            raise InvalidRequest(problems)
        return request

    async def order(
        self,
        reply: Reply,
        request: GenerationRequest,
        sources: tuple[Source, ...],
        *,
        dedupe_key: str | None = None,
    ) -> None:
        """
        Keep the order, acknowledge it, and have it driven.

        `dedupe_key` is the act's own where several interactions may be one act.

        Raises:
            QuotaExceeded, StoreUnavailable: nothing was acknowledged, so nothing runs: it was not
                kept, or is withdrawn.
        """
        told = reply.interaction
        if reply.is_given:
            raise StoreUnavailable("an order took too long to be acknowledged")
        order = self._desk.order(
            request,
            to_origin(_origin(told, sources), place=self._desk.place(*told.asked().places)),
            dedupe_key=dedupe_key or f"{PLATFORM}:{told.interaction_id}",
        )
        admission = await self._desk.queue.submit(order)
        if not admission.is_new and _interaction_of(admission.job.origin.data) != str(
            told.interaction_id
        ):
            await reply.tell(private_view(escaped(words.ONE_CLICK)))
            return
        await self._acknowledge(reply, admission.job.job_id)

    async def _acknowledge(self, reply: Reply, job_id: str) -> None:
        is_late = reply.is_given
        match await reply.acknowledge():
            case Outcome.TAKEN:
                self._desk.timed(self._desk.clock.monotonic_s() - reply.interaction.received_s)
                await reply.stand_back()
                await self._desk.queue.acknowledged(job_id)
            case Outcome.REFUSED:
                await self._desk.queue.ack_refused(job_id)
                if is_late:
                    raise StoreUnavailable("an order took too long to be acknowledged")
            case Outcome.UNKNOWN:
                # The worker finds a job without an acknowledgement and asks Discord about it.
                _log.warning("discord_acknowledgement_unknown", job_id=job_id)

    def _refusals(
        self, interaction: Interaction, files: tuple[Announced, ...]
    ) -> tuple[Problem, ...]:
        asked = interaction.asked(files)
        allowed = self._desk.is_allowed(*asked.places)
        return access.refusals(asked, is_place_allowed=allowed)


def _origin(told: Interaction, sources: tuple[Source, ...]) -> DiscordOrigin:
    return DiscordOrigin(
        application_id=told.application_id,
        interaction_id=told.interaction_id,
        token=told.token,
        token_expires_at=told.token_expires_at,
        guild_id=told.guild_id,
        channel_id=told.channel_id,
        channel_kind=told.channel_kind,
        user_id=told.user_id,
        upload_limit_bytes=told.upload_limit_bytes,
        sources=sources,
    )


def _interaction_of(data: Mapping[str, object]) -> object:
    return data.get("interaction")
