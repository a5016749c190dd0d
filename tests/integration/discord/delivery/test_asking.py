"""What is asked of Discord: addresses of pictures, acknowledgements, the pictures of users."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest

from adapters.discord.origin import Kept, Upload
from core.errors import AddressRefused, DeliveryRetryable, Gone, MediaUnavailable, WrongType
from core.jobs.lifecycle import DeliveryKind
from core.media.item import Kind
from tests.fakes import jobs
from tests.fakes.discord_errands import Bench
from tests.fakes.discord_values import Flag, Permission

CARD = DeliveryKind.CARD
ORIGINAL = "GET /webhooks/{application}/{token}/messages/@original"
HISTORY = "GET /channels/{channel}/messages"
READ = "GET /channels/{channel}/messages/{message}"
TOKEN_LIVES_S = 15 * 60.0


async def test_addresses_are_those_of_the_cards_answer(bench: Bench) -> None:
    """Whole, on the CDN and not its proxy; and anybody can fetch the picture there."""
    rows = await bench.rows()
    await rows.deliver(CARD)
    (url,) = await bench.deliverer.reference_urls(rows.job, rows.sent) or ()
    assert set(parse_qs(urlsplit(url).query)) == {"ex", "is", "hm"}
    assert "/media/" not in url
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        assert await answer.read() == await bench.spool.read(rows.job.prepared[0])
    assert not bench.server.called(READ)


@pytest.mark.parametrize(("hours", "reads"), [(23.0, 0), (24.5, 1)])
async def test_addresses_that_end_too_soon_are_read_anew(
    bench: Bench, hours: float, reads: int
) -> None:
    rows = await bench.rows()
    await rows.deliver(CARD)
    later = rows.job.created_at + timedelta(hours=hours)
    late = replace(rows.job, deadline_at=later)
    assert await bench.deliverer.reference_urls(late, rows.sent)
    assert len(bench.server.called(READ)) == reads


async def test_addresses_go_with_the_card(bench: Bench) -> None:
    rows = await bench.rows()
    await rows.deliver(CARD)
    bench.server.world.delete_message(bench.server.messages(bench.channel)[0])
    late = replace(rows.job, deadline_at=rows.job.deadline_at + timedelta(days=2))
    with pytest.raises(Gone):
        await bench.deliverer.reference_urls(late, rows.sent)


async def test_addresses_may_be_had_later(bench: Bench) -> None:
    rows = await bench.rows()
    await rows.deliver(CARD)
    late = replace(rows.job, deadline_at=rows.job.deadline_at + timedelta(days=2))
    bench.server.faults.fail(READ, status=503)
    with pytest.raises(MediaUnavailable):
        await bench.deliverer.reference_urls(late, rows.sent)


async def test_a_card_that_lacks_a_picture_will_never_show_it(bench: Bench) -> None:
    """Not kept any more when the card was posted, or taken off it: the job ends, unpaid."""
    rows = await bench.rows()
    await rows.deliver(CARD)
    two = replace(rows.job, prepared=(*rows.job.prepared, await bench.picture("teal")))
    with pytest.raises(Gone):
        await bench.deliverer.reference_urls(two, rows.sent)


async def test_without_a_card_that_can_be_read_there_is_no_address(bench: Bench) -> None:
    rows = await bench.rows()
    assert await bench.deliverer.reference_urls(rows.job, ()) is None
    await rows.deliver(CARD)
    two = replace(rows.job, prepared=(*rows.job.prepared, await bench.picture("teal")))
    bench.server.world.forbid(bench.channel, Permission.READ_MESSAGE_HISTORY)
    assert await bench.deliverer.reference_urls(two, rows.sent) is None


@pytest.mark.parametrize("acknowledged", [True, False])
@pytest.mark.parametrize("is_late", [True, False])
async def test_an_acknowledgement_is_found_or_not(
    bench: Bench, acknowledged: bool, is_late: bool
) -> None:
    """Under the token, or in the channel once that is dead."""
    asked = await bench.asked(acknowledge=acknowledged)
    bench.server.world.message(bench.channel, bench.ann, "hello")
    rows = await bench.rows(asked)
    if is_late:
        bench.clock.leap(TOKEN_LIVES_S)
    assert await bench.deliverer.was_acknowledged(rows.job) is acknowledged
    assert bool(bench.server.called(ORIGINAL)) is not is_late
    assert bool(bench.server.called(HISTORY)) is is_late


async def test_an_answer_that_was_deleted_is_none(bench: Bench) -> None:
    asked = await bench.asked()
    assert asked.original is not None
    rows = await bench.rows(asked)
    bench.server.world.delete_message(asked.original)
    assert not await bench.deliverer.was_acknowledged(rows.job)


async def test_words_in_private_are_no_acknowledgement(bench: Bench) -> None:
    """Somebody who was told that their order was not taken is not surprised by its result."""
    asked = await bench.asked()
    assert asked.original is not None
    rows = await bench.rows(asked)
    asked.original.flags |= Flag.EPHEMERAL
    assert not await bench.deliverer.was_acknowledged(rows.job)


async def test_a_token_that_died_early_is_no_answer(bench: Bench) -> None:
    rows = await bench.rows()
    bench.server.faults.fail(ORIGINAL, code=50027)
    assert await bench.deliverer.was_acknowledged(rows.job)


async def test_what_nobody_can_tell_was_not_acknowledged(bench: Bench) -> None:
    rows = await bench.rows()
    bench.clock.leap(TOKEN_LIVES_S)
    bench.server.world.forbid(bench.channel, Permission.READ_MESSAGE_HISTORY)
    assert not await bench.deliverer.was_acknowledged(rows.job)


@pytest.mark.parametrize("route", [ORIGINAL, HISTORY])
async def test_an_acknowledgement_may_be_asked_for_later(bench: Bench, route: str) -> None:
    rows = await bench.rows()
    if route == HISTORY:
        bench.clock.leap(TOKEN_LIVES_S)
    bench.server.faults.fail(route, drop=True, times=2)  # aiohttp asks once more by itself
    with pytest.raises(DeliveryRetryable):
        await bench.deliverer.was_acknowledged(rows.job)


def upload(bench: Bench, name: str, data: bytes) -> Upload:
    held = bench.server.world.attach(bench.channel.id, name, data, ephemeral=True)
    return Upload(url=bench.server.links.attachment(held))


async def test_pictures_are_fetched_in_order(bench: Bench) -> None:
    colours = ("teal", "plum", "navy")
    sources = tuple(upload(bench, f"{hue}.png", jobs.picture_bytes(hue)) for hue in colours)
    rows = await bench.rows(sources=sources)
    found = await bench.deliverer.fetch(rows.job)
    assert [await bench.spool.read(item) for item in found] == [
        jobs.picture_bytes(hue) for hue in colours
    ]
    assert {(item.kind, item.width_px, item.height_px) for item in found} == {(Kind.PNG, 64, 48)}


async def test_what_is_no_picture_is_said_to_be_none(bench: Bench) -> None:
    good, bad = jobs.picture_bytes(), b"%PDF-1.7 and so on"
    rows = await bench.rows(sources=(upload(bench, "a.png", good), upload(bench, "b.png", bad)))
    with pytest.raises(WrongType):
        await bench.deliverer.fetch(rows.job)


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com/a.png",
        "https://cdn.discordapp.com.example.com/a.png",
        "http://cdn.discordapp.com/a.png",
        "https://cdn.discordapp.com:8443/a.png",
        "https://images-ext-1.discordapp.net@example.com/a.png",
    ],
)
async def test_other_hosts_are_not_asked(bench: Bench, url: str) -> None:
    rows = await bench.rows(sources=(Upload(url=url),))
    with pytest.raises(AddressRefused):
        await bench.deliverer.fetch(rows.job)


async def test_a_picture_that_we_still_have_is_not_fetched(bench: Bench) -> None:
    item = await bench.picture("navy")
    rows = await bench.rows(sources=(Kept(item=item),))
    before = len(bench.server.calls)
    assert await bench.deliverer.fetch(rows.job) == (item,)
    assert len(bench.server.calls) == before


async def test_a_picture_that_we_lost_is_read_from_its_message(bench: Bench) -> None:
    """Each from its own place in the message of an earlier job."""
    prepared = (
        await bench.picture("plum", form="JPEG"),
        await bench.picture("navy", form="JPEG"),
    )
    earlier = await bench.rows(prepared=prepared)
    await earlier.deliver(CARD)
    (card,) = bench.server.messages(bench.channel)
    sources = tuple(
        Kept(item=item, channel_id=bench.channel.id, message_id=card.id, position=position)
        for position, item in enumerate(prepared)
    )
    for item in prepared:
        await bench.spool.delete(item)
    rows = await bench.rows(sources=sources[::-1])
    assert await bench.deliverer.fetch(rows.job) == prepared[::-1]


@pytest.mark.parametrize("lost", ["the message", "the position", "the place"])
async def test_a_picture_that_nobody_has_is_gone(bench: Bench, lost: str) -> None:
    rows = await bench.rows()
    await rows.deliver(CARD)
    (card,) = bench.server.messages(bench.channel)
    kept = Kept(item=jobs.item(), channel_id=bench.channel.id, message_id=card.id)
    if lost == "the message":
        bench.server.world.delete_message(card)
    elif lost == "the position":
        kept = replace(kept, position=1)
    else:
        kept = replace(kept, channel_id=None)
    again = await bench.rows(sources=(kept,))
    with pytest.raises(Gone):
        await bench.deliverer.fetch(again.job)


async def test_a_picture_may_be_had_later(bench: Bench) -> None:
    kept = Kept(item=jobs.item(), channel_id=bench.channel.id, message_id=1)
    rows = await bench.rows(sources=(kept,))
    bench.server.faults.fail(READ, status=503)
    with pytest.raises(MediaUnavailable):
        await bench.deliverer.fetch(rows.job)
