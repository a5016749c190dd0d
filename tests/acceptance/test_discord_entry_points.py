"""Discord as people use it: each way to ask for pictures, in each kind of place, end to end."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio

from tests.acceptance.discord_marks import job_of
from tests.acceptance.discord_process import PICTURE, Bot, bot_of
from tests.fakes.discord_shown import Shown
from tests.fakes.discord_user import Person
from tests.fakes.discord_values import Channel, Json, Message, walk
from tests.fakes.pictures import jpeg
from tests.fakes.provider_script import Script

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]

PLACES = ["text", "announcement", "thread", "forum", "voice", "dm"]
THREADED = ("text", "announcement")
"""Where the result gets a thread of its own."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def bot(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Bot]:
    async with bot_of(tmp_path_factory.mktemp("discord") / "bot") as process:
        yield process


def _place(bot: Bot, kind: str) -> Channel:
    """Return a place of this kind; `forum` is somebody's post in one."""
    world = bot.discord.world
    if kind == "dm":
        return world.dm(bot.ann.user)
    if kind in ("thread", "forum"):
        parent_kind = "text" if kind == "thread" else kind
        return world.thread(world.channel(bot.guild, kind=parent_kind))
    return world.channel(bot.guild, kind=kind)


def _alts(message: Message) -> Iterator[str]:
    for part in walk(message.components):
        yield from (item.get("description", "") for item in part.get("items", []))


def _links(message: Message) -> list[str]:
    return [control["url"] for control in message.controls if "url" in control]


def _link_to(message: Message) -> str:
    guild = message.channel.guild
    where = guild.id if guild else "@me"
    return f"https://discord.com/channels/{where}/{message.channel.id}/{message.id}"


def _submitted(bot: Bot, prompt: str) -> Json:
    (submit,) = [each for each in bot.provider.submits if each.prompt == prompt]
    assert submit.task_id is not None
    assert set(submit.reference_codes) == {200}
    return dict(submit.body)


def _message_by(person: Person, channel: Channel, bot: Bot, *, pictures: int) -> Message:
    files = {f"{number}.jpg": jpeg("coffee", (320, 240)) for number in range(pictures)}
    return bot.discord.world.message(channel, person.user, "look at this", files=files)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def asked(bot: Bot) -> dict[str, Shown]:
    """Have somebody ask in every kind of place, all at once."""
    return {
        kind: await bot.order(f"a harbour in a {kind}", channel=_place(bot, kind))
        for kind in PLACES
    }


@pytest.mark.parametrize("kind", PLACES)
async def test_redraw_ends_in_one_result_where_it_was_asked(
    bot: Bot, asked: dict[str, Shown], kind: str
) -> None:
    """Each place gets a card and one result that pings the requester, and the card leads to it."""
    place = asked[kind].interaction.channel
    prompt = f"a harbour in a {kind}"
    card, result = await bot.done(asked[kind])

    body = _submitted(bot, prompt)
    assert (body["batch"], body["celery"]) == (1, True)
    assert (card.channel, card.pings) == (place, frozenset())
    assert result.pings == {bot.ann.id}
    assert [prompt in alt for alt in _alts(result)] == [True]
    assert list(_alts(card)) == ["The reference image"]
    assert (len(card.attachments), len(result.attachments)) == (1, 1)
    assert _links(card) == [_link_to(result)]
    if kind in THREADED:
        assert (result.channel.id, result.channel.parent) == (card.id, place)
    else:
        assert (result.channel, result.reference) == (place, card)
        assert bot.discord.threads(place) == []


async def test_every_option_reaches_the_provider(bot: Bot) -> None:
    """What can be typed into the command is sent as it was typed; four pictures come back."""
    given = {
        "prompt": "a harbour by night", "model": "Ideogram Remix", "size": "1280x720",
        "strength": 0.4, "guidance_scale": 7.0, "negative_prompt": "people", "batch": 4,
    }  # fmt: skip
    shown = await bot.ann.slash("redraw", given, attachments={"image": PICTURE})
    card, result = await bot.done(shown)

    body = _submitted(bot, "a harbour by night")
    sent = {"strength": 0.4, "guidance_scale": 7.0, "negative_prompt": "people", "batch": 4}
    assert {name: body[name] for name in sent} == sent
    assert (body["width"], body["height"]) == (1280, 720)
    assert len(result.attachments) == 4
    assert len(set(_alts(result))) == 4
    assert "is known to ignore guidance scale" in card.text


async def test_four_pictures_for_the_model_that_takes_them(bot: Bot) -> None:
    """Kontext Max gets all four references, in their order, each fetched with success."""
    names = ("image", "image2", "image3", "image4")
    files = {
        name: (f"{name}.jpg", jpeg("coffee", (320 + 16 * number, 240)))
        for number, name in enumerate(names)
    }
    options = {"prompt": "four in one", "model": "flux-kontext-max"}
    shown = await bot.ann.slash("redraw", options, attachments=files)
    card, _ = await bot.done(shown)

    urls = _submitted(bot, "four in one")["file_urls"]
    assert isinstance(urls, list)
    assert len(set(urls)) == len(card.attachments) == 4
    widths = [attachment.size_px[0] for attachment in card.attachments if attachment.size_px]
    assert widths == sorted(widths)


async def test_options_are_completed_while_they_are_typed(bot: Bot) -> None:
    """Models are ranked by what is typed and say what they are good for; sizes fit the model."""
    every = await bot.ann.autocomplete("redraw", {"model": ""}, "model")
    some = await bot.ann.autocomplete("redraw", {"model": "kontext"}, "model")
    sizes = await bot.ann.autocomplete("redraw", {"model": "gpt-image", "size": ""}, "size")
    typed = await bot.ann.autocomplete("redraw", {"model": "gpt-image", "size": "1536"}, "size")

    assert len(every) == 8
    assert all(": " in choice["name"] for choice in every)
    assert [choice["value"] for choice in some[:2]] == [
        choice["value"] for choice in some if "Kontext" in choice["name"]
    ]
    assert [choice["value"] for choice in sizes] == ["auto", "1024x1536", "1024x1024", "1536x1024"]
    assert typed[0]["value"] == "1536x1024"


@pytest.mark.parametrize("pictures", [1, 3])
async def test_message_command_redraws_the_picture_of_a_message(bot: Bot, pictures: int) -> None:
    """A message's picture is redrawn by the form; of several, the one that is chosen."""
    bob = bot.discord.user("bob", channel=bot.channel)
    message = _message_by(bob, bot.channel, bot, pictures=pictures)
    opened = await bot.ann.message_command("Redraw this image", message)
    prompt = f"one of {pictures}"
    values: dict[str, object] = {"Prompt": prompt, "Strength": "0.7"}
    values |= {"Picture": "2"} if pictures > 1 else {}
    card, result = await bot.done(await bot.ann.submit_modal(opened, values))

    assert opened.kind == "modal"
    assert _submitted(bot, prompt)["strength"] == 0.7
    assert result.pings == {bot.ann.id}
    assert len(card.attachments) == 1
    fetched = [fetch.path for fetch in bot.discord.cdn.fetches]
    chosen = message.attachments[pictures - 1]
    assert [str(each.id) in "".join(fetched) for each in message.attachments] == [
        each is chosen for each in message.attachments
    ]


async def test_message_command_takes_an_embed_from_discords_proxy(bot: Bot) -> None:
    """The picture of a linked page is fetched from Discord, never from the page."""
    embed = bot.discord.embed("https://pages.example/a.jpg", jpeg("rocket", (300, 200)))
    message = bot.discord.world.message(bot.channel, bot.ann.user, "a link", embeds=[embed])
    opened = await bot.ann.message_command("Redraw this image", message)
    await bot.done(await bot.ann.submit_modal(opened, {"Prompt": "from a page"}))

    _submitted(bot, "from a page")
    assert any(fetch.path.startswith("/external/") for fetch in bot.discord.cdn.fetches)


async def test_message_without_a_picture_is_answered_privately(bot: Bot) -> None:
    """There is no form to fill in for nothing."""
    message = bot.discord.world.message(bot.channel, bot.ann.user, "only words")
    shown = await bot.ann.message_command("Redraw this image", message)

    assert (shown.kind, shown.ephemeral) == ("message", True)
    assert "no picture" in shown.message.text


async def test_rejected_form_opens_again_as_it_was_filled_in(bot: Bot) -> None:
    """All that is wrong is told privately; Edit again brings the form back, to be mended."""
    message = _message_by(bot.ann, bot.channel, bot, pictures=1)
    opened = await bot.ann.message_command("Redraw this image", message)
    wrong = {"Prompt": "mended", "Strength": "7", "Size": "12x12"}
    refused = await bot.ann.submit_modal(opened, wrong)
    again = await bot.ann.click(refused.message, "Edit again")
    right = await bot.ann.submit_modal(again, {"Strength": "0.5", "Size": ""})
    await bot.done(right)

    assert refused.ephemeral
    assert "Strength" in refused.message.text
    assert "Size" in refused.message.text
    assert _submitted(bot, "mended")["strength"] == 0.5


async def test_models_and_jobs_are_listed_privately(bot: Bot) -> None:
    """Both lists are seen by one person alone; the jobs lead to their results."""
    dora = bot.discord.user("dora", channel=bot.channel)
    empty = await dora.slash("redraw-jobs")
    none = await empty.settled()
    _, result = await bot.done(await bot.order("listed", by=dora))
    models = await dora.slash("redraw-models")
    jobs = await (await dora.slash("redraw-jobs")).settled()

    assert (models.ephemeral, empty.ephemeral, jobs.ephemeral) == (True, True, True)
    assert "Flux Kontext Max" in models.message.text
    assert "none so far" in none.text
    assert "listed" in jobs.text
    assert _links(jobs) == [_link_to(result)]


async def test_provider_fetches_pictures_from_our_own_links(bot: Bot) -> None:
    """`redraw run` beside its API hands out the prepared picture itself, and nothing else then."""
    bot.provider.script(Script(held=True), prompt="by link")
    shown = await bot.order("by link")
    await bot.submitted("by link")
    card = await bot.card(shown)
    url = str(_submitted(bot, "by link")["image"])
    kind, data = await _get(url)
    bot.provider.release("by link")
    await bot.done(shown)

    assert not url.startswith(bot.discord.cdn_url)
    assert (kind, data) == ("image/jpeg", card.attachments[0].data)


async def test_provider_fetches_pictures_from_the_card(tmp_path: Path) -> None:
    """Where nothing has a public address, the provider gets the address of the card's picture."""
    async with bot_of(tmp_path / "bot", "card") as bot:
        card, _ = await bot.done(await bot.order("by card"))
        url = str(_submitted(bot, "by card")["image"])
        kind, data = await _get(url)

    assert url.startswith(f"{bot.discord.cdn_url}/attachments/{bot.channel.id}/")
    assert (kind, data) == ("image/jpeg", card.attachments[0].data)
    assert job_of(card)


async def _get(url: str) -> tuple[str, bytes]:
    timeout = aiohttp.ClientTimeout(total=10)
    async with aiohttp.ClientSession(timeout=timeout) as http, http.get(url) as answer:
        assert answer.status == 200
        return answer.content_type, await answer.read()
