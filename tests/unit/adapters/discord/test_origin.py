"""Where a job of Discord came from survives its row, and its secrets stay out of sight."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, timedelta

from hypothesis import given
from hypothesis import strategies as st

from adapters.discord import origin
from adapters.discord.origin import ChannelKind, DiscordOrigin, Kept, Upload
from core.jobs.job import Origin
from core.media.item import Kind, MediaItem
from tests.fakes.clock import START

snowflakes = st.integers(1, 2**63 - 1)
items = st.builds(
    MediaItem,
    sha256=st.text("0123456789abcdef", min_size=64, max_size=64),
    kind=st.sampled_from(Kind),
    size_bytes=st.integers(1, 2**40),
    width_px=st.integers(1, 32_768),
    height_px=st.integers(1, 32_768),
)
uploads = st.builds(
    Upload,
    url=st.text(),
    size_bytes=st.none() | st.integers(0, 2**40),
    content_type=st.none() | st.text(),
)
kept = st.builds(
    Kept,
    item=items,
    channel_id=st.none() | snowflakes,
    message_id=st.none() | snowflakes,
    position=st.integers(0, 9),
)
origins = st.builds(
    DiscordOrigin,
    application_id=snowflakes,
    interaction_id=snowflakes,
    token=st.text(),
    token_expires_at=st.datetimes(timezones=st.just(UTC)),
    guild_id=st.none() | snowflakes,
    channel_id=snowflakes,
    channel_kind=st.sampled_from(ChannelKind) | st.integers(0, 99),
    user_id=snowflakes,
    upload_limit_bytes=st.integers(0, 2**40),
    sources=st.lists(uploads | kept, max_size=4).map(tuple),
)
PLAIN = DiscordOrigin(
    application_id=1,
    interaction_id=2,
    token="the-token",
    token_expires_at=START + timedelta(seconds=origin.TOKEN_LIVES_S),
    guild_id=3,
    channel_id=4,
    channel_kind=ChannelKind.TEXT,
    user_id=5,
    upload_limit_bytes=6,
    sources=(Upload(url="https://cdn.discordapp.com/secret"),),
)


def through_json(kept_as: Origin) -> Origin:
    return replace(kept_as, data=json.loads(json.dumps(kept_as.data)))


@given(origins)
def test_origin_comes_back_from_its_row(told: DiscordOrigin) -> None:
    """What the row keeps as JSON is read back as it was."""
    kept_as = origin.to_origin(told, place="discord:3")

    assert origin.of(through_json(kept_as)) == told
    assert (kept_as.platform, kept_as.place) == ("discord", "discord:3")
    assert kept_as.requester == told.requester == f"discord:{told.user_id}"


@given(uploads | kept)
def test_source_comes_back_from_a_draft(source: origin.Source) -> None:
    """So does a source that a draft keeps."""
    written = json.loads(json.dumps(origin.source_to_json(source)))

    assert origin.source_from_json(written) == source


def test_secrets_are_not_shown() -> None:
    """Neither the token nor a signed address is in what a log would show of it."""
    assert "the-token" not in repr(PLAIN)
    assert "secret" not in repr(PLAIN)


def test_token_is_dead_before_its_end() -> None:
    """A token is not used in its last half minute."""
    assert PLAIN.token_is_alive(START)
    assert PLAIN.token_is_alive(START + timedelta(seconds=869))
    assert not PLAIN.token_is_alive(START + timedelta(seconds=870))
    assert not PLAIN.token_is_alive(START + timedelta(days=1))


def test_threads_start_in_text_channels_of_servers_alone() -> None:
    """Elsewhere, in threads and in direct messages, no thread can be started."""
    kinds = {kind for kind in ChannelKind if replace(PLAIN, channel_kind=kind).starts_threads}

    assert kinds == {ChannelKind.TEXT, ChannelKind.ANNOUNCEMENT}
    assert not replace(PLAIN, guild_id=None).starts_threads
