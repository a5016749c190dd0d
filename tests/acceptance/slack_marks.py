"""Which job each message of Redraw in Slack belongs to, and that nothing happened twice."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator

from adapters.presentation import FORGOTTEN
from adapters.slack.lines import PROMPT_MAX
from adapters.slack.markup import shortened
from core.jobs.lifecycle import DeliveryKind
from tests.fakes.provider_server import ProviderServer
from tests.fakes.slack_server import SlackServer
from tests.fakes.slack_values import Json, Message

Mark = tuple[str, DeliveryKind, int]
"""A job's id, the kind of the message, and how many rounds of deliveries the job had before."""

Place = tuple[str, str, str]
"""Where a job says everything, and to whom: channel, first message of the thread, requester."""

_PING = re.compile(r"<@(\w+)>")


def mark_of(message: Message) -> Mark | None:
    """Return what a message says that it is; None for files, and for what belongs to no job."""
    said = (message.metadata or {}).get("event_payload")
    if said is None:
        return None
    kind, _, seq = said["delivery"].partition(":")
    return said["job"], DeliveryKind(kind), int(seq)


def job_of(message: Message) -> str:
    """Return the job that a card or a notice belongs to; empty when it is none's."""
    mark = mark_of(message)
    return mark[0] if mark else ""


def messages_of(
    slack: SlackServer, job_id: str, kind: DeliveryKind, *, seq: int | None = None
) -> list[Message]:
    """Return a job's cards or notices, deleted ones left out."""
    return [
        message
        for message in public(slack)
        if (mark := mark_of(message))
        and mark[:2] == (job_id, kind)
        and seq in (None, mark[2])
        and not message.deleted
    ]


def jobs(slack: SlackServer) -> set[str]:
    """Return every job that has a card."""
    return set(_cards(slack))


def title_of(message: Message) -> str:
    """Return the heading of a card or a notice."""
    return message.words.partition("\n")[0]


def prompt_of(message: Message) -> str:
    """Return what a card quotes; empty for one whose job was deleted."""
    quoted = next(iter(_texts(message.blocks, "rich_text_quote")), "")
    return "" if quoted == FORGOTTEN else quoted


def labels_of(message: Message) -> list[str]:
    """Return what a message offers to press, links as well."""
    return [each["text"]["text"] for each in message.controls if each["type"] == "button"]


def pings_of(message: Message) -> set[str]:
    """Return whom a message names, where that is markup: words that only look so name nobody."""
    return set(_PING.findall(markup_of(message)))


def markup_of(message: Message) -> str:
    """Return every text of a message that is markup: what people wrote is no part of those."""
    return "\n".join([message.text, *_markup(message.blocks)])


def results_of(slack: SlackServer, card: Message) -> list[Message]:
    """Return the messages with pictures in the thread of a card for its requester."""
    there = [each for each in public(slack) if _is_result(each) and not each.deleted]
    return [each for each in there if _place_of(each) == _place_of(card)]


def nothing_twice(slack: SlackServer, provider: ProviderServer, *, cards_again: int = 0) -> None:
    """
    Fail unless all was said once, sent once, and heard by nobody but the one who asked.

    One card a job, but for `cards_again`: of a card that may have been posted before the process
    was killed nobody can tell. What has been deleted since counts as well.
    """
    assert cards_twice(slack) <= cards_again
    assert submitted_twice(slack, provider) == 0
    assert delivered_twice(slack) == 0
    assert told_twice(slack) == 0
    for message in public(slack):
        assert len(pings_of(message)) <= 1, message.text
    assert [each for each in slack.hosting.fetches if each.foreign and each.with_credentials] == []


def lost(slack: SlackServer) -> int:
    """Return how many jobs have no end: under way for ever, or done with no pictures to be seen."""
    under_way = sum("Cancel" in labels_of(card) for card in _newest_cards(slack))
    done: Counter[Place] = Counter()
    for card in _newest_cards(slack):
        done[_place_of(card)] += title_of(card).startswith("Redrawn")
    shown = Counter(map(_place_of, filter(_is_result, public(slack))))
    return under_way + (done - shown).total()


def submitted_twice(slack: SlackServer, provider: ProviderServer) -> int:
    """Return how many submits were taken beyond one for each job."""
    said = Counter(map(prompt_of, _newest_cards(slack)))
    sent = Counter(
        shortened(each.prompt, PROMPT_MAX) for each in provider.submits if each.task_id is not None
    )
    return max(0, (sent - said).total() - said[""])


def delivered_twice(slack: SlackServer) -> int:
    """Return how many messages with pictures there are beyond one for each job."""
    asked: Counter[Place] = Counter()
    for cards in _cards(slack).values():
        asked.update({_place_of(card) for card in cards})
    shown = Counter(map(_place_of, filter(_has_pictures, public(slack))))
    return (shown - asked).total()


def told_twice(slack: SlackServer) -> int:
    """Return how many notices there are beyond one for each end of a job."""
    marks = Counter(filter(None, map(mark_of, public(slack))))
    return sum(count - 1 for mark, count in marks.items() if mark[1] is not DeliveryKind.CARD)


def cards_twice(slack: SlackServer) -> int:
    """Return how many cards there are beyond one for each job."""
    return sum(len(cards) - 1 for cards in _cards(slack).values())


def public(slack: SlackServer) -> Iterator[Message]:
    """Yield all that the bot said in places where others may read it, oldest first."""
    for message in slack.world.messages:
        if message.author is slack.world.bot and not message.ephemeral:
            yield message


def _cards(slack: SlackServer) -> dict[str, list[Message]]:
    found: dict[str, list[Message]] = defaultdict(list)
    for message in public(slack):
        mark = mark_of(message)
        if mark and mark[1] is DeliveryKind.CARD:
            found[mark[0]].append(message)
    return found


def _newest_cards(slack: SlackServer) -> list[Message]:
    return [cards[-1] for cards in _cards(slack).values()]


def _is_result(message: Message) -> bool:
    """Whether a message hands over pictures; what is compared in private is no result."""
    mark = mark_of(message)
    in_words = mark is not None and mark[1] is DeliveryKind.RESULT
    return in_words or _has_pictures(message)


def _has_pictures(message: Message) -> bool:
    """Whether pictures are in it; words in their place may be followed by them later."""
    return any(file.name.startswith("redrawn") for file in message.files)


def _place_of(message: Message) -> Place:
    (requester,) = pings_of(message)
    return message.channel.id, message.thread_ts or message.ts, requester


def _texts(part: object, kind: str) -> Iterator[str]:
    """Yield the words of every piece of rich text of a kind."""
    if isinstance(part, list):
        for each in part:
            yield from _texts(each, kind)
    elif isinstance(part, dict) and part.get("type") == kind:
        yield "".join(each.get("text", "") for each in _elements(part))
    elif isinstance(part, dict):
        for each in part.values():
            yield from _texts(each, kind)


def _markup(part: object) -> Iterator[str]:
    if isinstance(part, list):
        for each in part:
            yield from _markup(each)
    elif isinstance(part, dict):
        if part.get("type") == "mrkdwn":
            yield str(part["text"])
        yield from _markup(list(part.values()))


def _elements(part: Json) -> list[Json]:
    return list(part.get("elements", []))
