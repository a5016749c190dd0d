"""What is asked of Slack: the pictures of users; and what it cannot be asked."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from adapters.slack.files import Files
from adapters.slack.origin import Entry, Kept, Mode, Upload
from core.errors import (
    AddressRefused,
    Gone,
    MediaError,
    MediaUnavailable,
    TooLarge,
    WrongType,
)
from core.jobs.lifecycle import DeliveryKind
from core.media.item import Kind
from tests.fakes import jobs
from tests.fakes.slack_errands import Bench
from tests.fakes.slack_values import File

INFO = "files.info"


def upload(bench: Bench, name: str = "a.png", data: bytes | None = None, **more: object) -> File:
    """Return a file of ann's in the channel."""
    world = bench.server.world
    content = jobs.picture_bytes() if data is None else data
    file = world.file(bench.ann, name, content, **more)  # type: ignore[arg-type]
    world.message(bench.channel, bench.ann, "look", files=[file])
    return file


async def fetched(bench: Bench, *files: File | Upload | Kept) -> list[bytes]:
    sources = tuple(Upload(file_id=each.id) if isinstance(each, File) else each for each in files)
    rows = await bench.rows(sources=sources)
    return [await bench.spool.read(item) for item in await bench.deliverer.fetch(rows.job)]


def told_a_stranger(bench: Bench) -> bool:
    """Whether the token came to a host that is not Slack's."""
    return any(each.foreign and each.with_credentials for each in bench.server.hosting.fetches)


@pytest.mark.parametrize("entry", list(Entry))
async def test_an_order_whose_acknowledgement_was_not_noted_goes_on(
    bench: Bench, entry: Entry
) -> None:
    """Slack does not tell; most likely it was acknowledged, and its form is closed."""
    rows = await bench.rows(entry=entry)
    assert await bench.deliverer.was_acknowledged(rows.job)


async def test_no_file_of_slacks_is_handed_to_a_provider(bench: Bench) -> None:
    rows = await bench.rows()
    await rows.deliver(DeliveryKind.CARD)
    assert await bench.deliverer.reference_urls(rows.job, rows.sent) is None


async def test_pictures_are_fetched_in_order(bench: Bench) -> None:
    data = [jobs.picture_bytes(hue) for hue in ("teal", "plum", "navy")]
    files = [upload(bench, f"{number}.png", each) for number, each in enumerate(data)]
    assert await fetched(bench, *files) == data


async def test_a_stub_is_asked_about_first(bench: Bench) -> None:
    """Of a shared channel the act tells the id alone (file_access check_file_info)."""
    file = upload(bench, stub=True)
    source = Upload(file_id=file.id, mode=Mode.STUB)
    assert await fetched(bench, source) == [file.data]
    assert len(bench.server.called(INFO)) == 1


async def test_a_picture_of_a_form_is_the_bots_to_see(bench: Bench) -> None:
    file = bench.server.world.file(bench.ann, "a.png", jobs.picture_bytes())
    file.given_to_bot = True
    assert await fetched(bench, file) == [file.data]


@pytest.mark.parametrize("how", ["info says so", "the act said so", "only its mode"])
async def test_a_file_that_is_kept_elsewhere_is_not_fetched(bench: Bench, how: str) -> None:
    """Its address is anybody's, who would be given our token."""
    path = "/a.png"
    bench.server.hosting.foreign[path] = (jobs.picture_bytes(), "image/png")
    file = upload(bench, external_url=bench.server.foreign_url + path)
    source = Upload(file_id=file.id)
    if how == "the act said so":
        source = replace(source, is_external=True)
    elif how == "only its mode":
        source = replace(source, mode=Mode.EXTERNAL)
    with pytest.raises(AddressRefused):
        await fetched(bench, source)
    assert bench.server.hosting.fetches == []
    assert bool(bench.server.called(INFO)) is (how == "info says so")


@pytest.mark.parametrize("mode", [Mode.DELETED, Mode.HIDDEN])
async def test_what_slack_shows_nobody_is_gone(bench: Bench, mode: Mode) -> None:
    with pytest.raises(Gone):
        await fetched(bench, Upload(file_id="F0000000000", mode=mode))
    assert not bench.server.called(INFO)


async def test_a_redirect_to_another_host_is_not_followed(bench: Bench) -> None:
    bench.server.hosting.foreign["/a.png"] = (jobs.picture_bytes(), "image/png")
    foreign = bench.server.foreign_url.replace("127.0.0.1", "localhost")
    file = upload(bench, redirects_to=f"{foreign}/a.png")
    with pytest.raises(AddressRefused):
        await fetched(bench, file)
    assert not told_a_stranger(bench)
    assert not [each for each in bench.server.hosting.fetches if each.foreign]


@pytest.mark.parametrize(
    "url",
    [
        "https://slack.com.example.com/a.png",
        "https://files.slack.com.example.com/a.png",
        "http://files.slack.com/a.png",
        "https://files.slack.com:8443/a.png",
        "https://evilslack.com/a.png",
        "https://files.slack.com@example.com/a.png",
        "https://slack.com/a.png",
        "https://127.0.0.1/a.png",
        "//files.slack.com/a.png",
    ],
)
async def test_other_hosts_are_not_asked(bench: Bench, url: str) -> None:
    file = upload(bench)
    bench.server._parts.links.download = lambda file: url  # type: ignore[method-assign]
    with pytest.raises(AddressRefused):
        await fetched(bench, file)


async def test_slacks_own_hosts_are_asked(bench: Bench) -> None:
    """As far as a test without Slack can tell: it is the network that says no."""
    file = upload(bench)
    bench.server._parts.links.download = (  # type: ignore[method-assign]
        lambda file: "https://files.slack.com/files-pri/a.png"
    )
    found: list[tuple[str, dict[str, str]]] = []

    async def fetch(
        url: str, *, limit_bytes: int, headers: dict[str, str], follows: object
    ) -> bytes:
        found.append((url, headers))
        raise MediaUnavailable

    bench.downloader.fetch = fetch  # type: ignore[assignment,method-assign]
    with pytest.raises(MediaUnavailable):
        await fetched(bench, file)
    ((url, headers),) = found
    assert url.startswith("https://files.slack.com/")
    assert headers == {"Authorization": f"Bearer {bench.server.bot_token}"}


async def test_without_an_override_loopback_is_anybodys(bench: Bench) -> None:
    plain = Files(
        wire=bench.wire,
        downloader=bench.downloader,
        spool=bench.spool,
        decoder=bench.decoder,
        token=bench.files._token,
    )
    with pytest.raises(AddressRefused):
        await plain.fetch((Upload(file_id=upload(bench).id),))
    assert bench.server.hosting.fetches == []


@pytest.mark.parametrize("redirects", [True, False])
async def test_a_login_page_is_no_picture_but_a_closed_door(bench: Bench, redirects: bool) -> None:
    """HTML with status 200: the bot may read about the file, and not the file."""
    file = upload(bench)
    bench.server.hosting.redirects_to_login = redirects
    bench.server.hosting._may = lambda request, file: False  # type: ignore[method-assign]
    with pytest.raises(Gone, match="login page"):
        await fetched(bench, file)


async def test_a_file_of_a_place_that_the_bot_is_not_in_is_gone(bench: Bench) -> None:
    """file_not_found, although it is there."""
    world = bench.server.world
    file = world.file(bench.ann, "a.png", jobs.picture_bytes())
    secret = world.channel("secret", private=True, has_bot=False, members=[bench.ann])
    world.message(secret, bench.ann, files=[file])
    with pytest.raises(Gone):
        await fetched(bench, file)


@pytest.mark.parametrize("what", ["deleted", "lost"])
async def test_a_file_that_was_deleted_is_gone(bench: Bench, what: str) -> None:
    file = upload(bench)
    if what == "deleted":
        bench.server.world.delete_file(file)
    else:
        file.lost = True
    with pytest.raises(Gone):
        await fetched(bench, file)


async def test_a_file_whose_place_is_not_told_is_gone(bench: Bench) -> None:
    file = upload(bench)
    wire = bench.server._parts.files._wire
    shown = wire.file

    def without_url(file: File) -> dict[str, Any]:
        return {key: value for key, value in shown(file).items() if not key.startswith("url_")}

    wire.file = without_url  # type: ignore[method-assign]
    with pytest.raises(Gone):
        await fetched(bench, file)


@pytest.mark.parametrize(
    ("data", "error"),
    [(b"%PDF-1.7 and so on", WrongType), (b"\x89PNG\r\n\x1a\n and so on", MediaError)],
)
async def test_what_is_no_picture_is_said_to_be_none(
    bench: Bench, data: bytes, error: type[MediaError]
) -> None:
    good, bad = upload(bench), upload(bench, "b.png", data)
    with pytest.raises(error):
        await fetched(bench, good, bad)


async def test_what_is_too_large_is_not_even_fetched(bench: Bench) -> None:
    """As Slack says how large it is; and while it comes, as far as it really is."""
    file = upload(bench, data=bytes(33 * 2**20))
    with pytest.raises(TooLarge):
        await fetched(bench, file)
    assert bench.server.hosting.fetches == []


async def test_an_answer_that_is_compressed_is_refused_as_what_it_is(bench: Bench) -> None:
    """Not as a login page: a bomb may be in it."""
    file = upload(bench)

    async def fetch(url: str, **_: object) -> bytes:
        raise WrongType("a compressed answer")

    bench.downloader.fetch = fetch  # type: ignore[method-assign]
    with pytest.raises(WrongType, match="compressed"):
        await fetched(bench, file)


@pytest.mark.parametrize("where", [INFO, "GET files"])
async def test_a_picture_may_be_had_later(bench: Bench, where: str) -> None:
    file = upload(bench)
    bench.server.faults.fail(where, status=503, times=2)
    with pytest.raises(MediaUnavailable):
        await fetched(bench, file)
    bench.server.faults.end()
    assert await fetched(bench, file) == [file.data]


async def test_a_picture_that_we_still_have_is_not_fetched(bench: Bench) -> None:
    item = await bench.picture("navy")
    rows = await bench.rows(sources=(Kept(item=item, file_id="F0000000000"),))
    assert await bench.deliverer.fetch(rows.job) == (item,)
    assert bench.server.calls == []


async def test_a_picture_that_we_lost_is_read_from_its_file(bench: Bench) -> None:
    rows = await bench.ready(await bench.rows())
    await rows.deliver(DeliveryKind.RESULT)
    (output,) = rows.job.outputs
    (reply,) = bench.server.thread(bench.card(rows))
    await bench.spool.delete(output)
    again = await bench.rows(sources=(Kept(item=output, file_id=reply.files[0].id),))
    assert await bench.deliverer.fetch(again.job) == (output,)


async def test_a_picture_that_nobody_has_is_gone(bench: Bench) -> None:
    with pytest.raises(Gone):
        await fetched(bench, Kept(item=jobs.item(kind=Kind.PNG)))
    assert not told_a_stranger(bench)
