"""Pictures that a workspace does not take: another kind, smaller, links, and in the end words."""

from __future__ import annotations

import io
import random
from datetime import datetime

import pytest
from PIL import Image

from adapters.slack import refusals
from adapters.slack.refusals import Refusal
from adapters.slack.uploads import FILE_MAX_BYTES
from core.errors import DeliveryRefused, DeliveryRetryable, MediaUnavailable
from core.jobs.lifecycle import DeliveryKind
from core.media.item import Kind, MediaItem
from tests.fakes.slack_errands import Bench, Rows
from tests.fakes.slack_values import Message

RESULT = DeliveryKind.RESULT
BEGIN, COMPLETE = "files.getUploadURLExternal", "files.completeUploadExternal"


def noise(side_px: int) -> bytes:
    """Return a picture that no format can make small."""
    pixels = random.Random(side_px).randbytes(side_px * side_px * 3)
    out = io.BytesIO()
    Image.frombytes("RGB", (side_px, side_px), pixels).save(out, "PNG")
    return out.getvalue()


async def large(bench: Bench, side_px: int, count: int = 1) -> Rows:
    item = await bench.keep(noise(side_px), Kind.PNG, (side_px, side_px))
    return await bench.ready(await bench.rows(pictures=count), (item,) * count)


def reply(bench: Bench, rows: Rows) -> Message:
    (said,) = bench.server.thread(bench.card(rows))
    return said


def link_everything(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have a bucket that hands out addresses."""

    async def public_url(item: MediaItem, *, expires_at: datetime) -> str:
        assert expires_at > bench.clock.now()
        return f"https://pictures.example/{item.name}"

    monkeypatch.setattr(bench.spool, "public_url", public_url)


@pytest.mark.parametrize("form", ["WEBP", "BMP"])
async def test_kinds_that_take_no_words_become_jpeg(bench: Bench, form: str) -> None:
    """A WebP with alt text is taken by Slack and posted nowhere."""
    outputs = (await bench.picture("teal", form=form),)
    rows = await bench.ready(await bench.rows(), outputs)
    await rows.deliver(RESULT)
    (file,) = reply(bench, rows).files
    assert (file.name, file.data[:2]) == ("redrawn-1.jpg", b"\xff\xd8")
    assert file.alt


async def test_eight_pictures_are_one_reply(bench: Bench) -> None:
    item = await bench.picture("teal")
    rows = await bench.ready(await bench.rows(pictures=8), (item,) * 8)
    await rows.deliver(RESULT)
    assert len(reply(bench, rows).files) == 8


async def test_what_is_larger_than_we_send_is_made_to_fit(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = await large(bench, 2700)
    assert rows.job.outputs[0].size_bytes > FILE_MAX_BYTES
    await rows.deliver(RESULT)
    (file,) = reply(bench, rows).files
    assert len(file.data) <= FILE_MAX_BYTES


async def test_what_a_workspace_calls_too_large_is_halved_once(bench: Bench) -> None:
    """file_upload_size_restricted."""
    rows = await large(bench, 700)
    bench.server.world.largest_upload_bytes = rows.job.outputs[0].size_bytes // 2
    await rows.deliver(RESULT)
    (file,) = reply(bench, rows).files
    assert 0 < len(file.data) <= rows.job.outputs[0].size_bytes // 2


async def test_what_is_still_too_large_is_linked(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    link_everything(bench, monkeypatch)
    bench.server.world.largest_upload_bytes = 100
    rows = await large(bench, 700)
    result = await rows.deliver(RESULT)
    said = reply(bench, rows)
    assert f"https://pictures.example/{rows.job.outputs[0].name}" in said.words
    assert bench.ann.mention in said.words
    assert result.data["shown"] == []


async def test_links_are_handed_over_whole_or_not_at_all(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bucket that signs with borrowed credentials makes them long; what lacks is told."""
    token = "a" * 1700

    async def public_url(item: MediaItem, *, expires_at: datetime) -> str:
        return f"https://pictures.example/{item.name}?token={token}"

    monkeypatch.setattr(bench.spool, "public_url", public_url)
    bench.server.world.uploads_disabled = True
    item = await bench.picture("teal")
    four = await bench.ready(await bench.rows(pictures=4), (item,) * 4)
    await four.deliver(RESULT)
    assert reply(bench, four).words.count(f"{token}>") == 4
    assert "large" not in reply(bench, four).words
    eight = await bench.ready(await bench.rows(pictures=8, job_id="01JB"), (item,) * 8)
    with pytest.raises(DeliveryRefused):
        await eight.deliver(RESULT)
    assert "4 pictures could not be handed over" in reply(bench, eight).words


async def test_what_cannot_be_linked_either_is_told_in_words_and_kept(bench: Bench) -> None:
    bench.server.world.largest_upload_bytes = 100
    rows = await large(bench, 700)
    with pytest.raises(DeliveryRefused):
        await rows.deliver(RESULT)
    assert "1 picture could not be handed over" in reply(bench, rows).words
    bench.server.world.largest_upload_bytes = None
    await rows.deliver(RESULT, seq=1)
    assert len(bench.server.thread(bench.card(rows))[1].files) == 1


async def test_one_picture_that_cannot_be_made_to_fit_is_linked_beside_the_others(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    link_everything(bench, monkeypatch)
    broken = await bench.keep(b"\x89PNG\r\n\x1a\n no picture", Kind.BMP)
    outputs = (await bench.picture("teal"), broken)
    rows = await bench.ready(await bench.rows(pictures=2), outputs)
    result = await rows.deliver(RESULT)
    said = reply(bench, rows)
    assert len(said.files) == 1
    assert f"https://pictures.example/{broken.name}" in said.text
    assert result.data["shown"] == [0]


async def test_a_lost_picture_is_not_linked_where_no_file_is_sent(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    link_everything(bench, monkeypatch)
    broken = await bench.keep(b"\x89PNG\r\n\x1a\n no picture", Kind.BMP)
    lost = await bench.picture("navy")
    rows = await bench.ready(await bench.rows(pictures=2), (lost, broken))
    await bench.spool.delete(lost)
    with pytest.raises(DeliveryRefused):
        await rows.deliver(RESULT)
    said = reply(bench, rows)
    assert f"https://pictures.example/{broken.name}" in said.words
    assert f"https://pictures.example/{lost.name}" not in said.words
    assert "1 picture could not be handed over" in said.words


@pytest.mark.parametrize(
    ("switch", "why", "words"),
    [
        ("uploads_disabled", Refusal.UPLOADS_OFF, "switched uploads of files off"),
        ("storage_full", Refusal.STORAGE_FULL, "storage is full"),
        ("file_uploads_except_images_disabled", Refusal.IMAGES_ONLY, "only some files"),
        ("file_type_not_allowed", Refusal.TYPE_NOT_ALLOWED, "do not allow this type"),
        ("scope", Refusal.NO_SCOPE, "files:write"),
    ],
)
@pytest.mark.parametrize("at", [BEGIN, COMPLETE])
async def test_each_switch_of_an_admins_has_its_own_words(
    bench: Bench, switch: str, why: Refusal, words: str, at: str
) -> None:
    """Said once in the thread, with what to do; the pictures can be shown again."""
    rows = await bench.ready(await bench.rows())
    world = bench.server.world
    if switch == "scope":
        world.scopes.discard("files:write")
    elif hasattr(world, switch):
        setattr(world, switch, True)
    else:
        bench.server.faults.fail(at, error=switch, times=2)
    for _ in range(2):
        with pytest.raises(DeliveryRefused) as caught:
            await rows.deliver(RESULT)
    assert refusals.of(caught.value) in {why, Refusal.OTHER}
    said = reply(bench, rows)
    assert words in said.words
    assert "Show again" in said.words
    assert bench.server.messages(world.dm(bench.ann)) == []
    world.uploads_disabled = world.storage_full = False
    world.scopes.add("files:write")
    bench.server.faults.end()
    await rows.deliver(RESULT, seq=1)
    assert len(bench.server.thread(bench.card(rows))[1].files) == 1


async def test_a_type_that_is_not_allowed_is_tried_as_jpeg_once(bench: Bench) -> None:
    bench.server.world.forbidden_types.add("png")
    rows = await bench.ready(await bench.rows())
    await rows.deliver(RESULT)
    (file,) = reply(bench, rows).files
    assert file.name == "redrawn-1.jpg"


async def test_with_a_bucket_what_uploads_are_refused_for_is_linked(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    link_everything(bench, monkeypatch)
    bench.server.world.uploads_disabled = True
    rows = await bench.ready(await bench.rows())
    await rows.deliver(RESULT)
    assert "https://pictures.example/" in reply(bench, rows).words


async def test_words_of_pictures_that_were_refused_are_taken_back_as_well(bench: Bench) -> None:
    bench.server.world.uploads_disabled = True
    rows = await bench.ready(await bench.rows())
    with pytest.raises(DeliveryRefused):
        await rows.deliver(RESULT)
    refused = bench.refused(rows, RESULT)
    await bench.deliverer.remove(rows.job, (*rows.sent, refused))
    assert bench.server.thread(bench.card(rows)) == []


async def test_pictures_that_are_gone_are_counted(bench: Bench) -> None:
    rows = await bench.ready(await bench.rows(pictures=2))
    await bench.spool.delete(rows.job.outputs[0])
    result = await rows.deliver(RESULT)
    assert result.data["shown"] == [1]
    assert "1 picture could not be handed over" in reply(bench, rows).text


async def test_pictures_of_which_none_fits_are_told_in_words(bench: Bench) -> None:
    broken = await bench.keep(b"\x89PNG\r\n\x1a\n no picture", Kind.BMP)
    rows = await bench.ready(await bench.rows(), (broken,))
    with pytest.raises(DeliveryRefused, match="too large"):
        await rows.deliver(RESULT)
    assert not bench.server.called(BEGIN)
    assert "1 picture could not be handed over" in reply(bench, rows).words


async def test_with_no_picture_left_there_is_nothing_to_post(bench: Bench) -> None:
    rows = await bench.ready(await bench.rows())
    await bench.spool.delete(rows.job.outputs[0])
    with pytest.raises(DeliveryRefused, match="no longer kept"):
        await rows.deliver(RESULT)
    assert not bench.server.called(BEGIN)


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
    assert len(reply(bench, rows).files) == 1


async def test_links_that_cannot_be_had_just_now_are_posted_later(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def public_url(item: MediaItem, *, expires_at: datetime) -> str:
        raise MediaUnavailable

    monkeypatch.setattr(bench.spool, "public_url", public_url)
    bench.server.world.uploads_disabled = True
    rows = await bench.ready(await bench.rows())
    with pytest.raises(DeliveryRetryable):
        await rows.deliver(RESULT)
    link_everything(bench, monkeypatch)
    await rows.deliver(RESULT)
    assert "https://pictures.example/" in reply(bench, rows).words
