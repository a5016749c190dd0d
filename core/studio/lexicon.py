"""Decider: what a prompt asks for, as far as the lexicon goes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from core.studio.vocabulary import Term, Topic, Vocabulary, packaged, words

_WORDS_MAX = 400
"""A prompt is read up to here; 4000 characters hold about twice as many at most."""
_WINDOW = 7
"""How many words after its verb an instruction may run on."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Recolour:
    """An instruction: what has one colour, or lies in one region, gets another colour."""

    colour: str
    from_colour: str | None = None
    region: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class KeepColour:
    """An instruction: black and white, all but one colour."""

    colour: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """A prompt as understood: its wishes in their order, and its words by whether they helped."""

    steps: tuple[Term | Recolour | KeepColour, ...]
    """What is wished for, in the order of the prompt, each once."""
    avoided: frozenset[Term]
    """What the negative prompt, or a "no …" in the prompt, names."""
    understood: tuple[str, ...]
    """The phrases that mattered, as written but for case."""
    ignored: tuple[str, ...]
    """The words that mean nothing here; they only vary the result."""
    disliked: tuple[str, ...] = ()
    """The words of the negative prompt that mean nothing here."""

    def names(self, topic: Topic) -> tuple[str, ...]:
        """The names of all wishes of one kind, in order."""
        return tuple(s.name for s in self.steps if isinstance(s, Term) and s.topic is topic)

    def avoids(self, topic: Topic, name: str) -> bool:
        """Whether something is unwanted."""
        return Term(topic=topic, name=name) in self.avoided

    @property
    def is_blank(self) -> bool:
        """Whether nothing of the prompt was understood."""
        return not self.steps


@dataclass(frozen=True, kw_only=True, slots=True)
class _Token:
    """One word or phrase of the prompt with what it stands for."""

    text: str
    terms: tuple[Term, ...] = ()

    def named(self, topic: Topic) -> str | None:
        return next((term.name for term in self.terms if term.topic is topic), None)


@dataclass(kw_only=True, slots=True)
class _Notes:
    """What has been gathered while reading."""

    steps: list[Term | Recolour | KeepColour] = field(default_factory=list)
    avoided: set[Term] = field(default_factory=set)
    understood: list[str] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)


def understand(
    prompt: str, negative_prompt: str | None = None, *, vocabulary: Vocabulary | None = None
) -> Reading:
    """
    Read a prompt: longest phrases first, plurals and typing mistakes forgiven.

    What the negative prompt names is taken away again; "no snow" in the prompt counts as such.
    """
    vocabulary = vocabulary or packaged()
    notes = _read(prompt, vocabulary)
    against = _read(negative_prompt or "", vocabulary)
    named = {step for step in against.steps if isinstance(step, Term)}
    named |= {term for t in _tokens(negative_prompt or "", vocabulary) for term in t.terms}
    avoided = frozenset(notes.avoided | named | against.avoided)
    return Reading(
        steps=tuple(dict.fromkeys(s for s in notes.steps if not _is_avoided(s, avoided))),
        avoided=avoided,
        understood=tuple(dict.fromkeys([*notes.understood, *against.understood])),
        ignored=tuple(dict.fromkeys(notes.ignored)),
        disliked=tuple(dict.fromkeys(against.ignored)),
    )


def _is_avoided(step: Term | Recolour | KeepColour, avoided: frozenset[Term]) -> bool:
    if isinstance(step, Term):
        return step in avoided
    return Term(topic=Topic.COLOUR, name=step.colour) in avoided


def _tokens(text: str, vocabulary: Vocabulary) -> Iterator[_Token]:
    """Cut a text into the longest phrases that are known, and single words."""
    left = words(text)[:_WORDS_MAX]
    while left:
        for length in range(min(vocabulary.longest, len(left)), 0, -1):
            terms = vocabulary.find(left[:length])
            if terms:
                break
        else:
            length = 1
            terms = () if vocabulary.is_filler(left[0]) else vocabulary.guess(left[0])
        yield _Token(text=" ".join(left[:length]), terms=terms)
        left = left[length:]


def _read(text: str, vocabulary: Vocabulary) -> _Notes:
    notes, tokens = _Notes(), list(_tokens(text, vocabulary))
    at = 0
    while at < len(tokens):
        used = _instruction(tokens[at:], vocabulary, notes) or _wish(tokens, at, vocabulary, notes)
        at += used
    return notes


def _wish(tokens: list[_Token], at: int, vocabulary: Vocabulary, notes: _Notes) -> int:
    """One phrase that is no part of an instruction."""
    token = tokens[at]
    terms = [term for term in token.terms if term.topic is not Topic.REGION]
    if not terms:
        if token.terms or not vocabulary.is_filler(token.text):
            notes.ignored.append(token.text)
        return 1
    notes.understood.append(token.text)
    if _is_refused(tokens, at, vocabulary):
        notes.avoided.update(terms)
    else:
        notes.steps.extend(terms)
    return 1


def _is_refused(tokens: list[_Token], at: int, vocabulary: Vocabulary) -> bool:
    """Whether "no", "without" or the like stands before a phrase, or before its neighbours."""
    for token in reversed(tokens[max(0, at - 4) : at]):
        if token.text in vocabulary.grammar["refuse"]:
            return True
        if token.text not in vocabulary.grammar["join"] and not token.terms:
            return False
    return False


def _instruction(tokens: list[_Token], vocabulary: Vocabulary, notes: _Notes) -> int:
    """An instruction at the start of `tokens`: how many of them it takes, 0 when there is none."""
    for read in (_keep_colour, _recolour, _coloured_region):
        found = read(tokens, vocabulary)
        if found is not None:
            step, used = found
            notes.steps.append(step)
            notes.understood.append(" ".join(t.text for t in tokens[:used]))
            return used
    return 0


def _keep_colour(tokens: list[_Token], vocabulary: Vocabulary) -> tuple[KeepColour, int] | None:
    """Such as "black and white except the red"."""
    if tokens[0].named(Topic.EDIT) != "black-and-white":
        return None
    for at, token in enumerate(tokens[1:_WINDOW], start=1):
        colour = token.named(Topic.COLOUR)
        if colour and any(t.text in vocabulary.grammar["except"] for t in tokens[1:at]):
            return KeepColour(colour=colour), at + 1
    return None


def _recolour(tokens: list[_Token], vocabulary: Vocabulary) -> tuple[Recolour, int] | None:
    """Such as "make the orange suit blue", "turn red into green", "paint the sky pink"."""
    if tokens[0].text not in vocabulary.grammar["recolour"]:
        return None
    colours: list[tuple[int, str]] = []
    region, things = None, False
    for at, token in enumerate(tokens[1:_WINDOW], start=1):
        if not token.text[0].isalnum() or token.text in vocabulary.grammar["recolour"]:
            break
        colour = token.named(Topic.COLOUR)
        region = region or token.named(Topic.REGION)
        things = things or not (token.terms or vocabulary.is_filler(token.text))
        if colour:
            colours.append((at, colour))
    if not colours or not (region or things or len(colours) > 1):
        return None
    last, target = colours[-1]
    source = colours[0][1] if len(colours) > 1 else None
    return Recolour(colour=target, from_colour=source, region=region or "middle"), last + 1


def _coloured_region(tokens: list[_Token], vocabulary: Vocabulary) -> tuple[Recolour, int] | None:
    """Such as "purple sky"."""
    del vocabulary
    if len(tokens) < 2:  # noqa: PLR2004 - a colour and a region
        return None
    colour, region = tokens[0].named(Topic.COLOUR), tokens[1].named(Topic.REGION)
    if not colour or region in {None, "middle"} or tokens[1].text == "background":
        return None
    return Recolour(colour=colour, region=region), 2
