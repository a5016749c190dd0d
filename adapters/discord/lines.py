"""Decider: the lines of a job's messages, as markup; together they fit into one message."""

from __future__ import annotations

from collections.abc import Sequence

from adapters.discord import markup
from adapters.discord.markup import escaped
from adapters.presentation import Fact, JobCard
from adapters.wording import span
from core.jobs.lifecycle import ACTIVE, State

_WAY = {
    State.RECEIVED: "Preparing",
    State.QUEUED: "Waiting",
    State.SUBMITTING: "Sending",
    State.RUNNING: "Redrawing",
    State.COLLECTING: "Fetching",
    State.READY: "Done",
}

TITLE_MAX = 80
PROMPT_MAX = 1200
PROMPT_START_MAX = 240
_SHORT_FACT_MAX = 60
"""A fact that is longer gets a line of its own."""
_FACT_MAX, _FACTS_MAX = 240, 800
WORDS_MAX = 250
_NOTICE_MAX, _NOTICES_MAX = 250, 600
"""Together these stay below the 4000 characters that a message takes; links get what is left."""
_LINKS_HEAD = "Too large to be attached here:"


def words(card: JobCard) -> str:
    """Return what happened, what it cost and what to do."""
    said = (card.words.what_happened, card.words.charged, card.words.what_to_do)
    happened, charged, to_do = (escaped(each, WORDS_MAX) for each in said)
    return f"**{happened}** {charged} {to_do}"


def facts(given: Sequence[Fact]) -> str:
    """Return the settings: the short ones in one line, each long one below."""
    short = [_fact(each) for each in given if len(each.value) <= _SHORT_FACT_MAX]
    long = [markup.small(_fact(each)) for each in given if len(each.value) > _SHORT_FACT_MAX]
    return markup.together([markup.small(" · ".join(short)), *long], _FACTS_MAX)


def _fact(fact: Fact) -> str:
    return f"{fact.label} **{escaped(fact.value, _FACT_MAX)}**"


def way(card: JobCard) -> str:
    """Return the steps of a job that goes well, with the present one set off."""
    if card.state not in ACTIVE:
        return ""
    steps = (f"**{word}**" if card.state is at else word for at, word in _WAY.items())
    return markup.small(" → ".join(steps))


def pace(card: JobCard) -> str:
    """Return how long it takes; while it runs, the head's own clock tells how long it has."""
    if card.state not in ACTIVE:
        return markup.small(f"took {span(card.elapsed_s)}")
    if card.expected_s is None:
        return ""
    return markup.small(f"usually takes about {span(card.expected_s)}")


def made(card: JobCard) -> str:
    """Return what made the pictures, how long it took, their real sizes and their cost."""
    sizes = dict.fromkeys(f"{item.width_px}x{item.height_px}" for item in card.outputs)
    told = (
        f"**{escaped(card.model, _SHORT_FACT_MAX)}**",
        span(card.elapsed_s),
        f"{', '.join(sizes)} pixels" if sizes else "",
        escaped(card.words.charged, WORDS_MAX),
    )
    return markup.small(" · ".join(each for each in told if each))


def linked(links: Sequence[str], missing: int, *, first: int, room: int) -> str:
    """
    Return the pictures that are not attached: links numbered from `first`, and how many lack.

    It has at most `room` characters: a link is there whole, or its picture is one that lacks. One
    that a bucket signs with borrowed credentials has some 1800 characters.
    """
    heads = _lost(missing + len(links)), _LINKS_HEAD
    whole = _fitting(links, first=first, room=room - sum(markup.length(each) + 1 for each in heads))
    missing += len(links) - len(whole)
    head = [_lost(missing)] * bool(missing) + [_LINKS_HEAD] * bool(whole)
    return "\n".join([*head, *whole])


def _lost(missing: int) -> str:
    return f"{missing} {'picture' if missing == 1 else 'pictures'} could not be handed over here."


def _fitting(links: Sequence[str], *, first: int, room: int) -> list[str]:
    """Return a line for each link, without those that there is no room for."""
    whole: list[str] = []
    for url in links:
        line = f"- {markup.link(f'Picture {first + len(whole)}', url)}"
        if markup.length(line) < room:
            whole.append(line)
            room -= markup.length(line) + 1
    return whole


def notices(card: JobCard) -> str:
    """Return what else is worth telling; what the message has said already is not repeated."""
    new = [each for each in card.notices if each != card.words.what_happened]
    shown = [markup.small(escaped(each, _NOTICE_MAX)) for each in new]
    return markup.together(shown, _NOTICES_MAX)
