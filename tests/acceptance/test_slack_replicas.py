"""Two `redraw run` behind one address that Slack calls: whoever gets a request can answer it."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from adapters.slack.registration import COMMAND, EVENTS_PATH
from tests.acceptance import slack_marks
from tests.acceptance.replica_set import TAKEN_OVER_WITHIN_S, Replica, ReplicaSet, replicas_of
from tests.acceptance.slack_marks import job_of, jobs, lost, results_of, title_of
from tests.acceptance.slack_process import PATIENCE_S, PICTURE, Bot, Mode
from tests.acceptance.slack_stuck import ended
from tests.fakes.http_front import Front, front_of
from tests.fakes.slack_server import SlackServer
from tests.fakes.slack_shown import Shown
from tests.fakes.slack_values import Message

pytestmark = [pytest.mark.slow, pytest.mark.postgres]

MANY = 40
"""Orders of which at least one is with each replica."""
_DRIVER = """
SELECT worker_id = (SELECT min(id) FROM procrastinate_workers)
FROM procrastinate_jobs JOIN job ON job_id = lock AND state = 'running'
WHERE lock = %s AND status = 'doing'
"""


@dataclass(kw_only=True)
class Site:
    """Two replicas, the front that Slack's requests go through, and a channel to use them in."""

    several: ReplicaSet
    front: Front
    bot: Bot
    slack: SlackServer
    one: Replica
    other: Replica
    ports: dict[str, int]

    def next_to(self, replica: Replica) -> None:
        """Have Slack's next request go to a replica."""
        self.front.turn_to(self.ports[replica.folder.name])

    def not_of(self, replica: Replica) -> Replica:
        """Return the one that is not this one."""
        return self.other if replica is self.one else self.one

    async def driver(self, card: Message) -> Replica:
        """Return who drives the job of a card, once it is known to run."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                with psycopg.connect(self.several.database) as sql:
                    found = sql.execute(_DRIVER, (job_of(card),)).fetchone()
                if found is not None:  # the first to start has the lowest number
                    return self.one if found[0] else self.other
                await asyncio.sleep(0.02)

    def served(self, since: int) -> list[str]:
        """Return which replica answered each request since so many."""
        names = {port: name for name, port in self.ports.items()}
        return [names[port] for port in self.front.served[since:]]


@contextlib.asynccontextmanager
async def site_of(folder: Path) -> AsyncIterator[Site]:
    """Start both, one after the other; at the end nothing may be there twice, nor be missing."""
    async with replicas_of(folder, with_slack=True, mode=Mode.HTTP) as several:
        assert several.slack is not None
        assert several.on_slack is not None
        one, other = await several.leading("one"), await several.standing_by("other")
        ports = {each.folder.name: await _port_of(each) for each in (one, other)}
        async with front_of(*ports.values()) as front:
            several.slack.http.url = f"{front.origin}{EVENTS_PATH}"
            site = Site(
                several=several,
                front=front,
                bot=several.on_slack,
                slack=several.slack,
                one=one,
                other=other,
                ports=ports,
            )
            yield site
            slack_marks.nothing_twice(site.slack, several.provider)
            assert lost(site.slack) == 0


async def _port_of(replica: Replica) -> int:
    port = urlsplit(await replica.origin()).port
    assert port is not None
    return port


async def test_form_is_opened_by_one_and_taken_by_the_other(tmp_path: Path) -> None:
    """Both ways round, and each order ends in one result."""
    async with site_of(tmp_path / "set") as site:
        for opens, takes in ((site.one, site.other), (site.other, site.one)):
            prompt = f"opened by {opens.folder.name}"
            site.next_to(opens)
            before = len(site.front.served)
            view = await site.bot.form(await site.bot.ann.command(COMMAND))
            site.next_to(takes)
            sent = await site.bot.ann.submit(view, {"Picture": PICTURE, "Prompt": prompt})
            assert site.served(before) == [opens.folder.name, takes.folder.name]
            await site.bot.done(sent)
            assert site.several.provider.count(prompt=prompt) == 1


async def test_running_job_is_cancelled_at_the_one_that_does_not_drive_it(tmp_path: Path) -> None:
    """The wish is in the ledger, and whoever drives the job hears of it."""
    async with site_of(tmp_path / "set") as site:
        for number in range(3):
            prompt = f"cancelled {number}"
            sent, card = await site.bot.running(prompt)
            site.next_to(site.not_of(await site.driver(card)))
            await site.bot.ann.click(card, "Cancel")
            await site.bot.titled(await site.bot.card(sent), "Cancelled")
            site.several.provider.release(prompt)
            assert site.several.provider.count(prompt=prompt) == 1


async def test_buttons_of_a_result_are_pressed_at_either(tmp_path: Path) -> None:
    """Run again is one more job wherever it is pressed; Delete is asked here, and done there."""
    async with site_of(tmp_path / "set") as site:
        for replica in (site.one, site.other):
            prompt = f"again at {replica.folder.name}"
            card, _ = await site.bot.done(await site.bot.order(prompt))
            before = jobs(site.slack)
            site.next_to(replica)
            await site.bot.ann.click(card, "Run again")
            await _another_card(site, before)
            await _deleted(site, await ended(site.bot, prompt), replica)
            assert site.several.provider.count(prompt=prompt) == 2


async def _another_card(site: Site, before: set[str]) -> None:
    await site.slack.until(lambda: jobs(site.slack) - before, "a card", within_s=PATIENCE_S)


async def _deleted(site: Site, card: Message, asks_at: Replica) -> None:
    """Delete what came of a card, asked for at one replica and confirmed at the other."""
    (result,) = [each for each in results_of(site.slack, card) if not each.deleted]
    site.next_to(asks_at)
    asked = await site.bot.ann.click(card, "Delete")
    question = await asked.told("Delete the messages", within_s=PATIENCE_S)
    site.next_to(site.not_of(asks_at))
    shown = await site.bot.ann.click(question, "Delete")
    await shown.told("Deleted", within_s=PATIENCE_S)
    assert all(file.deleted for file in result.files)


async def test_what_comes_again_at_the_other_makes_no_second_job(tmp_path: Path) -> None:
    """Events and forms that Slack sends again: at the same moment, while the job runs, after it."""
    async with site_of(tmp_path / "set") as site:
        bot, slack = site.bot, site.slack
        for prompt in ("mentioned", "sent twice"):
            bot.hold(prompt)
        before = len(site.front.served)
        mention = await bot.ann.mention("mentioned", files=dict([PICTURE]), waits=False)
        again = [await slack.redeliver(mention.event_id, each, waits=False) for each in (1, 2, 3)]
        await _acknowledged(mention, *again)
        assert sorted(site.served(before)) == ["one", "one", "other", "other"]

        view = await bot.form(await bot.ann.command(COMMAND))
        before = len(site.front.served)
        filled = {"Picture": PICTURE, "Prompt": "sent twice"}
        sent = await bot.ann.submit(view, filled, waits=False)
        await _acknowledged(sent, await slack.replay(sent, waits=False))
        assert sorted(site.served(before)) == ["one", "other"]

        for prompt in ("mentioned", "sent twice"):
            await bot.submitted(prompt)
        await _come_again_at_both(site, mention, sent)
        site.several.provider.release()
        await ended(bot, "mentioned")
        await bot.done(sent)
        known = jobs(slack)
        await _come_again_at_both(site, mention, sent)
        new, _ = await bot.done(await bot.order("after all of it"))

        assert jobs(slack) - known == {job_of(new)}
        counts = [site.several.provider.count(prompt=each) for each in ("mentioned", "sent twice")]
        assert counts == [1, 1]


async def _come_again_at_both(site: Site, mention: Shown, sent: Shown) -> None:
    for replica in (site.one, site.other):
        site.next_to(replica)
        await site.slack.redeliver(mention.event_id)
        site.next_to(replica)
        await site.slack.replay(sent)


async def _acknowledged(*shown: Shown) -> None:
    for each in shown:
        await each.acknowledged(within_s=PATIENCE_S)


@pytest.mark.parametrize("killed", ["one", "other"])
async def test_replica_that_opened_the_form_is_killed(tmp_path: Path, killed: str) -> None:
    """The form is still good: the one that is left takes it, and the jobs of the dead."""
    async with site_of(tmp_path / "set") as site:
        opens = site.one if killed == "one" else site.other
        cards = await _some_driven_by(site, opens)
        site.next_to(opens)
        view = await site.bot.form(await site.bot.ann.command(COMMAND))
        await opens.kill()
        site.next_to(opens)
        sent = await site.bot.ann.submit(view, {"Picture": PICTURE, "Prompt": "outlived"})
        await site.bot.done(sent)
        assert site.front.refused == [site.ports[killed]]
        assert site.served(len(site.front.served) - 1) == [site.not_of(opens).folder.name]
        site.several.provider.release()
        for card in cards:
            await _redrawn(site, card)
        assert {each.prompt for each in site.several.provider.submits} >= {"outlived"}
        assert max(Counter(each.prompt for each in site.several.provider.submits).values()) == 1


async def _some_driven_by(site: Site, replica: Replica) -> list[Message]:
    """Return the cards of jobs that run, the last of which is with this replica."""
    cards: list[Message] = []
    while not cards or await site.driver(cards[-1]) is not replica:
        cards.append((await site.bot.running(f"running {len(cards)}"))[1])
        assert len(cards) < MANY, "whoever is there takes its share"
    return cards


async def _redrawn(site: Site, card: Message) -> None:
    """Return once a job is delivered that may have to be taken over before."""
    await site.slack.until(
        lambda: title_of(card).startswith("Redrawn"),
        f"the end of {card.words}",
        within_s=TAKEN_OVER_WITHIN_S,
    )
