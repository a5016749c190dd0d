"""Decider: a job's messages as they are to be sent now."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from adapters import presentation
from adapters.presentation import Action, JobCard
from adapters.slack import blocks, naming, render, words
from adapters.slack.blocks import Message, Picture
from adapters.slack.errand import Errand
from adapters.slack.refusals import Refusal
from core.catalogue.catalogue import Catalogue
from core.clock import Clock
from core.jobs.job import Job
from core.jobs.lifecycle import Reason
from core.media.item import Kind

UNSEEN = (
    "Redraw sees only files of places that it is in: invite it with /invite @Redraw where the "
    "picture is, or give the picture with /redraw."
)
"""Said when a picture cannot be had, since Slack does not tell whether it is gone or hidden."""
_KEPT = "The pictures are kept for now: once that is mended, choose Show again in /redraw jobs."
_MEND = {
    Refusal.UPLOADS_OFF: f"The workspace's admins have switched uploads of files off. {_KEPT}",
    Refusal.IMAGES_ONLY: f"The workspace's admins allow only some files, and not these. {_KEPT}",
    Refusal.TYPE_NOT_ALLOWED: f"The workspace's admins do not allow this type of file. {_KEPT}",
    Refusal.STORAGE_FULL: f"The workspace's storage is full; an admin can make room. {_KEPT}",
    Refusal.NO_SCOPE: (
        f"Redraw lacks the permission files:write; an admin can install it anew. {_KEPT}"
    ),
}
"""What to tell of files that the workspace does not take."""


class Showing:
    """Renders what there is to say of a job."""

    def __init__(
        self,
        *,
        catalogue: Catalogue,
        clock: Clock,
        expected_s: Callable[[str], float | None],
    ) -> None:
        self._catalogue = catalogue
        self._clock = clock
        self._expected_s = expected_s

    def of(self, job: Job) -> JobCard:
        """Return what there is to say of a job now."""
        model_id = job.request.model_id
        if job.reason is Reason.PICTURE and job.detail == "gone":
            job = replace(job, notices=(*job.notices, UNSEEN))
        return presentation.card(
            job,
            presentation.model_of(self._catalogue, model_id),
            now=self._clock.now(),
            expected_s=self._expected_s(model_id),
        )

    def card(self, job: Job, requester_id: str, link: str | None) -> Message:
        """Return the card."""
        return render.card_message(self.of(job), requester_id=requester_id, result_link=link)

    def emptied(self, job: Job, requester_id: str, *, asks: bool) -> Message:
        """Return the card of a job without its words; `asks`: with Delete, to ask once more."""
        shown = replace(self.of(job), actions=(Action.DELETE,) if asks else ())
        return render.card_message(shown, requester_id=requester_id, result_link=None)

    def notice(self, errand: Errand, link: str | None) -> Message:
        """Return the message for a job without pictures; it pings who asked for it."""
        return render.notice_message(
            self.of(errand.job), requester_id=errand.told.user_id, card_link=link
        )

    def picture(self, job: Job, index: int, kind: Kind) -> Picture:
        """Return what the file of one of the job's pictures is called, and shows in words."""
        kinds = (kind,) * len(job.outputs)
        return naming.results(self.of(job), kinds)[index]

    def comment(self, errand: Errand, *, pictures: int, links: Sequence[str], missing: int) -> str:
        """Return the words that go with the pictures' files; they ping who asked for them."""
        return render.result_comment(
            self.of(errand.job),
            requester_id=errand.told.user_id,
            pictures=pictures,
            links=links,
            missing=missing,
        )

    def in_words(self, errand: Errand, links: Sequence[str], missing: int, why: str) -> Message:
        """Return the message in place of pictures that the workspace takes none of."""
        plain = render.result_message(
            self.of(errand.job), requester_id=errand.told.user_id, links=links, missing=missing
        )
        said = _MEND.get(Refusal(why), "") if why in set(Refusal) else ""
        return replace(plain, blocks=(*plain.blocks, *blocks.lines([said]))) if said else plain

    def in_private(self, errand: Errand, why: Refusal, *, is_result: bool) -> Message:
        """Return what to tell the requester alone, of what no place takes."""
        if is_result:
            said = f"Your pictures are ready, but they cannot be posted: {why}."
            return render.private_message(f"{said} {_INVITE.get(why, '')} {_SHOW_AGAIN}")
        if why in _INVITE and errand.card is None:
            return render.private_message(words.NOT_IN_CHANNEL)
        said = f"{self.of(errand.job).sentence} This could not be said in the channel: {why}."
        return render.private_message(said)


_INVITE = {
    Refusal.NOT_IN_CHANNEL: "Invite it with /invite @Redraw.",
    Refusal.CHANNEL_GONE: "If it is a private channel, invite it with /invite @Redraw.",
}
_SHOW_AGAIN = "The pictures are kept for now: Show again in /redraw jobs tries once more."
