"""
Conductor: forms: opens them over a draft, reshapes them, and reads what was sent.

A form carries nothing but its draft's id. The draft is committed before the form is shown; it
knows the place, the pictures, and what the form of another model would have asked for.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Final
from weakref import WeakValueDictionary

from adapters.desk import Desk
from adapters.slack import drafts, forms, ids, words
from adapters.slack.blocks import Button, Json
from adapters.slack.drafts import Sketch
from adapters.slack.interactions import Doing
from adapters.slack.ordering import Ordering
from adapters.slack.origin import PLATFORM
from adapters.slack.reply import Reply
from core.catalogue.parameters import BATCH_MAX
from core.errors import AppError
from core.jobs.draft import Draft

OPENINGS: Final = 16
"""
Forms on their way to Slack at the same time.

In a crowd the first are then there in time, rather than all of them together and too late.
"""
EDIT: Final = "Edit in a form"


class Drafting:
    """Opens forms and takes what was filled in."""

    def __init__(self, desk: Desk, ordering: Ordering) -> None:
        self._desk = desk
        self._ordering = ordering
        self._openings = asyncio.Semaphore(OPENINGS)
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def open(self, reply: Reply, sketch: Sketch) -> None:
        """Open the form of a new draft; raises StoreUnavailable."""
        draft_id = await self._keep(reply, sketch)
        await self._show(reply, draft_id, sketch)

    async def open_again(self, reply: Reply, draft_id: str) -> None:
        """Open the form of a draft; says so when its time is over."""
        draft = await self._draft(reply, draft_id)
        if draft is not None:
            await self._show(reply, draft_id, drafts.from_json(draft.data))

    async def refuse(self, reply: Reply, sketch: Sketch, error: AppError) -> None:
        """Say what is wrong with what was asked for, and offer to mend it in a form."""
        draft_id = await self._keep(reply, sketch)
        edit = Button(label=EDIT, action_id=ids.step(ids.Step.EDIT_DRAFT), value=draft_id)
        await reply.refuse(error, buttons=[edit])

    async def chosen(self, reply: Reply, draft_id: str) -> None:
        """
        Reshape an open form to the model that was chosen in it; keep what was filled in.

        One choice at a time, so that of several in a row the last one shapes the form.
        """
        await reply.acknowledge()
        async with self._turns.setdefault(draft_id, asyncio.Lock()):
            await self._reshape(reply, draft_id)

    async def _reshape(self, reply: Reply, draft_id: str) -> None:
        draft = await self._draft(reply, draft_id)
        if draft is None:
            return
        sketch = drafts.filled_in(drafts.from_json(draft.data), _state(reply))
        if await self._desk.drafts.replace(draft_id, drafts.to_json(sketch)):
            await reply.reshape_form(self._view(draft_id, sketch))

    async def sent(self, reply: Reply, draft_id: str) -> None:
        """Order what was filled in; raises InvalidRequest and QuotaExceeded for its fields."""
        draft = await self._draft(reply, draft_id)
        if draft is None:
            return
        told = reply.interaction
        wanted = drafts.wanted(drafts.from_json(draft.data), _state(reply), told)
        request = self._ordering.read(told, wanted)
        key = f"{PLATFORM}:view:{told.view['id']}"
        await self._ordering.order(reply, request, wanted, dedupe_key=key)

    async def _keep(self, reply: Reply, sketch: Sketch) -> str:
        return await self._desk.drafts.keep(
            platform=PLATFORM,
            requester=reply.interaction.requester,
            data=drafts.to_json(sketch),
        )

    async def _draft(self, reply: Reply, draft_id: str) -> Draft | None:
        draft = await self._desk.drafts.read(draft_id)
        if draft is not None and draft.requester == reply.interaction.requester:
            return draft
        if reply.interaction.doing is not Doing.CHOICE:
            await reply.say(words.FORM_TOO_OLD)
        return None

    async def _show(self, reply: Reply, draft_id: str, sketch: Sketch) -> None:
        await reply.acknowledge()
        await reply.stand_back()
        async with self._openings:
            why_not = await reply.open_form(self._view(draft_id, sketch))
        if why_not:
            await reply.say(why_not)

    def _view(self, draft_id: str, sketch: Sketch) -> Json:
        most = self._desk.limits.max_batch
        return forms.redraw_view(
            draft_id,
            values=sketch.values,
            catalogue=self._desk.catalogue,
            default_model=self._desk.default_model,
            max_batch=min(most, BATCH_MAX) if most > 0 else BATCH_MAX,
            preview=self._desk.preview,
            pictures=sketch.pictures,
            asks_channel=sketch.asks_channel,
            channel=sketch.place.channel_id,
        )


def _state(reply: Reply) -> Mapping[str, Any]:
    found: Mapping[str, Any] = reply.interaction.view.get("state") or {}
    return found
