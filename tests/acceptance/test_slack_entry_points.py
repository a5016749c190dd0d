"""Slack as people use it: each way to ask for pictures, over both ways of listening, end to end."""

from __future__ import annotations

from collections.abc import AsyncIterator

import aiohttp
import pytest
import pytest_asyncio

from adapters.slack.registration import COMMAND, MESSAGE_SHORTCUT
from tests.acceptance.slack_marks import jobs, labels_of, lost, nothing_twice, pings_of
from tests.acceptance.slack_process import PATIENCE_S, Bot, Mode, bot_of
from tests.acceptance.slack_ways import KONTEXT, WAYS, Asked, pictures
from tests.fakes.pictures import jpeg
from tests.fakes.provider_script import Submit

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]

BUTTONS = {"Run again", "Edit and run", "Use as input", "Before/after", "Delete"}


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=list(Mode))
async def bot(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Bot]:
    async with bot_of(tmp_path_factory.mktemp("slack") / "bot", request.param) as process:
        yield process
        assert [act.kind for act in process.slack.unacknowledged] == []
        assert lost(process.slack) == 0


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def asked(bot: Bot) -> dict[str, Asked]:
    """Have people ask in every way, without waiting for each other's pictures."""
    return {name: await way(bot) for name, way in WAYS.items()}


def _submitted(bot: Bot, prompt: str) -> Submit:
    (submit,) = [each for each in bot.provider.submits if each.prompt == prompt]
    assert submit.task_id is not None
    assert set(submit.reference_codes) == {200}
    return submit


@pytest.mark.parametrize("way", WAYS)
async def test_every_way_ends_in_one_result_where_it_was_asked(
    bot: Bot, asked: dict[str, Asked], way: str
) -> None:
    """A card and one reply with the pictures, for the requester, and the card leads to it."""
    this = asked[way]
    card, result = await bot.done(this.sent)

    body = _submitted(bot, this.prompt).body
    assert body["celery"] is True
    assert (card.channel, result.channel) == (this.place, this.place)
    assert card.thread_ts == (this.root.ts if this.root else None)
    assert result.thread_ts == (this.root or card).ts
    assert pings_of(card) == pings_of(result) == {this.who.id}
    assert len(result.files) == body["batch"]
    assert all(this.prompt in (file.alt or "") for file in result.files)
    assert set(labels_of(card)) >= BUTTONS


async def test_settings_that_are_typed_reach_the_provider(
    bot: Bot, asked: dict[str, Asked]
) -> None:
    """In a command and in a mention alike; what was typed is in the form, to be changed."""
    await bot.done(asked["typed_command"].sent)
    await bot.done(asked["mention"].sent)
    command = _submitted(bot, "by typed command").body
    mention = _submitted(bot, "by mention").body

    assert (command["width"], command["height"], command["batch"]) == (1536, 1024, 2)
    assert (mention["width"], mention["height"], mention["batch"]) == (1280, 720, 1)
    assert (mention["strength"], mention["negative_prompt"]) == (0.4, "no people")


async def test_pictures_that_are_chosen_are_the_ones_redrawn(
    bot: Bot, asked: dict[str, Asked]
) -> None:
    """The last of three, and two of three; the others are not even fetched."""
    await bot.done(asked["shortcut_in_thread"].sent)
    await bot.done(asked["shortcut_with_several"].sent)
    fetched = "".join(each.path for each in bot.slack.hosting.fetches)

    def names(way: str) -> list[str]:
        source = asked[way].source
        assert source is not None
        return [file.name for file in source.files if file.id in fetched]

    assert names("shortcut_in_thread") == ["2.jpg"]
    assert names("shortcut_with_several") == ["0.jpg", "2.jpg"]
    assert len(set(_urls(_submitted(bot, "by shortcut with several")))) == 2


async def test_buttons_in_a_thread_are_answered_there(bot: Bot) -> None:
    """In private, below the card; and what is run again is said in the same thread."""
    eve = bot.slack.user("eve", channel=bot.channel)
    root = bot.ann.say("and this one?")
    card, _ = await bot.done(await bot.ann.mention("twice", files=pictures(1), thread=root))
    refused = await eve.click(card, "Delete")
    told = await refused.told("Only the person who asked", within_s=PATIENCE_S)
    again, result = await bot.done(await eve.click(card, "Run again"))

    assert (told.thread_ts, told.seen_by) == (root.ts, eve.user)
    assert (again.thread_ts, result.thread_ts) == (root.ts, root.ts)


async def test_every_field_of_the_form_reaches_the_provider(bot: Bot) -> None:
    """Choosing a model reshapes the form; what is filled in is sent, and four pictures come."""
    finn = bot.slack.user("finn", channel=bot.channel)
    first = await bot.form(await finn.command(COMMAND, "by form"))
    view = await bot.form(await finn.choose(first, "Model", "ideogram-remix"), updates=1)
    filled = {
        "Picture": ("form.jpg", jpeg("rocket", (300, 400))), "Size": "960x1280", "Strength": "0.7",
        "Negative prompt": "people", "Pictures to make": "4",
    }  # fmt: skip
    _, result = await bot.done(await finn.submit(view, filled))

    body = _submitted(bot, "by form").body
    sent = {"strength": 0.7, "negative_prompt": "people", "batch": 4, "width": 960, "height": 1280}
    assert {name: body[name] for name in sent} == sent
    assert len({file.alt for file in result.files}) == len(result.files) == 4


async def test_four_pictures_for_the_model_that_takes_them(bot: Bot) -> None:
    """Kontext Max gets all four references, in their order, each fetched with success."""
    flo = bot.slack.user("flo", channel=bot.channel)
    first = await bot.form(await flo.command(COMMAND, f"four in one model:{KONTEXT}"))
    _, result = await bot.done(await flo.submit(first, {"Picture": [*pictures(4).items()]}))

    submit = _submitted(bot, "four in one")
    assert len(set(_urls(submit))) == 4
    assert submit.reference_codes == (200, 200, 200, 200)
    assert submit.body["image"] == _urls(submit)[0]
    assert len(result.files) == 1


async def test_private_file_is_lent_by_a_link_of_ours_that_ends_with_the_job(bot: Bot) -> None:
    """The provider gets the prepared picture itself from us, and nobody gets it afterwards."""
    sent, _ = await bot.running("by link")
    (url,) = _urls(_submitted(bot, "by link"))
    lent = await _get(url)
    bot.provider.release("by link")
    await bot.done(sent)
    afterwards = await _get(url)

    assert not url.startswith(bot.slack.files_url)
    assert lent == (200, "image/jpeg")
    assert afterwards[0] == 404


@pytest.mark.parametrize("text", ["", "help", "models", "jobs"])
async def test_lists_are_told_in_private(bot: Bot, text: str) -> None:
    """By mention and by command, to one person; a mention with nothing in it asks for help."""
    nora = bot.slack.user("nora", channel=bot.channel)
    words = {"models": "Flux Kontext Max", "jobs": "none so far"}.get(text, "Redraw this image")
    mentioned = await nora.mention(text)
    shown = [mentioned, *([await nora.command(COMMAND, text)] if text else [])]
    for each in shown:
        told = await each.told(words, within_s=PATIENCE_S)
        assert told.seen_by is nora.user


async def test_jobs_lead_to_their_pictures(bot: Bot) -> None:
    """The list has a link to the reply, and what is left of the limits."""
    lena = bot.slack.user("lena", channel=bot.channel)
    card, result = await bot.done(await bot.order("listed", by=lena))
    told = await (await lena.command(COMMAND, "jobs")).told("listed", within_s=PATIENCE_S)

    assert f"/p{result.ts.replace('.', '')}?thread_ts={card.ts}" in told.words


async def test_messages_without_a_picture_are_answered_in_private(bot: Bot) -> None:
    """Mentions are told of the shortcut, the shortcut has no form to fill in for nothing."""
    before = jobs(bot.slack)
    root = bot.ann.upload(pictures(1))
    mentioned = await bot.ann.mention("as a woodcut", thread=root)
    told = await mentioned.told("Redraw this image", within_s=PATIENCE_S)
    shortcut = await bot.ann.message_shortcut(MESSAGE_SHORTCUT, bot.ann.say("only words"))
    await shortcut.told("no picture in this message", within_s=PATIENCE_S)

    assert told.thread_ts == root.ts
    assert shortcut.modal is None
    assert jobs(bot.slack) == before


async def test_what_slack_sends_twice_is_one_job(bot: Bot, asked: dict[str, Asked]) -> None:
    """A mention that is told of again, and a form that comes again, are acknowledged as before."""
    mention, form = asked["mention"], asked["command"]
    await bot.done(mention.sent)
    await bot.done(form.sent)
    before = jobs(bot.slack)
    await bot.slack.redeliver(mention.sent.event_id)
    again = await bot.slack.replay(form.sent)

    assert again.response_action == form.sent.response_action
    await bot.done(await bot.order("after them"))
    assert len(jobs(bot.slack) - before) == 1
    nothing_twice(bot.slack, bot.provider)


@pytest.mark.parametrize("kind", ["message", "reaction_added", "never_heard_of"])
async def test_events_that_nobody_waits_for_are_acknowledged(bot: Bot, kind: str) -> None:
    """Else Slack sends them again, and in the end none any more."""
    shown = await bot.slack.event({"type": kind, "event_ts": "1.2"})

    assert not shown.unacknowledged


def _urls(submit: Submit) -> list[str]:
    several = submit.body.get("file_urls")
    return (
        [str(each) for each in several]
        if isinstance(several, list)
        else [str(submit.body["image"])]
    )


async def _get(url: str) -> tuple[int, str]:
    timeout = aiohttp.ClientTimeout(total=10)
    async with aiohttp.ClientSession(timeout=timeout) as http, http.get(url) as answer:
        await answer.read()
        return answer.status, answer.content_type
