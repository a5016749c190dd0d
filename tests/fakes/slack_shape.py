"""What a block, an element or a view may say: keys, texts, lengths, entries and what it holds."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

Bounds = tuple[int, int]
"""The least and the most, both allowed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Text:
    """A text object: most characters, and whether it may carry mrkdwn; one at the least."""

    most: int
    mrkdwn: bool = False


@dataclass(frozen=True, kw_only=True)
class Shape:
    """
    One kind of object.

    `needs` are keys without which Slack refuses it, `may` those of which nothing more is asked;
    every key of the other fields is allowed too. `texts` hold a text object or a list of them,
    `strings` plain text by its characters, `entries` lists by their length, `numbers` whole
    numbers, `choices` one of some words. `inner` holds objects without a `type` (one, or a list),
    `elements` those with one (one, or a list), by the types that are allowed there.
    """

    needs: tuple[str, ...] = ()
    may: tuple[str, ...] = ()
    texts: Mapping[str, Text] = field(default_factory=dict)
    strings: Mapping[str, Bounds] = field(default_factory=dict)
    entries: Mapping[str, Bounds] = field(default_factory=dict)
    numbers: Mapping[str, Bounds] = field(default_factory=dict)
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    inner: Mapping[str, Shape] = field(default_factory=dict)
    elements: Mapping[str, AbstractSet[str]] = field(default_factory=dict)

    @functools.cached_property
    def keys(self) -> frozenset[str]:
        """Every key that is allowed, but for `type`."""
        groups = (self.texts, self.strings, self.entries, self.numbers, self.choices)
        named = (*self.needs, *self.may, *self.inner, *self.elements)
        return frozenset(named).union(*groups)
