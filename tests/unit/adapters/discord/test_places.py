"""Links, snowflakes, and until when an address works."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.discord import places
from adapters.discord.places import EPOCH

MOMENTS = st.integers(0, 2 * 10**15).map(lambda passed: EPOCH + timedelta(microseconds=passed))


def test_a_snowflake_that_discord_documents() -> None:
    """Source: discord.com/developers/docs/reference#snowflakes, the worked example."""
    at = places.made_at(175928847299117063)
    assert at == datetime(2016, 4, 30, 11, 18, 25, 796000, tzinfo=UTC)


@given(MOMENTS)
def test_a_snowflake_is_not_younger_than_its_moment(at: datetime) -> None:
    made_at = places.made_at(places.snowflake(at))
    assert timedelta(0) <= at - made_at < timedelta(milliseconds=1)


def test_before_discord_there_is_no_id() -> None:
    assert places.snowflake(datetime(1999, 1, 1, tzinfo=UTC)) == 0


@pytest.mark.parametrize(("guild_id", "where"), [(7, "7"), (None, "@me")])
def test_a_message_has_a_link(guild_id: int | None, where: str) -> None:
    link = places.message_link(guild_id, 8, 9)
    assert link == f"https://discord.com/channels/{where}/8/9"


def test_an_address_says_until_when_it_works() -> None:
    url = "https://cdn.discordapp.com/attachments/1/2/a.png?ex=65d903de&is=65c68ede&hm=ab&"
    assert places.works_until(url) == datetime(2024, 2, 23, 20, 45, 18, tzinfo=UTC)


@pytest.mark.parametrize("query", ["", "?is=1", "?ex=", "?ex=zz", "?ex=ffffffffffffffffffff"])
def test_an_address_that_does_not_say_is_not_trusted(query: str) -> None:
    assert places.works_until(f"https://cdn.discordapp.com/a.png{query}") is None
