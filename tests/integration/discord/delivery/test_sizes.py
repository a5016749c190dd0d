"""Pictures that are too large for a place: smaller, half of that, links, and in the end words."""

from __future__ import annotations

import io
import random
from datetime import datetime

import pytest
from PIL import Image

from core.errors import DeliveryRefused, DeliveryRetryable
from core.jobs.lifecycle import DeliveryKind
from core.media.item import Kind, MediaItem
from tests.fakes.discord_errands import Bench, Rows

RESULT = DeliveryKind.RESULT
POST = "POST /channels/{channel}/messages"
FILL = "PATCH /webhooks/{application}/{token}/messages/@original"
MIB = 2**20


def noise(side_px: int, form: str = "PNG") -> bytes:
    """Return a picture that no format can make small."""
    pixels = random.Random(side_px).randbytes(side_px * side_px * 3)
    out = io.BytesIO()
    Image.frombytes("RGB", (side_px, side_px), pixels).save(out, form)
    return out.getvalue()


async def large(bench: Bench, count: int, side_px: int = 2000) -> Rows:
    """Return a job with `count` results of noise, 12 MB each at 2000 pixels a side."""
    data = noise(side_px)
    item = await bench.keep(data, Kind.PNG, (side_px, side_px))
    rows = await bench.rows(pictures=count)
    return await bench.ready(rows, (item,) * count)


async def test_each_file_is_made_to_fit_the_place(bench: Bench) -> None:
    rows = await large(bench, 1)
    await rows.deliver(RESULT)
    (call,) = bench.server.called(POST)
    (file,) = call.files
    assert len(file.data) <= 10 * MIB
    assert file.filename == "redrawn-1.jpg"


async def test_all_files_together_are_made_to_fit_a_request(bench: Bench) -> None:
    rows = await large(bench, 8, 1100)
    assert sum(item.size_bytes for item in rows.job.outputs) > 25 * MIB
    await rows.deliver(RESULT)
    (call,) = bench.server.called(POST)
    assert len(call.files) == 8
    assert sum(len(file.data) for file in call.files) <= 24 * MIB


async def test_kinds_that_are_not_shown_become_jpeg(bench: Bench) -> None:
    rows = await bench.rows(pictures=1)
    await bench.ready(rows, (await bench.picture("teal", form="BMP"),))
    await rows.deliver(RESULT)
    (call,) = bench.server.called(POST)
    assert [file.filename for file in call.files] == ["redrawn-1.jpg"]


async def test_a_place_that_takes_less_gets_half_as_much(bench: Bench) -> None:
    """40005: what the interaction told was the requester's own limit, say."""
    guild = bench.channel.guild
    assert guild is not None
    guild.upload_limit_bytes = MIB
    rows = await large(bench, 1, 700)
    await rows.deliver(RESULT)
    refused, taken = bench.server.called(POST)
    assert refused.status == 413
    assert 0 < len(taken.files[0].data) <= len(refused.files[0].data) // 2


async def test_what_is_still_too_large_is_told_in_words(bench: Bench) -> None:
    """And how far it had come is committed: a later try does not begin anew."""
    guild = bench.channel.guild
    assert guild is not None
    guild.upload_limit_bytes = 1000
    rows = await large(bench, 1)
    bench.server.faults.fail(lambda asked: asked.route == POST and not asked.files, drop=True)
    with pytest.raises(DeliveryRetryable):
        await rows.deliver(RESULT)
    await rows.deliver(RESULT)
    (thread,) = bench.server.threads(bench.channel)
    (said,) = bench.server.messages(thread)
    assert not said.attachments
    assert "could not be handed over" in said.text
    assert [bool(call.files) for call in bench.server.called(POST)] == [True, True, False, False]


async def test_with_a_bucket_it_is_linked(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    async def public_url(item: MediaItem, *, expires_at: datetime) -> str:
        assert expires_at > bench.clock.now()
        return f"https://pictures.example/{item.name}"

    monkeypatch.setattr(bench.spool, "public_url", public_url)
    guild = bench.channel.guild
    assert guild is not None
    guild.upload_limit_bytes = 1000
    rows = await large(bench, 1)
    await rows.deliver(RESULT)
    (thread,) = bench.server.threads(bench.channel)
    (said,) = bench.server.messages(thread)
    assert f"https://pictures.example/{rows.job.outputs[0].name}" in said.text
    assert "could not be handed over" not in said.text


@pytest.mark.parametrize(("token", "fit"), [(300, 8), (1700, 2)])
async def test_links_are_handed_over_whole_or_not_at_all(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, token: int, fit: int
) -> None:
    """A bucket that signs with borrowed credentials makes them long; what lacks is told."""

    async def public_url(item: MediaItem, *, expires_at: datetime) -> str:
        return f"https://pictures.example/{item.name}?token={'a' * token}"

    monkeypatch.setattr(bench.spool, "public_url", public_url)
    guild = bench.channel.guild
    assert guild is not None
    guild.upload_limit_bytes = 1000
    rows = await large(bench, 8, 200)
    await rows.deliver(RESULT)
    (thread,) = bench.server.threads(bench.channel)
    (said,) = bench.server.messages(thread)
    assert said.text.count(f"{'a' * token}>)") == fit
    lost = "6 pictures could not be handed over here."
    assert (lost in said.text) is (fit < 8)


async def test_a_card_is_halved_once_and_then_refused(bench: Bench) -> None:
    """No picture on the card, no job: nothing is paid for then."""
    rows = await bench.rows()
    bench.server.faults.fail(FILL, code=40005, times=2)
    with pytest.raises(DeliveryRefused):
        await rows.deliver(DeliveryKind.CARD)
    assert len(bench.server.called(FILL)) == 2


async def test_pictures_that_are_gone_are_counted(bench: Bench) -> None:
    rows = await bench.ready(await bench.rows(pictures=2))
    await bench.spool.delete(rows.job.outputs[0])
    result = await rows.deliver(RESULT)
    assert result.data["shown"] == [1]
    (thread,) = bench.server.threads(bench.channel)
    (said,) = bench.server.messages(thread)
    assert [file.filename for file in said.attachments] == ["redrawn-1.png"]
    assert "1 picture could not be handed over" in said.text


async def test_with_no_picture_left_there_is_nothing_to_post(bench: Bench) -> None:
    rows = await bench.ready(await bench.rows())
    await bench.spool.delete(rows.job.outputs[0])
    with pytest.raises(DeliveryRefused, match="no longer kept"):
        await rows.deliver(RESULT)
    assert not bench.server.called(POST)
    assert not bench.server.threads(bench.channel), "an empty thread was started"


async def test_pictures_that_cannot_be_read_just_now_are_posted_later(bench: Bench) -> None:
    rows = await bench.ready(await bench.rows())
    path = bench.spool.path_of(rows.job.outputs[0])
    data = path.read_bytes()
    path.unlink()
    path.mkdir()
    with pytest.raises(DeliveryRetryable):
        await rows.deliver(RESULT)
    path.rmdir()
    path.write_bytes(data)
    await rows.deliver(RESULT)
    assert len(bench.server.called(POST)) == 1
