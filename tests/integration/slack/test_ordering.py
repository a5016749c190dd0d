"""From a command, a shortcut or a mention to a job: kept, acknowledged, driven, in this order."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from adapters.slack import origin, words
from adapters.slack.origin import Upload
from adapters.slack.registration import COMMAND, GLOBAL_SHORTCUT, MESSAGE_SHORTCUT
from core.jobs.lifecycle import Reason, State
from core.jobs.quota import Limits
from tests.fakes.jobs import picture_bytes
from tests.fakes.slack_rig import PATIENCE_S, PICTURE, Mode, Redraw, open_redraw, order
from tests.fakes.slack_user import Person

NAME, DATA = PICTURE
TWO = {"a.png": DATA, "b.png": picture_bytes("red", (64, 64))}


@pytest.fixture(params=list(Mode))
async def redraw(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Redraw]:
    async with open_redraw(tmp_path, request.param) as opened:
        yield opened


@pytest.fixture
def ann(redraw: Redraw) -> Person:
    return redraw.slack.user("ann", channel=redraw.channel)


async def test_form_is_acknowledged_and_redrawn(redraw: Redraw, ann: Person) -> None:
    """The whole way: the form is cleared, then a public card, then the pictures in its thread."""
    sent = await order(ann)
    assert sent.response_action == "clear"
    job = await redraw.until(sent, State.READY)
    await redraw.said(job)
    assert job.acked_at is not None
    assert (job.origin.requester, job.request.prompt) == (f"slack:{ann.id}", "ink")
    (card,) = redraw.slack.messages(redraw.channel)
    (result,) = redraw.slack.thread(card)
    assert len(result.files) == 1


async def test_opening_the_form_is_the_first_call(redraw: Redraw, ann: Person) -> None:
    """Nothing is asked of Slack between the command and its form."""
    before = len(redraw.slack.calls)
    shown = await ann.command(COMMAND, "as a woodcut strength:0.4")
    view = await shown.viewed()
    assert [call.method for call in redraw.slack.calls[before:]] == ["views.open"]
    filled = {state.get("value") for each in view.values.values() for state in each.values()}
    assert {"as a woodcut", "0.4"} <= filled


async def test_choosing_a_model_reshapes_the_form(redraw: Redraw, ann: Person) -> None:
    """What the new model does not read is not asked for any more; the words stay."""
    view = await (await ann.command(COMMAND, "ink")).viewed()
    labels = {control.get("label") for control in view.controls}
    models = next(each for each in view.controls if each.get("label") == "Model")
    other = next(
        option["value"]
        for option in models["options"]
        if redraw.desk.catalogue[option["value"]].reads == frozenset()
    )
    chosen = await ann.choose(view, "Model", other)
    changed = await chosen.viewed(lambda form: form.updates == 1)
    assert {control.get("label") for control in changed.controls} < labels
    sent = await ann.submit(changed, {"Picture": PICTURE})
    job = await redraw.until(sent, State.READY)
    assert (job.request.model_id, job.request.prompt) == (other, "ink")


async def test_second_of_two_quick_choices_shapes_the_form(redraw: Redraw, ann: Person) -> None:
    """Both are made in the form as it was opened: the last one decides which fields there are."""
    view = await (await ann.command(COMMAND, "ink")).viewed()
    first = await ann.choose(view, "Model", "flux-redux", waits=False)
    second = await ann.choose(view, "Model", "ideogram-remix", waits=False)
    for chosen in (first, second):
        await chosen.acknowledged()
    changed = await second.viewed(lambda form: form.updates == 2)
    assert "size:ideogram-remix" in {control["block_id"] for control in changed.controls}
    job = await redraw.until(await ann.submit(changed, {"Picture": PICTURE}), State.READY)
    assert (job.request.model_id, job.request.prompt) == ("ideogram-remix", "ink")


async def test_problems_are_said_at_their_fields(redraw: Redraw, ann: Person) -> None:
    """A file that is no picture: the form stays open, and taken once it is mended."""
    view = await (await ann.command(COMMAND, "ink")).viewed()
    wrong = await ann.submit(view, {"Picture": ("song.mp3", b"ID3")})
    assert wrong.response_action == "errors"
    assert "no picture" in wrong.errors["pictures"]
    assert await redraw.job(wrong) is None
    assert (await ann.submit(view, {"Picture": PICTURE})).response_action == "clear"


async def test_same_form_sent_twice_is_one_job(redraw: Redraw, ann: Person) -> None:
    """A second delivery of the same form is acknowledged, and finds the job."""
    sent = await order(ann)
    again = await redraw.slack.replay(sent)
    assert again.response_action == "clear"
    assert len(await redraw.jobs_of(ann)) == 1


async def test_message_shortcut_answers_in_the_thread(redraw: Redraw, ann: Person) -> None:
    """The picture is that of the message, which may be a reply."""
    root = ann.say("look")
    message = ann.upload({NAME: DATA}, thread=root)
    view = await (await ann.message_shortcut(MESSAGE_SHORTCUT, message)).viewed()
    assert NAME in view.words
    job = await redraw.until(await ann.submit(view, {"Prompt": "ink"}), State.READY)
    await redraw.said(job)
    card, result = (m for m in redraw.slack.thread(root) if m.author is redraw.slack.world.bot)
    assert (card.thread_ts, len(result.files)) == (root.ts, 1)


async def test_one_of_several_pictures_is_chosen(redraw: Redraw, ann: Person) -> None:
    """The form has them to choose from."""
    message = ann.upload(TWO)
    view = await (await ann.message_shortcut(MESSAGE_SHORTCUT, message)).viewed()
    sent = await ann.submit(view, {"Prompt": "ink", "Picture": "1"})
    job = await redraw.until(sent, State.READY)
    (source,) = origin.of(job.origin).sources
    assert isinstance(source, Upload)
    assert source.name == "b.png"


async def test_chosen_picture_stays_when_the_model_changes(redraw: Redraw, ann: Person) -> None:
    """Also where the new model takes several, and the menu is another one."""
    view = await (await ann.message_shortcut(MESSAGE_SHORTCUT, ann.upload(TWO))).viewed()
    several = next(each.model_id for each in redraw.desk.catalogue.models if each.images_max > 1)
    ann.fill(view, {"Picture": "1"})
    chosen = await ann.choose(view, "Model", several)
    changed = await chosen.viewed(lambda form: form.updates == 1)
    job = await redraw.until(await ann.submit(changed, {"Prompt": "ink"}), State.READY)
    assert [each.name for each in origin.of(job.origin).sources if isinstance(each, Upload)] == [
        "b.png"
    ]


async def test_message_without_a_picture_is_told_so(redraw: Redraw, ann: Person) -> None:
    """In private, and without a form."""
    shown = await ann.message_shortcut(MESSAGE_SHORTCUT, ann.say("hello"))
    await shown.told("no picture in this message")
    assert shown.modal is None


async def test_other_files_of_a_message_are_said_to_be_left_out(
    redraw: Redraw, ann: Person
) -> None:
    """In the form of the shortcut, also once it was reshaped."""
    message = ann.upload({NAME: DATA, "notes.pdf": b"%PDF-1.4"})
    view = await (await ann.message_shortcut(MESSAGE_SHORTCUT, message)).viewed()
    assert "Left out: notes.pdf." in view.words
    chosen = await ann.choose(view, "Model", "flux-redux")
    changed = await chosen.viewed(lambda form: form.updates == 1)
    assert "Left out: notes.pdf." in changed.words


async def test_other_files_of_a_mention_are_said_to_be_left_out(
    redraw: Redraw, ann: Person
) -> None:
    """Once, to its author alone, whether it is an order or has mistakes to mend."""
    files = {NAME: DATA, "notes.pdf": b"%PDF-1.4"}
    shown = await ann.mention("ink", files=files)
    told = await shown.told("Left out: notes.pdf.")
    assert shown.source is not None
    assert (told.seen_by, told.thread_ts) == (ann.user, shown.source.ts)
    await redraw.slack.redeliver(shown.event_id)
    await redraw.until(shown, State.READY)
    wrong = await ann.mention("ink strength:9", files=files)
    view = await (await ann.click(await wrong.told("Strength"), "Edit in a form")).viewed()
    assert "Left out: notes.pdf." in view.words
    assert len([m for m in redraw.slack.world.messages if "Left out" in m.words]) == 1


async def test_mistakes_of_a_command_are_told_with_the_form_to_mend_them(
    redraw: Redraw, ann: Person
) -> None:
    """A form cannot show them, and would have dropped them in silence."""
    shown = await ann.command(COMMAND, "ink strength:9 model:nosuch batch:2 modell:x")
    told = await shown.told("Strength")
    assert "Model" in told.words
    assert "Modell" in told.words
    assert not redraw.slack.called("views.open")
    view = await (await ann.click(told, "Edit in a form")).viewed()
    sent = await ann.submit(view, {"Picture": PICTURE, "Strength": "0.4"})
    job = await redraw.until(sent, State.READY)
    assert (job.request.prompt, job.request.batch) == ("ink", 2)


@pytest.mark.parametrize("letter", ["w", "\N{PARTY POPPER}", "\x01"])
async def test_words_without_end_are_refused_as_words(
    redraw: Redraw, ann: Person, letter: str
) -> None:
    """However long they are, the form opens with what it can hold."""
    endless = letter * 30_000
    for shown in (
        await ann.command(COMMAND, f"ink {endless} strength:9"),
        await ann.mention(f"ink {endless} strength:9", files={NAME: DATA}),
    ):
        told = await shown.told("Strength")
        assert "Prompt" in told.words
        view = await (await ann.click(told, "Edit in a form")).viewed()
        assert "ink" in str(view.values)


async def test_global_shortcut_asks_for_the_place(redraw: Redraw, ann: Person) -> None:
    """It knows none of its own."""
    view = await (await ann.global_shortcut(GLOBAL_SHORTCUT)).viewed()
    filled = {"Prompt": "ink", "Picture": PICTURE, "Where to post": redraw.channel.id}
    job = await redraw.until(await ann.submit(view, filled), State.READY)
    await redraw.said(job)
    assert len(redraw.slack.messages(redraw.channel)) == 1


async def test_mention_is_an_order(redraw: Redraw, ann: Person) -> None:
    """Words and settings of the message, its picture, and the answer in its thread."""
    shown = await ann.mention("as a woodcut strength:0.4", files={NAME: DATA})
    job = await redraw.until(shown, State.READY)
    await redraw.said(job)
    assert (job.request.prompt, job.request.strength) == ("as a woodcut", 0.4)
    assert shown.source is not None
    assert len(redraw.slack.thread(shown.source)) == 2


async def test_redelivered_mention_is_one_job(redraw: Redraw, ann: Person) -> None:
    """Slack tells again of what it heard no answer to; headers and event id are the same."""
    shown = await ann.mention("ink", files={NAME: DATA})
    await redraw.slack.redeliver(shown.event_id)
    await redraw.until(shown, State.READY)
    assert len(await redraw.jobs_of(ann)) == 1


async def test_row_is_there_before_a_mention_is_acknowledged(redraw: Redraw, ann: Person) -> None:
    """Whoever looks right after the acknowledgement finds it."""
    shown = await ann.mention("ink", files={NAME: DATA})
    assert await redraw.job(shown) is not None


async def test_mistakes_of_a_mention_are_told_in_private(redraw: Redraw, ann: Person) -> None:
    """All at once, in the thread, with a form to mend them in."""
    shown = await ann.mention("ink strength:9 modell:flux model:nosuch", files={NAME: DATA})
    told = await shown.told("Strength")
    for word in ("Modell", "Model", "Allowed"):
        assert word in told.words
    assert shown.source is not None
    assert told.thread_ts == shown.source.ts
    view = await (await ann.click(told, "Edit in a form")).viewed()
    assert (await ann.submit(view, {"Strength": "0.4"})).response_action == "clear"
    (job,) = await redraw.jobs_of(ann)
    assert (job.request.prompt, job.request.strength) == ("ink", 0.4)


async def test_mention_without_a_picture_is_told_of_the_shortcut(
    redraw: Redraw, ann: Person
) -> None:
    """Reading the thread is not ours to do."""
    shown = await ann.mention("as a woodcut")
    await shown.told("Redraw this image")
    assert await redraw.job(shown) is None


@pytest.mark.parametrize("text", ["", "help", "models", "jobs"])
async def test_lists_are_told_in_private(redraw: Redraw, ann: Person, text: str) -> None:
    """By mention and by command; a mention with nothing in it asks for help."""
    title = {"models": "Models", "jobs": "Your jobs"}.get(text, "Redraw this image")
    await (await ann.mention(text)).told(title)
    if text:
        shown = await ann.command(COMMAND, text)
        assert title in (await shown.told()).words
        assert shown.ack


async def test_place_that_is_not_allowed_is_told_before_the_form(tmp_path: Path) -> None:
    """In the acknowledgement itself."""
    limits = Limits(jobs_per_user=0, allowed_places=frozenset({"slack:C1"}))
    async with open_redraw(tmp_path, limits=limits) as redraw:
        ann = redraw.slack.user("ann", channel=redraw.channel)
        shown = await ann.command(COMMAND, "ink")
        assert "may not be used in this place" in (await shown.told()).words
        assert not redraw.slack.called("views.open")


async def test_without_a_place_to_lend_pictures_nothing_is_opened(tmp_path: Path) -> None:
    """Command, both shortcuts and mentions say so in private; the lists still work."""
    async with open_redraw(tmp_path, hosts=False) as redraw:
        ann = redraw.slack.user("ann", channel=redraw.channel)
        message = ann.upload({NAME: DATA})
        asked = [
            await ann.command(COMMAND, "ink"),
            await ann.message_shortcut(MESSAGE_SHORTCUT, message),
            await ann.mention("ink", files={NAME: DATA}),
        ]
        for shown in asked:
            await shown.told("REDRAW_MEDIA_URL")
        view = await (await ann.global_shortcut(GLOBAL_SHORTCUT)).viewed()
        assert "REDRAW_MEDIA_URL" in view.words
        assert not view.data.get("submit")
        assert not await redraw.jobs_of(ann)
        assert (await ann.command(COMMAND, "help")).ack


async def test_used_up_quota_is_said_in_the_form(tmp_path: Path) -> None:
    """It counts when the form is sent."""
    limits = Limits(jobs_per_user=0, pictures_per_user_day=1)
    async with open_redraw(tmp_path, limits=limits) as redraw:
        ann = redraw.slack.user("ann", channel=redraw.channel)
        await redraw.until(await order(ann), State.READY)
        refused = await order(ann)
        assert refused.response_action == "errors"
        assert len(await redraw.jobs_of(ann)) == 1


async def test_channel_that_we_are_not_in_is_told_in_private(tmp_path: Path) -> None:
    """Nothing is paid; the words come through the command's own answer."""
    async with open_redraw(tmp_path) as redraw:
        elsewhere = redraw.slack.world.channel("elsewhere", private=True, has_bot=False)
        ann = redraw.slack.user("ann", channel=elsewhere)
        shown = await ann.command(COMMAND, "ink")
        sent = await ann.submit(await shown.viewed(), {"Picture": PICTURE})
        job = await redraw.until(sent, State.FAILED)
        assert job.reason is Reason.NO_PLACE
        assert not redraw.provider.submits
        await shown.told("/invite @Redraw", within_s=PATIENCE_S)


async def test_form_that_cannot_be_opened_is_told_of(redraw: Redraw, ann: Person) -> None:
    """The trigger is too old, or Slack will not: nobody is left waiting."""
    redraw.slack.faults.fail("views.open", error="expired_trigger_id")
    shown = await ann.command(COMMAND, "ink")
    told = await shown.told("could not be opened")
    assert words.FORM_NOT_OPENED.partition(":")[0] in told.words


async def test_form_that_may_have_opened_is_not_denied(redraw: Redraw, ann: Person) -> None:
    """Slack shows it, and its answer is lost: whoever sends it has not been told otherwise."""
    redraw.slack.faults.fail("views.open", drop=True, after_taking=True)
    shown = await ann.command(COMMAND, "ink")
    told = await shown.told("did not say")
    assert words.FORM_IN_DOUBT in told.words
    sent = await ann.submit(await shown.viewed(), {"Picture": PICTURE})
    await redraw.until(sent, State.READY)
