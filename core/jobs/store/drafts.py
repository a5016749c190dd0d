"""Doer: rows of drafts; those that come together are written together."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import bindparam

from core.jobs.draft import Draft
from core.jobs.store import codec, rows
from core.jobs.store.engine import Database
from core.jobs.store.tables import DRAFTS
from core.jobs.store.writer import Writer

EACH_MAX = 50
"""How many drafts one requester has at once; a newer one takes the place of the oldest."""

_INSERT = sa.insert(DRAFTS)
_READ = sa.select(DRAFTS).where(
    DRAFTS.c.draft_id == bindparam("id"), DRAFTS.c.expires_at > bindparam("now")
)
_REPLACE = (
    sa.update(DRAFTS)
    .where(DRAFTS.c.draft_id == bindparam("id"), DRAFTS.c.expires_at > bindparam("now"))
    .values(data=bindparam("new_data"), expires_at=bindparam("until"))
    .returning(DRAFTS.c.draft_id)
)
_NEWEST = (
    sa.select(DRAFTS.c.draft_id)
    .where(DRAFTS.c.requester == bindparam("of"))
    .order_by(DRAFTS.c.draft_id.desc())
    .limit(EACH_MAX)
)
_DROP_OLDEST = sa.delete(DRAFTS).where(
    DRAFTS.c.requester == bindparam("of"), DRAFTS.c.draft_id.not_in(_NEWEST)
)
_EXPIRED = (
    sa.select(DRAFTS.c.draft_id)
    .where(DRAFTS.c.expires_at <= bindparam("now"))
    .order_by(DRAFTS.c.expires_at)
    .limit(bindparam("limit", type_=sa.Integer))
)
_DROP_EXPIRED = (
    sa.delete(DRAFTS).where(DRAFTS.c.draft_id.in_(_EXPIRED)).returning(DRAFTS.c.draft_id)
)


class DraftStore:
    """
    Every draft that is kept; what is written is on the disk when the call returns.

    Every call may raise StoreUnavailable: then nothing was kept, as far as anybody knows.
    """

    def __init__(self, reads: Database, writer: Writer) -> None:
        self._reads = reads
        self._writer = writer

    async def insert(self, draft: Draft, *, expires_at: datetime) -> None:
        """Keep a new draft; a requester's oldest goes when there are more than EACH_MAX."""
        values = {**_columns(draft), "expires_at": expires_at}

        def write(connection: sa.Connection) -> None:
            connection.execute(_INSERT, values)
            connection.execute(_DROP_OLDEST, {"of": draft.requester})

        await self._writer.write(draft.draft_id, write)

    async def read(self, draft_id: str, *, now: datetime) -> Draft | None:
        """Return a draft, or None when there is none or its time is over."""
        found = await self._reads.transaction(
            lambda connection: rows.one(connection, _READ, {"id": draft_id, "now": now})
        )
        return _draft(found) if found else None

    async def replace(
        self, draft_id: str, data: Mapping[str, object], *, now: datetime, expires_at: datetime
    ) -> bool:
        """Give a draft other data and more time; False when there is none or its time is over."""
        values = {"id": draft_id, "now": now, "new_data": dict(data), "until": expires_at}
        found = await self._writer.write(
            draft_id, lambda connection: rows.one(connection, _REPLACE, values)
        )
        return found is not None

    async def drop_expired(self, *, now: datetime, limit: int) -> int:
        """Remove at most `limit` drafts whose time is over; return how many."""
        values = {"now": now, "limit": limit}
        dropped = await self._writer.write(
            "", lambda connection: rows.many(connection, _DROP_EXPIRED, values), alone=True
        )
        return len(dropped)


def _columns(draft: Draft) -> dict[str, object]:
    return {
        "draft_id": draft.draft_id,
        "platform": draft.platform,
        "requester": draft.requester,
        "data": dict(draft.data),
        "created_at": draft.created_at,
    }


def _draft(row: codec.Row) -> Draft:
    return Draft(
        draft_id=row["draft_id"],
        platform=row["platform"],
        requester=row["requester"],
        data=row["data"],
        created_at=row["created_at"],
    )
