"""Root: how the pictures of jobs get addresses, and who may fetch them there."""

from __future__ import annotations

from datetime import timedelta

from bot import web
from bot.plans import Plan, is_bucket
from core.errors import Gone
from core.jobs.job import Job
from core.jobs.steps import ReferenceUrls
from core.jobs.store.ledger import Ledger
from core.media import links
from core.media.item import MediaItem
from core.media.spool import Spool

LINK_SLACK_S = 600.0
"""How much longer than its job's deadline a link works, in seconds: providers fetch it late."""


def wanted_by(ledger: Ledger) -> web.FindMedia:
    """Return how the web server asks the ledger for a picture that a job still wants."""

    async def find(job_id: str, name: str) -> MediaItem | None:
        if not await ledger.wants_media(job_id, name):
            return None
        job = await ledger.load(job_id)
        return next((item for item in job.prepared if item.name == name), None)

    return find


def references(plan: Plan, spool: Spool, key: bytes, origin: str | None) -> ReferenceUrls | None:
    """
    Return how a job's prepared pictures get addresses that its provider can fetch.

    None when there is no host of our own: then the platform of the job has to have one.
    """
    base_url = plan.web.base_url or origin if plan.web and plan.web.makes_links else None
    if base_url is None and not is_bucket(plan.media_url):
        return None

    async def urls(job: Job) -> tuple[str, ...]:
        expires_at = job.deadline_at + timedelta(seconds=LINK_SLACK_S)

        async def url(item: MediaItem) -> str:
            public = await spool.public_url(item, expires_at=expires_at)
            if public is None and base_url is None:
                raise Gone("the place of the pictures makes no links")
            return public or links.link(
                str(base_url), key, job_id=job.job_id, name=item.name, expires_at=expires_at
            )

        return tuple([await url(item) for item in job.prepared])

    return urls
