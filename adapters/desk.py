"""
Conductor: where a chat hands in orders and asks about jobs; the same for every chat.

It knows no platform. An adapter reads what a user gave into raw values and an `Origin`; what they
mean, what they cost and who may do what is answered here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from adapters import presentation
from adapters.presentation import Action, JobCard
from core import request as requests
from core.catalogue.catalogue import Catalogue
from core.catalogue.parameters import BATCH_MAX
from core.clock import Clock
from core.errors import InvalidRequest, Problem
from core.jobs.drafts import Drafts
from core.jobs.job import Job, Order, Origin
from core.jobs.queue import JobQueue
from core.jobs.quota import Limits
from core.media.decoding import Decoder
from core.media.item import MediaItem
from core.media.spool import Spool
from core.request import GenerationRequest

_OWNERS = frozenset({Action.CANCEL, Action.DELETE})
"""What is for the requester, for moderators and for the operator's admins alone."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Desk:
    """What an adapter that takes orders is built of, and the questions that all of them ask."""

    catalogue: Catalogue
    clock: Clock
    queue: JobQueue
    drafts: Drafts
    spool: Spool
    decoder: Decoder
    limits: Limits
    default_model: str
    preview: bool
    """Whether everything is drawn by a local studio."""
    hosts_pictures: bool
    """Whether the provider can fetch prepared pictures from us, rather than from the chat."""
    expected_s: Callable[[str], float | None]
    """How long a job of a model is expected to take, by the model's id; None when nobody knows."""
    timed: Callable[[float], None] = lambda _: None
    """Told, of each order, after how many seconds the platform had taken its acknowledgement."""
    admins: frozenset[str] = frozenset()
    """Who may cancel and delete the jobs of others, as `platform:id`."""

    def read(self, values: Mapping[str, object], *, image_count: int) -> GenerationRequest:
        """Return the request that raw values describe; raises InvalidRequest with every problem."""
        problems = self._batch(values.get("batch"))
        try:
            request = requests.validate(
                values, self.catalogue, image_count=image_count, default_model=self.default_model
            )
        except InvalidRequest as exc:
            raise InvalidRequest((*exc.problems, *problems)) from exc
        if problems:
            raise InvalidRequest(problems)
        return request

    def order(self, request: GenerationRequest, origin: Origin, *, dedupe_key: str) -> Order:
        """Return the order to hand to the queue; `dedupe_key` is unique per act of the user."""
        model = self.catalogue[request.model_id]
        return Order(
            dedupe_key=dedupe_key,
            origin=origin,
            request=request,
            credits=model.credits_per_picture * request.batch,
            preview=self.preview,
        )

    def place(self, *candidates: str) -> str:
        """
        Return the word for a place: of its names, narrowest first, one that is allowed.

        A channel is allowed when it, or the server it belongs to, is. None is allowed: the first.
        """
        allowed = self.limits.allowed_places
        return next((name for name in candidates if name in allowed), candidates[0])

    def is_allowed(self, *candidates: str) -> bool:
        """Whether orders are taken in a place that has these names."""
        allowed = self.limits.allowed_places
        return not allowed or any(name in allowed for name in candidates)

    def _batch(self, given: object) -> tuple[Problem, ...]:
        """Name a batch that is a possible one, but larger than the operator's limit."""
        text, most = str(given).strip(), self.limits.max_batch
        is_possible = text.isascii() and text.isdecimal() and len(text) == 1
        if not is_possible or not 0 < most < int(text) <= BATCH_MAX:
            return ()
        reason = f"{text} pictures are more than may be asked for at once"
        return (Problem(parameter="batch", reason=reason, allowed=f"1 to {most}"),)

    def card(self, job: Job) -> JobCard:
        """Return what there is to say about a job now."""
        return presentation.card(
            job,
            presentation.model_of(self.catalogue, job.request.model_id),
            now=self.clock.now(),
            expected_s=self.expected_s(job.request.model_id),
        )

    async def keeps_any(self, pictures: Sequence[MediaItem]) -> bool:
        """Whether at least one of the pictures is still kept; raises MediaUnavailable."""
        for picture in pictures:
            if await self.spool.exists(picture):
                return True
        return False

    def may(self, action: Action, job: Job, *, user: str, is_moderator: bool) -> bool:
        """Whether `user` (`platform:id`) may do this to the job, the job allowing it."""
        if action not in _OWNERS:
            return True
        return is_moderator or user == job.origin.requester or user in self.admins
