"""Decider: the models on offer, and how people find the one they mean."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

from core.catalogue.model import Model

_GAPS = re.compile(r"[\s_\-]+")
_CLOSE_ENOUGH = 0.6


def folded(text: str) -> str:
    """Return `text` as names are compared: case, spaces, dashes and underscores alike."""
    return _GAPS.sub("-", text.strip().casefold()).strip("-")


def names_of(model: Model) -> tuple[str, str, str]:
    """Return what a model is found by, folded: its id, its name and its app id."""
    return folded(model.model_id), folded(model.name), folded(model.app_id)


class Catalogue:
    """
    The models that may be chosen, in order, and the hidden ones that old jobs still name.

    Its names are unique: the loader refuses a file in which two visible models share one.
    """

    def __init__(self, models: Iterable[Model], hidden: Iterable[Model] = ()) -> None:
        self.models = tuple(models)
        self._every = {model.model_id: model for model in (*hidden, *self.models)}
        self._by_name = {name: model for model in self.models for name in names_of(model)}

    def __getitem__(self, model_id: str) -> Model:
        """
        Return the model of this id, hidden or not.

        Raises:
            KeyError: the catalogue has never had it, or no longer has it.
        """
        return self._every[model_id]

    def find(self, text: str) -> Model | None:
        """Return the visible model with this id, name or app id, or None."""
        return self._by_name.get(folded(text))

    def suggest(self, text: str) -> Model | None:
        """Return the visible model that a mistyped `text` most likely means, or None."""
        wanted = folded(text[:100])
        if not wanted:
            return None
        close = difflib.get_close_matches(wanted, self._by_name, n=1, cutoff=_CLOSE_ENOUGH)
        if close:
            return self._by_name[close[0]]
        partly = self.search(text, 1)
        return partly[0] if partly else None

    def search(self, prefix: str, limit: int) -> tuple[Model, ...]:
        """
        Return up to `limit` visible models for what has been typed so far.

        Those whose name begins with it come first, then those of which a word begins with it,
        then those that contain it; an empty prefix finds all.
        """
        wanted = folded(prefix[:100])
        ranked = [(_rank(model, wanted), model) for model in self.models]
        found = [(rank, model) for rank, model in ranked if rank is not None]
        found.sort(key=lambda pair: pair[0])
        return tuple(model for _, model in found[:limit])


def _rank(model: Model, wanted: str) -> int | None:
    """Return 0 for the best match, None for no match."""
    model_id, name, _ = names_of(model)
    if name.startswith(wanted) or model_id.startswith(wanted):
        return 0
    if f"-{wanted}" in name or f"-{wanted}" in model_id:
        return 1
    return 2 if wanted in name or wanted in model_id else None
