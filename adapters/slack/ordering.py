"""
Conductor: makes an order of what a user asked for, and acknowledges it.

The one place that knows the order of things: what the payload decides is answered in private and
leaves no row; then the row; then the acknowledgement; then the job is driven.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

import structlog

from adapters.desk import Desk
from adapters.slack import access, words
from adapters.slack.callbacks import Outcome
from adapters.slack.given import Typed
from adapters.slack.interactions import ENTRIES, Doing, Interaction
from adapters.slack.origin import Entry, SlackOrigin, Source, Upload, to_origin
from adapters.slack.reply import Reply
from core.errors import InvalidRequest, Problem
from core.jobs.job import Admission
from core.request import GenerationRequest

_log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """Where what comes of an act is to be said, and how the act began."""

    entry: Entry
    channel_id: str | None
    """None until the form has asked."""
    thread_ts: str | None = None
    response_url: str | None = field(default=None, repr=False)
    response_url_expires_at: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """What a user wants to have redrawn, as far as it is known before it is read."""

    place: Place
    sources: tuple[Source, ...]
    values: Mapping[str, object]
    problems: tuple[Problem, ...] = ()
    """What is wrong with how it was written."""


def place_of(told: Interaction) -> Place:
    """Return the place of an act that is no form."""
    return Place(
        entry=ENTRIES[told.doing],
        channel_id=told.channel_id,
        thread_ts=told.thread_ts,
        response_url=told.response_url,
        response_url_expires_at=told.response_url_expires_at,
    )


class Ordering:
    """Takes orders at the desk."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def check(
        self, told: Interaction, channel_id: str | None, sources: tuple[Source, ...] = ()
    ) -> None:
        """Refuse what the place rules out; raises InvalidRequest with every reason."""
        problems = self._refusals(told, channel_id, sources)
        if problems:
            raise InvalidRequest(problems)

    def read(self, told: Interaction, wanted: Wanted) -> GenerationRequest:
        """Return the request; raises InvalidRequest with everything that the payload rules out."""
        ruled_out = self._refusals(told, wanted.place.channel_id, wanted.sources)
        problems = (*ruled_out, *wanted.problems)
        try:
            request = self._desk.read(wanted.values, image_count=len(wanted.sources))
        except InvalidRequest as exc:
            raise InvalidRequest((*problems, *exc.problems)) from exc
        if problems:
            raise InvalidRequest(problems)
        return request

    def check_values(self, typed: Typed) -> None:
        """Refuse what a form could not be filled in with; raises InvalidRequest with all of it."""
        problems = typed.problems
        try:
            self._desk.read({"prompt": "-", **typed.values}, image_count=1)
        except InvalidRequest as exc:
            problems = (*problems, *exc.problems)
        if problems:
            raise InvalidRequest(problems)

    async def order(
        self, reply: Reply, request: GenerationRequest, wanted: Wanted, *, dedupe_key: str
    ) -> bool:
        """
        Keep the order, acknowledge it, and have it driven; return whether it was a new one.

        `dedupe_key` is the act's own, the same for everything that is one act.

        Raises:
            QuotaExceeded, StoreUnavailable: nothing was kept and nothing acknowledged, but for
                OrderInDoubt: then it may have been kept.
        """
        told = reply.interaction
        origin = _origin(told, wanted)
        place = self._desk.place(*told.asked(origin.channel_id).places)
        order = self._desk.order(request, to_origin(origin, place=place), dedupe_key=dedupe_key)
        admission = await self._desk.queue.submit(order)
        reply.may_run = True
        if not admission.is_new and told.doing is Doing.PRESS:
            await reply.say(words.ONE_CLICK)
            return False
        await self._acknowledge(reply, admission)
        return admission.is_new

    async def _acknowledge(self, reply: Reply, admission: Admission) -> None:
        job_id = admission.job.job_id
        outcome = await reply.acknowledge()
        if outcome is Outcome.TAKEN:
            self._desk.timed(self._desk.clock.monotonic_s() - reply.interaction.received_s)
            await reply.stand_back()
            await self._desk.queue.acknowledged(job_id)
            return
        _log.warning("slack_acknowledgement_lost", job_id=job_id)
        if admission.is_new and reply.interaction.doing is not Doing.MENTION:
            # A mention comes once more, and finds its job.
            await self._desk.queue.ack_refused(job_id)

    def _refusals(
        self, told: Interaction, channel_id: str | None, sources: tuple[Source, ...]
    ) -> tuple[Problem, ...]:
        uploads = [each for each in sources if isinstance(each, Upload)]
        asked = told.asked(channel_id, access.announced(uploads))
        is_allowed = channel_id is None or self._desk.is_allowed(*asked.places)
        return access.refusals(
            asked, is_place_allowed=is_allowed, hosts_pictures=self._desk.hosts_pictures
        )


def _origin(told: Interaction, wanted: Wanted) -> SlackOrigin:
    """Return what the job's row keeps; raises InvalidRequest when no place was chosen."""
    place = wanted.place
    if place.channel_id is None:
        problem = Problem(parameter="place", reason="none was chosen", allowed="a channel")
        raise InvalidRequest((problem,))
    return SlackOrigin(
        team_id=told.team_id,
        enterprise_id=told.enterprise_id,
        channel_id=place.channel_id,
        thread_ts=place.thread_ts,
        user_id=told.user_id,
        response_url=place.response_url,
        response_url_expires_at=place.response_url_expires_at,
        entry=place.entry,
        sources=wanted.sources,
    )
