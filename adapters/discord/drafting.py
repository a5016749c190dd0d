"""
Conductor: forms: opens them over a draft, reads what was sent, and opens them again.

A form carries nothing but its draft's id. The draft is committed before the form is shown; it
knows the pictures, and what a form of five fields cannot hold.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from adapters.desk import Desk
from adapters.discord import forms, ids, words
from adapters.discord.access import Announced
from adapters.discord.given import announced
from adapters.discord.markup import escaped
from adapters.discord.ordering import Ordering, Wanted
from adapters.discord.origin import (
    PLATFORM,
    Source,
    Upload,
    source_from_json,
    source_to_json,
)
from adapters.discord.private import PrivateButton, private_error, private_view
from adapters.discord.reply import Reply
from core.errors import AppError, InvalidRequest, Problem, QuotaExceeded
from core.jobs.draft import Draft


class Drafting:
    """Opens forms and takes what was filled in."""

    def __init__(self, desk: Desk, ordering: Ordering) -> None:
        self._desk = desk
        self._ordering = ordering

    async def open(
        self,
        reply: Reply,
        sources: tuple[Source, ...],
        values: Mapping[str, object],
        *,
        pick: bool = False,
    ) -> None:
        """
        Open the form for these pictures, filled with `values`.

        `pick` has the user choose one of the pictures. Raises StoreUnavailable.
        """
        data = _data(sources, values, pick=pick and len(sources) > 1)
        draft_id = await self._desk.drafts.keep(
            platform=PLATFORM, requester=reply.interaction.requester, data=data
        )
        await self._show(reply, draft_id, data)

    async def open_again(self, reply: Reply, draft_id: str) -> None:
        """Open a form as it was filled in; says so when its time is over."""
        draft = await self._draft(reply, draft_id)
        if draft is not None:
            await self._show(reply, draft_id, draft.data)

    async def sent(self, reply: Reply, draft_id: str) -> None:
        """Order what was filled in, or say what is wrong with it and offer the form again."""
        draft = await self._draft(reply, draft_id)
        if draft is None:
            return
        filled = forms.filled(reply.interaction.data)
        values = forms.merged(_values(draft.data), filled)
        try:
            sources = _chosen(draft.data, filled.chosen)
            wanted = Wanted(sources=sources, files=_files(sources), values=values)
            request = self._ordering.read(reply.interaction, wanted)
            await self._ordering.order(reply, request, sources)
        except (InvalidRequest, QuotaExceeded) as error:
            await self._refuse(reply, draft, values, filled.chosen, error)

    async def _refuse(
        self,
        reply: Reply,
        draft: Draft,
        values: Mapping[str, object],
        chosen: int | None,
        error: AppError,
    ) -> None:
        """Keep what was filled in, then say what is wrong with it."""
        data = {**draft.data, "values": values, "chosen": chosen}
        kept = await self._desk.drafts.replace(draft.draft_id, data)
        again = PrivateButton(
            label="Edit again", custom_id=ids.step(ids.Step.EDIT_DRAFT, draft.draft_id)
        )
        await reply.tell(private_error(error, buttons=[again] if kept else []))

    async def _draft(self, reply: Reply, draft_id: str) -> Draft | None:
        draft = await self._desk.drafts.read(draft_id)
        if draft is None or draft.requester != reply.interaction.requester:
            await reply.tell(private_view(escaped(words.FORM_TOO_OLD)))
            return None
        return draft

    async def _show(self, reply: Reply, draft_id: str, data: Mapping[str, object]) -> None:
        form = forms.redraw_modal(
            draft_id,
            values=_values(data),
            catalogue=self._desk.catalogue,
            default_model=self._desk.default_model,
            pick=len(_sources(data)) if data["pick"] else 0,
            picked=cast("int | None", data.get("chosen")) or 0,
        )
        await reply.open_form(form)


def _data(
    sources: tuple[Source, ...], values: Mapping[str, object], *, pick: bool
) -> dict[str, object]:
    return {
        "sources": [source_to_json(source) for source in sources],
        "values": dict(values),
        "pick": pick,
    }


def _values(data: Mapping[str, object]) -> Mapping[str, object]:
    return cast("Mapping[str, object]", data["values"])


def _sources(data: Mapping[str, object]) -> tuple[Source, ...]:
    return tuple(map(source_from_json, cast("list[Mapping[str, object]]", data["sources"])))


def _chosen(data: Mapping[str, object], chosen: int | None) -> tuple[Source, ...]:
    """Return the pictures meant; raises InvalidRequest when there is no such one."""
    sources = _sources(data)
    if not data["pick"]:
        return sources
    if chosen is None or not 0 <= chosen < len(sources):
        allowed = f"one of the {len(sources)} pictures"
        raise InvalidRequest(
            (Problem(parameter="image", reason="no picture was chosen", allowed=allowed),)
        )
    return (sources[chosen],)


def _files(sources: tuple[Source, ...]) -> tuple[Announced, ...]:
    return announced(tuple(each for each in sources if isinstance(each, Upload)))
