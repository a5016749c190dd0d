"""Decider: the lines of a job's messages; together they fit into one message."""

from __future__ import annotations

from collections.abc import Sequence

from adapters.presentation import Fact, JobCard
from adapters.slack import blocks, markup
from adapters.slack.blocks import Json
from adapters.slack.markup import escaped, shortened
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
RESULT_MAX = 3000
"""Characters that the words of a result take, as one text of markup; links come on top."""
LINKS_MAX = 9000
"""
The same for all links, which with the words stay below what Slack takes of a message's blocks.

Source: github.com/slackapi/bolt-js/issues/2509 (`msg_blocks_too_long` at about 13 000).
"""
_LINK_MAX = markup.TEXT_MAX - 50
"""For one link, in a block of its own with its picture's number."""
LINKS_HEAD = "Too large to be handed over as a file:"


def words(card: JobCard) -> Json:
    """Return what happened, what it cost and what to do."""
    said = card.words
    rest = f" {said.charged} {said.what_to_do}"
    return blocks.paragraph(
        blocks.words(shortened(said.what_happened, WORDS_MAX), bold=True),
        blocks.words(f" {shortened(rest, 2 * WORDS_MAX)}"),
    )


def fallback(card: JobCard) -> str:
    """Return the text of a message that shows a job: what notifications and readers say."""
    said = f"{card.title}: {card.sentence} “{shortened(card.prompt, PROMPT_START_MAX)}”"
    return escaped(said, markup.FALLBACK_MAX // 2)


def facts(given: Sequence[Fact]) -> tuple[str, ...]:
    """Return the settings: the short ones in one line, each long one below; no markup."""
    short = [_fact(each) for each in given if len(each.value) <= _SHORT_FACT_MAX]
    long = [_fact(each) for each in given if len(each.value) > _SHORT_FACT_MAX]
    return (markup.together([" · ".join(short), *long], _FACTS_MAX),)


def _fact(fact: Fact) -> str:
    return f"{fact.label}: {shortened(fact.value, _FACT_MAX)}"


def way(card: JobCard) -> str:
    """Return the steps of a job that goes well, with the present one set off, as markup."""
    if card.state not in ACTIVE:
        return ""
    return " → ".join(f"*{word}*" if card.state is at else word for at, word in _WAY.items())


def pace(card: JobCard) -> str:
    """Return how long it takes; while it runs, the head's own clock tells how long it has."""
    if card.state is State.READY:
        return made(card)
    if card.state not in ACTIVE:
        return f"took {span(card.elapsed_s)}"
    if card.expected_s is None:
        return ""
    return f"usually takes about {span(card.expected_s)}"


def made(card: JobCard) -> str:
    """Return what made the pictures, how long it took and their real sizes; no markup."""
    sizes = dict.fromkeys(f"{item.width_px}x{item.height_px}" for item in card.outputs)
    told = (
        shortened(card.model, _SHORT_FACT_MAX),
        span(card.elapsed_s),
        f"{', '.join(sizes)} pixels" if sizes else "",
    )
    return " · ".join(each for each in told if each)


def result(card: JobCard, requester_id: str) -> str:
    """Return what is said with the pictures, as markup; it names the requester and nobody else."""
    told = (
        f"*{escaped(card.title, TITLE_MAX)}*",
        f"{markup.mention(requester_id)} {escaped(card.words.what_happened, WORDS_MAX)}",
        f"> {escaped(card.prompt, PROMPT_START_MAX)}",
        f"{escaped(made(card), WORDS_MAX)} · {escaped(card.words.charged, WORDS_MAX)}",
        *(escaped(each) for each in notices(card)),
    )
    return markup.together([each for each in told if each], RESULT_MAX)


def notices(card: JobCard) -> tuple[str, ...]:
    """Return what else is worth telling; what the message has said already is not repeated."""
    new = [each for each in card.notices if each != card.words.what_happened]
    listed = markup.together([shortened(each, _NOTICE_MAX) for each in new], _NOTICES_MAX)
    return tuple(listed.splitlines())


def lost(missing: int) -> tuple[str, ...]:
    """Return how many pictures could be handed over in no way, if any."""
    pictures = "picture" if missing == 1 else "pictures"
    return (f"{missing} {pictures} could not be handed over here.",) if missing else ()


def fitting(links: Sequence[str]) -> tuple[str, ...]:
    """
    Return as many of the links as fit into one message, each of them whole.

    A link that a bucket signs with borrowed credentials has some 1800 characters.
    """
    taken: list[str] = []
    room = LINKS_MAX
    for url in links:
        size = markup.length(markup.link(url))
        room -= size
        if size > _LINK_MAX or room < 0:
            break
        taken.append(url)
    return tuple(taken)


def linked(links: Sequence[str], *, first: int) -> tuple[str, ...]:
    """Return a line for each picture that is no file: its link, numbered from `first`."""
    return tuple(f"Picture {number}: {markup.link(url)}" for number, url in enumerate(links, first))
