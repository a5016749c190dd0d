"""Doer: the packaged lexicon, read once and arranged for looking words up."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, cached_property
from importlib import resources

_WORD = re.compile(r"[^\W_]+|[,.;:!?]")
_TYPO_CUTOFF = 0.85
"""How alike a mistyped word must be, as difflib counts it."""
_TYPO_LEAST_LENGTH = 5
"""Shorter words have too many neighbours to guess from."""


class Topic(StrEnum):
    """What kind of wish a term expresses; the value is its table in the lexicon."""

    STYLE = "styles"
    MOOD = "moods"
    SCENE = "scenes"
    COLOUR = "colours"
    EDIT = "edits"
    REGION = "regions"


@dataclass(frozen=True, kw_only=True, slots=True)
class Term:
    """One wish, by its name in the lexicon."""

    topic: Topic
    name: str


def words(text: str) -> tuple[str, ...]:
    """A text in lower-case words; commas and full stops are words of their own."""
    return tuple(_WORD.findall(text.lower().replace("\u2019", "").replace("'", "")))


@dataclass(frozen=True, kw_only=True)
class Vocabulary:
    """Every phrase of the lexicon and what it stands for."""

    terms: Mapping[tuple[str, ...], tuple[Term, ...]]
    """Phrases, as words, to the terms that they stand for."""
    tones: Mapping[str, str]
    """Names of colours to their value, for example `#d22f2f`."""
    grammar: Mapping[str, frozenset[str]]
    """Words that join and steer: recolour, refuse, except, join, filler."""

    @cached_property
    def longest(self) -> int:
        """How many words the longest phrase has."""
        return max(len(phrase) for phrase in self.terms)

    @cached_property
    def _single(self) -> Mapping[str, str]:
        return {"".join(phrase): " ".join(phrase) for phrase in self.terms}

    def find(self, phrase: tuple[str, ...]) -> tuple[Term, ...]:
        """What a phrase stands for; its plural counts as the phrase; empty when unknown."""
        for form in (phrase, *((*phrase[:-1], last) for last in _singulars(phrase[-1]))):
            if form in self.terms:
                return self.terms[form]
        return ()

    def guess(self, word: str) -> tuple[Term, ...]:
        """What a mistyped word most likely stands for; empty when nothing is near."""
        if len(word) < _TYPO_LEAST_LENGTH or not word.isalpha():
            return ()
        for form in (*_singulars(word), word):
            near = [w for w in self._single if w[0] == form[0] and -3 < len(w) - len(form) < 3]  # noqa: PLR2004 - two letters more or less
            best = difflib.get_close_matches(form, near, n=1, cutoff=_TYPO_CUTOFF)
            if best:
                return self.terms[tuple(self._single[best[0]].split(" "))]
        return ()

    def is_filler(self, word: str) -> bool:
        """Whether a word carries no wish of its own."""
        return not word[0].isalnum() or any(word in group for group in self.grammar.values())


def _singulars(word: str) -> tuple[str, ...]:
    if word.endswith("ies"):
        return (word[:-3] + "y",)
    if word.endswith("es"):
        return (word[:-1], word[:-2])
    return (word[:-1],) if word.endswith("s") else ()


@cache
def packaged() -> Vocabulary:
    """The vocabulary of the lexicon that comes with the package."""
    text = resources.files("core.studio").joinpath("lexicon.toml").read_text(encoding="utf-8")
    return arrange(tomllib.loads(text))


def arrange(tables: Mapping[str, Mapping[str, list[str]]]) -> Vocabulary:
    """Arrange the tables of a lexicon for looking up."""
    terms: dict[tuple[str, ...], tuple[Term, ...]] = {}
    tones: dict[str, str] = {}
    for topic in Topic:
        for name, listed in tables[topic].items():
            if topic is Topic.COLOUR:
                tones[name] = listed[0]
            for phrase in listed[1:] if topic is Topic.COLOUR else listed:
                key = words(phrase)
                terms[key] = (*terms.get(key, ()), Term(topic=topic, name=name))
    grammar = {name: frozenset(group) for name, group in tables["grammar"].items()}
    return Vocabulary(terms=terms, tones=tones, grammar=grammar)
