"""Interactions with missing, added and odd keys: nothing escapes, and each is answered once."""

from __future__ import annotations

import asyncio
import contextlib
import copy
import random
import secrets
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs
from structlog.typing import EventDict

from tests.fakes.discord_interactions import Doing, Interaction
from tests.fakes.discord_rig import PATIENCE_S, PICTURE, Redraw, open_redraw
from tests.fakes.discord_values import Json

KEPT = frozenset({"id", "token", "type"})
"""Without these no answer is possible, or none is known to be fitting."""
ODD: tuple[Any, ...] = (
    None, True, 0, -1, 1.5, 10**400, "", "x", "9" * 5000, "\ud800", "\x00", [], [None], {}, {"": 1},
)  # fmt: skip
ROUNDS = 60
"""How many values of one payload are spoilt."""


@pytest.fixture
async def redraw(tmp_path: Path) -> AsyncIterator[Redraw]:
    async with open_redraw(tmp_path, allow_illegal=True) as opened:
        yield opened


@pytest.fixture
def log() -> Iterator[list[EventDict]]:
    with capture_logs() as lines:
        yield lines


def paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the way to every value of a payload that may be spoilt."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, each in items:
        here = (*path, key)
        if not (path == () and key in KEPT):
            yield here
        if isinstance(each, dict | list):
            yield from paths(each, here)


def spoilt(payload: Json, path: tuple[Any, ...], odd: Any, *, removed: bool) -> Json:
    """Return the payload with one value replaced or taken out."""
    new = copy.deepcopy(payload)
    owner: Any = new
    for key in path[:-1]:
        owner = owner[key]
    if removed:
        del owner[path[-1]]
    else:
        owner[path[-1]] = odd
    return new


async def samples(redraw: Redraw) -> list[tuple[Interaction, Json]]:
    """Return one payload of each kind of interaction, as the gateway delivered it."""
    discord = redraw.discord
    ann = discord.user("ann", channel=redraw.channel)
    slash = await ann.slash("redraw", {"prompt": "ink"}, attachments={"image": PICTURE})
    card = await slash.settled(within_s=20.0)
    message = discord.world.message(
        redraw.channel, ann.user, files={"one.png": PICTURE[1], "two.png": PICTURE[1]}
    )
    form = await ann.message_command("Redraw this image", message)
    await ann.submit_modal(form, {"Prompt": "ink", "Strength": "7"})
    await ann.autocomplete("redraw", {"prompt": "ink", "size": "10"}, "size")
    button = next(part for part in card.controls if "custom_id" in part)
    await ann.click(card, button["custom_id"])
    desk = discord._desk
    found = [(one, desk.payload(one)) for one in discord.world.interactions.values()]
    assert {one.doing for one, _ in found} == set(Doing)
    return found


def another(redraw: Redraw, like: Interaction) -> Interaction:
    """Return an interaction that the fake takes an answer to."""
    world = redraw.discord.world
    new = replace(
        like,
        id=world.snowflake(),
        token=secrets.token_urlsafe(32),
        pushed_at=world.clock.now(),
        pushed_s=world.clock.monotonic_s(),
        reply=None,
        acked_s=None,
        original=None,
    )
    world.interactions[new.id] = new
    return new


async def test_any_odd_payload_is_answered_once(redraw: Redraw, log: list[EventDict]) -> None:
    """Whatever is missing or odd: no socket is lost, and whoever asked hears something."""
    rng = random.Random(7)
    receive = redraw.connection.client._connection.parsers["INTERACTION_CREATE"]
    pushed: list[tuple[Interaction, Any]] = []
    for original, payload in await samples(redraw):
        ways = list(paths(payload))
        for path in ways if len(ways) <= ROUNDS else rng.sample(ways, ROUNDS):
            removed, odd = rng.random() < 0.3, rng.choice(ODD)
            interaction = another(redraw, original)
            new = spoilt(payload, path, odd, removed=removed)
            receive({**new, "id": str(interaction.id), "token": interaction.token})
            pushed.append((interaction, (path, "removed" if removed else odd)))
            await asyncio.sleep(0.01)
    with contextlib.suppress(AssertionError):
        await redraw.discord.until(
            lambda: all(one.acked_s is not None for one, _ in pushed),
            "all answers",
            within_s=PATIENCE_S,
        )
    silent = [(one.doing.name, why) for one, why in pushed if one.acked_s is None]
    assert silent == [], "\n".join(map(str, silent))
    assert not [line for line in log if line["event"] == "discord_excuse_broke"]
    assert redraw.connection.is_open


async def test_words_that_are_no_text_are_answered(redraw: Redraw) -> None:
    """A half of a character cannot be sent back: the answer does without it."""
    original, payload = (await samples(redraw))[0]
    receive = redraw.connection.client._connection.parsers["INTERACTION_CREATE"]
    data = {**payload["data"]}
    data["options"] = [*data["options"], {"name": "model", "type": 3, "value": "flux-\ud800"}]
    again = another(redraw, original)
    receive({**payload, "data": data, "id": str(again.id), "token": again.token})
    await redraw.discord.until(lambda: again.reply, "an answer", within_s=PATIENCE_S)
    assert again.ephemeral
