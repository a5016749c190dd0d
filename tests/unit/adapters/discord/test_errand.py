"""What a delivery knows of its earlier tries and of the messages before it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from adapters.discord import places
from adapters.discord.errand import Errand, Said, errand, latest, recorded, said
from adapters.discord.origin import DiscordOrigin
from adapters.discord.posted import Posted, PostedFile
from core.jobs.job import Delivery, DeliveryState
from core.jobs.lifecycle import DeliveryKind
from tests.fakes import jobs
from tests.fakes.clock import START, VirtualClock

INTERACTION = places.snowflake(START - timedelta(hours=1))
CARD_ID = places.snowflake(START - timedelta(hours=1)) + 1
TOLD = DiscordOrigin(
    application_id=1,
    interaction_id=INTERACTION,
    token="secret",
    token_expires_at=START,
    guild_id=2,
    channel_id=3,
    channel_kind=0,
    user_id=4,
    upload_limit_bytes=5,
    sources=(),
)


def card(seq: int = 0, **data: object) -> Delivery:
    plain = {"channel": "3", "message": str(CARD_ID), "attachments": []}
    row = jobs.delivery(DeliveryKind.CARD, DeliveryState.SENT, **{**plain, **data})
    return replace(row, seq=seq)


def under_way(*sent: Delivery, **changes: Any) -> Errand:
    row = replace(jobs.delivery(DeliveryKind.RESULT, DeliveryState.SENDING), **changes)

    async def commit(facts: Mapping[str, object]) -> None:
        assert facts

    return errand(jobs.job(), row, TOLD, sent, clock=VirtualClock(), commit=commit)


def test_what_is_recorded_is_what_is_read() -> None:
    file = PostedFile(id=9, url="https://cdn/9?ex=1")
    posted = Posted(channel_id=7, message_id=8, attachments=(file,))
    row = jobs.delivery(DeliveryKind.RESULT, DeliveryState.SENT, **recorded(posted, thread="7"))
    where = Said(seq=0, channel_id=7, message_id=8, thread_id=7, files=(file,))
    assert said(row) == where
    assert where.file_ids == (9,)


def test_without_known_files_none_are_listed() -> None:
    """An edit then leaves them alone, whatever they are."""
    where = latest((card(),), DeliveryKind.CARD)
    assert where is not None
    assert where.file_ids is None


def test_what_recorded_no_message_is_nowhere() -> None:
    assert said(jobs.delivery(DeliveryKind.CARD, DeliveryState.SENT, by="bot")) is None


def test_the_last_round_counts() -> None:
    where = latest((card(1, message="11"), card(0)), DeliveryKind.CARD)
    assert where is not None
    assert where.message_id == 11
    assert latest((card(),), DeliveryKind.NOTICE) is None


@pytest.mark.parametrize(("seconds", "holds"), [(0, True), (120, True), (121, False)])
def test_a_nonce_holds_for_two_minutes(seconds: int, holds: bool) -> None:
    begun_at = START - timedelta(seconds=seconds)
    assert under_way(first_attempt_at=begun_at).has_nonce is holds


@pytest.mark.parametrize(("attempt", "is_repeated"), [(1, False), (2, True)])
def test_a_second_try_is_a_repetition(attempt: int, is_repeated: bool) -> None:
    assert under_way(attempt=attempt).is_repeated is is_repeated


def test_a_search_begins_before_the_first_try_and_after_the_card() -> None:
    late = under_way(card(), first_attempt_at=START).begun_after
    assert CARD_ID < late <= places.snowflake(START - timedelta(minutes=5))
    early = under_way(card(), first_attempt_at=START - timedelta(hours=1)).begun_after
    assert early == CARD_ID


def test_without_a_card_a_search_begins_with_the_interaction() -> None:
    """The answer to it is as old as its acknowledgement, whenever it was filled."""
    assert under_way(first_attempt_at=START).begun_after == INTERACTION


async def test_facts_are_committed_and_remembered() -> None:
    task = under_way()
    assert task.allowed.each_bytes == TOLD.upload_limit_bytes
    await task.note(each_bytes=2, all_bytes=3)
    assert task.is_halved
    assert (task.allowed.each_bytes, task.allowed.all_bytes) == (2, 3)


def test_no_address_is_shown_by_accident() -> None:
    assert "ex=1" not in repr(PostedFile(id=9, url="https://cdn/9?ex=1"))
    assert "secret" not in repr(under_way())
