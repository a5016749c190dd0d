"""Decider: what is said at which field of a form that is not taken as it was filled in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from adapters.slack import fields, ids, markup
from adapters.wording import wording
from core.errors import AppError, InvalidRequest, Limit, Problem, QuotaExceeded

_ERROR_MAX: Final = 600
"""Characters said at one field."""

AT: Final = {
    "image": (fields.PICTURES, fields.PICTURE),
    "file_urls": (fields.PICTURES, fields.PICTURE),
    "width": ("size",),
    "height": ("size",),
    "app_id": ("model",),
    "place": (fields.CHANNEL,),
}
"""Where a problem is told whose parameter has no field of its own name."""


def errors(problems: Sequence[Problem], view: Mapping[str, Any]) -> dict[str, str]:
    """
    Return what to say at which block of the view that was sent: every problem, each at its field.

    What belongs to no field is said at the first one, by its name.
    """
    at = _inputs(view)
    first = next(iter(at.values()))
    told: dict[str, list[str]] = {}
    for problem in problems:
        block_id = _block_of(problem, at)
        told.setdefault(block_id or first, []).append(_said(problem, is_named=block_id is None))
    return {block: markup.shortened(" ".join(said), _ERROR_MAX) for block, said in told.items()}


def refused(error: AppError, view: Mapping[str, Any]) -> dict[str, str]:
    """Return what to say at which block about any error that keeps a form from being taken."""
    if isinstance(error, InvalidRequest):
        return errors(error.problems, view)
    at = _inputs(view)
    is_batch = isinstance(error, QuotaExceeded) and error.limit is Limit.BATCH
    block_id = at.get("batch" if is_batch else "", next(iter(at.values())))
    return {block_id: markup.shortened(wording(error).text, _ERROR_MAX)}


def first(text: str, view: Mapping[str, Any]) -> dict[str, str]:
    """Return plain words that are about the whole form, at its first field."""
    return {next(iter(_inputs(view).values())): markup.shortened(text, _ERROR_MAX)}


def _inputs(view: Mapping[str, Any]) -> dict[str, str]:
    """Return the view's fields that can be told wrong: their blocks, by the field's name."""
    found = {}
    for block in view.get("blocks") or ():
        name = ids.read_field(str((block.get("element") or {}).get("action_id")))
        if block.get("type") == "input" and name:
            found[name] = str(block["block_id"])
    return found


def _block_of(problem: Problem, at: Mapping[str, str]) -> str | None:
    names = (problem.parameter, *AT.get(problem.parameter, ()))
    return next((at[name] for name in names if name in at), None)


def _said(problem: Problem, *, is_named: bool) -> str:
    name = f"{problem.parameter.replace('_', ' ').capitalize()}: " if is_named else ""
    return f"{name}{problem.reason}. Allowed: {problem.allowed}."
