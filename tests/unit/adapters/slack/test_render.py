"""Cards, results and notices: legal whatever the job, honest, and calling the requester alone."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters import presentation
from adapters.presentation import Action, JobCard
from adapters.slack import blocks, ids, lines, markup, render
from adapters.slack.render import Message, Shown
from core.catalogue.model import Model, Size
from core.errors import Misconfiguration, Rejection
from core.jobs.job import NOTICES_MAX, Job
from core.jobs.lifecycle import ACTIVE, Reason, State
from core.media.item import Kind
from tests.fakes.clock import START
from tests.fakes.jobs import ENDS, SHADE, item, job
from tests.fakes.slack_rendered import buttons, comments, every, labels, legal, texts

USER = "U0123456789"
LINK = "https://redraw.slack.com/archives/C0123456789/p1700000000000100"
REFERENCE = Shown(file_id="F0123456789", alt="The reference image")
HOSTILE = (
    "<!channel> <!everyone|x> <@U1> <https://evil.example|Slack> *b* _i_ ~s~ `c` @here #x :tada: "
    "&lt;!here&gt; > q\n```code``` \u202ertl\u200b 👩‍🚀 mailto:a@b.c https://evil.example/x_y"
)
WAYS = [*((state, None) for state in ACTIVE), *ENDS]

prompts = st.one_of(
    st.sampled_from([HOSTILE * 15, "*" * 4000, "&" * 4000, "👩‍🚀" * 1333, "a" * 4000, "", "> q"]),
    st.text(min_size=1, max_size=300),
)
models = st.builds(
    replace,
    st.just(SHADE),
    name=st.sampled_from(["Shade", "&" * 200, HOSTILE[:200]]),
    credits_are_published=st.booleans(),
)


@st.composite
def jobs(draw: st.DrawFn) -> Job:
    """Any job that there can be, with as much to say about it as there can be."""
    state, reason = draw(st.sampled_from(WAYS))
    batch = draw(st.integers(1, 8))
    return job(
        state=state,
        reason=reason,
        detail=draw(st.sampled_from(["", *Misconfiguration, *Rejection, "too_large"])),
        preview=draw(st.booleans()),
        attempt=draw(st.integers(0, 3)),
        cancel_wanted=draw(st.booleans()) and state is State.SUBMITTING,
        credits=draw(st.sampled_from([0, 9, 10**6])) * batch,
        remote_task_id=draw(st.none() | st.just("task")),
        submitted_at=draw(st.none() | st.just(START)),
        prepared=tuple(item(str(each)) for each in range(draw(st.integers(0, 4)))),
        outputs=tuple(item(f"o{each}", Kind.PNG) for each in range(draw(st.integers(0, batch)))),
        notices=tuple(f"{each} {HOSTILE}" for each in range(draw(st.integers(0, NOTICES_MAX)))),
        request_prompt=draw(prompts),
        request_negative_prompt=draw(st.none() | prompts),
        request_batch=batch,
        request_strength=draw(st.none() | st.just(0.4)),
        request_guidance_scale=draw(st.none() | st.just(30.0)),
        request_size=draw(st.none() | st.just(Size(width_px=1280, height_px=720))),
        request_inference_type=draw(st.none() | st.just("a100")),
        request_image_count=draw(st.integers(1, 4)),
    )


cards = st.builds(
    lambda of, model, age_s, expected_s: presentation.card(
        of, model, now=START + timedelta(seconds=age_s), expected_s=expected_s
    ),
    jobs(),
    models,
    st.floats(0, 10**6),
    st.none() | st.floats(0, 10**4),
)
references = st.integers(0, 4).map(
    lambda count: tuple(Shown(file_id=f"F00000000{each}", alt="x" * 3000) for each in range(count))
)
links = st.none() | st.just(LINK)
thorough = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def card(model: Model = SHADE, expected_s: float | None = 8.0, **changes: Any) -> JobCard:
    now = START + timedelta(seconds=5)
    return presentation.card(job(**changes), model, now=now, expected_s=expected_s)


def shown(of: JobCard, *given_references: Shown, result_link: str | None = None) -> Message:
    return render.card_message(
        of, requester_id=USER, references=given_references, result_link=result_link
    )


def notice(of: JobCard, card_link: str | None = LINK) -> Message:
    return render.notice_message(of, requester_id=USER, card_link=card_link)


def comment(of: JobCard, pictures: int = 1, **more: Any) -> str:
    return render.result_comment(of, requester_id=USER, pictures=pictures, **more)


def called(said: object) -> list[str]:
    """Return everybody whom a message calls, in markup or as a piece of rich text."""
    marked = [
        name
        for each in every(said)
        if each.get("type") == "mrkdwn"
        for name in re.findall(r"<[@!#][^>]*>", each["text"])
        if not name.startswith("<!date^")
    ]
    rich = [each["user_id"] for each in every(said) if each.get("type") == "user"]
    return marked + rich


def check(message: Message) -> None:
    """Assert what has to be so of every message."""
    assert legal(message)
    assert called(message.blocks) == [markup.mention(USER)]
    assert not re.search("[<>]", message.text)
    assert len(message.text) <= markup.FALLBACK_MAX


@thorough
@given(cards, references, links)
def test_card_is_legal_whatever_the_job(
    of: JobCard, shown_references: tuple[Shown, ...], link: str | None
) -> None:
    """Slack takes the card of any job, posted and edited; it names nobody but the requester."""
    check(shown(of, *shown_references, result_link=link))


@thorough
@given(cards, links)
def test_notice_is_legal_whatever_the_job(of: JobCard, link: str | None) -> None:
    """And so is the notice."""
    check(notice(of, link))


@thorough
@given(cards, st.integers(0, 8), st.integers(0, 8), st.integers(0, 8))
def test_result_is_legal_whatever_the_job(
    of: JobCard, pictures: int, linked: int, missing: int
) -> None:
    """So are the words of a result, with as many pictures and links as there can be."""
    signed = (f"https://media.example/{each}?sig={'a%2F' * 450}" for each in range(linked))
    urls = lines.fitting(tuple(signed))
    assert len(urls) == min(linked, 4)
    said = comment(of, pictures, links=urls, missing=missing)

    assert comments(said)
    assert re.findall(r"<[@!#][^>]*>", said) == [markup.mention(USER)]
    words, *listed = said.split(lines.LINKS_HEAD)
    assert markup.length(words) <= lines.RESULT_MAX <= markup.TEXT_MAX
    message = render.result_message(of, requester_id=USER, links=urls, missing=missing)
    check(message)
    for text in ("".join(listed), "\n".join(texts(message.blocks))):
        assert [url for url in urls if markup.link(url) not in text] == []
    assert "Cancel" not in labels(message.blocks)


def test_card_reads_from_the_request_to_what_is_going_on() -> None:
    """The card of a running job says who asked for what, with which settings, and how it stands."""
    asked = card(state=State.RUNNING, request_prompt="a *woodcut* <!here>", request_strength=0.4)

    assert texts(shown(asked, REFERENCE).blocks) == [
        "Redrawing",
        f"for <@{USER}> · {markup.ago(START)}",
        "a *woodcut* <!here>",
        "Model: Shade · Pictures: 1 · Strength: 0.4 · Estimated cost: about 9 credits",
        "It is being redrawn.",
        (
            " The image service has taken it, so it is charged as usual. "
            "Wait, or cancel it; it may be charged all the same."
        ),
        "Preparing → Waiting → Sending → *Redrawing* → Fetching → Done",
        "usually takes about 8 seconds",
        "job 01J00000000000000000000000",
    ]


def test_users_words_are_never_markup() -> None:
    """The prompt and the settings are in text in which nothing is obeyed."""
    asked = card(request_prompt="PROMPT <!here>", request_negative_prompt="NEGATIVE <!here>")

    holders = [
        each["type"]
        for each in every(shown(asked).blocks)
        if isinstance(each.get("text"), str) and re.search("PROMPT|NEGATIVE", each["text"])
    ]
    assert holders == ["text", "plain_text"]


def test_slack_reads_no_more_into_words_than_is_there() -> None:
    """No code becomes an emoji, and no name or address in our own markup a link."""
    message = shown(card(state=State.READY, outputs=(item(),)), result_link=LINK)
    instead = render.result_message(card(), requester_id=USER)
    pieces = [*every(message.blocks), *every(instead.blocks)]

    plain = [each for each in pieces if each.get("type") == "plain_text"]
    marked = [each for each in pieces if each.get("type") == "mrkdwn"]
    assert plain
    assert {each["emoji"] for each in plain} == {False}
    assert marked
    assert {each["verbatim"] for each in marked} == {True}


def test_text_beside_the_blocks_says_the_same() -> None:
    """Who reads no blocks is told what happened, what it costs and what was asked."""
    said = shown(card(state=State.READY, outputs=(item(),))).text.replace("\u2060", "")

    assert said == (
        "Redrawn: The picture is ready. It was charged: about 9 credits by our estimate. "
        "Run it again for others, or use one as the next input. “a woodcut”"
    )


def test_references_are_shown_with_words_for_them() -> None:
    """Each reference is shown from its file, with its alternative text."""
    images = [each for each in shown(card(), REFERENCE).blocks if each["type"] == "image"]

    assert images == [
        {
            "type": "image",
            "alt_text": "The reference image",
            "slack_file": {"id": "F0123456789"},
        }
    ]


def test_long_fact_gets_a_line_of_its_own() -> None:
    """A long negative prompt is cut, and does not hide the settings beside it."""
    said = "\n".join(texts(shown(card(request_negative_prompt="fog " * 900)).blocks)).splitlines()

    (long,) = [line for line in said if "Negative prompt" in line]
    assert long.startswith("Negative prompt: fog fog")
    assert long.endswith("…")
    assert len(long) < 300


def test_ended_card_is_the_summary() -> None:
    """A finished card says what made it, how long it took, how large it is and where it is."""
    done = card(
        state=State.READY,
        request_batch=3,
        outputs=(item("a"), item("b"), replace(item("c"), width_px=80)),
    )
    said = texts(shown(done, result_link=LINK).blocks)

    assert said[0] == "Redrawn"
    assert said[1].endswith(f"<{LINK}|Result>")
    assert "Shade · 12 seconds · 64x48, 80x48 pixels" in said
    assert not [each for each in said if "usually" in each or "→" in each]


def test_ended_otherwise_it_tells_how_long_it_took() -> None:
    """Without pictures there is nothing made to tell of."""
    assert "took 12 seconds" in texts(shown(card(state=State.CANCELLED)).blocks)


def test_unknown_duration_is_not_made_up() -> None:
    """Nobody knows how long it takes: then nothing is said about it."""
    assert "usually" not in str(texts(shown(card(expected_s=None)).blocks))


def test_buttons_are_the_legal_actions_in_their_order() -> None:
    """What may be done is offered in the order of the card; what destroys is red."""
    done = card(state=State.READY, outputs=(item(),), prepared=(item("p"),))
    found = buttons(shown(done).blocks)

    assert all(len(each["action_id"]) <= ids.ID_MAX for each in found)
    assert all(len(each["value"]) <= ids.VALUE_MAX for each in found)
    assert [ids.read(each["action_id"], each["value"]) for each in found] == [
        ids.Press(action=action, job_id=done.job_id) for action in done.actions
    ]
    assert [each["text"]["text"] for each in found if each.get("style") == "danger"] == ["Delete"]
    assert labels(shown(card()).blocks) == ["Cancel"]


def test_every_action_has_a_short_label() -> None:
    """No action is without words, and one row has room for all."""
    assert set(render.LABELS) == set(Action)
    assert all(len(label) <= blocks.BUTTON_LABEL_MAX for label in render.LABELS.values())
    assert len(Action) <= blocks.ACTIONS_MAX


def test_result_calls_the_requester_and_tells_what_was_made() -> None:
    """The result pings, and says by which model, how fast, how large and at which cost."""
    done = card(
        state=State.READY,
        request_batch=3,
        outputs=(item("a"), item("b"), replace(item("c"), width_px=80)),
    )

    assert comment(done, 3).replace("\u2060", "").splitlines() == [
        "*Redrawn*",
        f"<@{USER}> 3 pictures are ready.",
        "> a woodcut",
        (
            "Shade · 12 seconds · 64x48, 80x48 pixels · "
            "It was charged: about 9 credits by our estimate."
        ),
    ]


def test_result_says_what_is_no_file() -> None:
    """Links are numbered after the pictures that are files, and lost ones are counted."""
    done = card(state=State.READY, request_batch=3, outputs=(item("a"), item("b"), item("c")))
    said = comment(done, 1, links=("https://m.example/2",), missing=1)

    assert "1 picture could not be handed over here.\n" in said
    assert "Too large to be handed over as a file:\nPicture 2: <https://m.example/2>" in said


def test_link_that_no_message_takes_is_not_cut() -> None:
    """Half of it would lead nowhere."""
    assert lines.fitting([f"https://media.example/{'a' * markup.TEXT_MAX}"]) == ()


def test_result_without_files_does_not_guess_why() -> None:
    """An admin may have switched uploads off; that is said by whoever knows."""
    done = card(state=State.READY, request_batch=1, outputs=(item("a"),))
    message = render.result_message(done, requester_id=USER, links=("https://m.example/1",))

    assert "large" not in "\n".join(texts(message.blocks))
    assert "Picture 1: <https://m.example/1>" in texts(message.blocks)


def test_partial_result_says_once_why_pictures_lack() -> None:
    """Filtered or lost pictures are told in the head, and not again below."""
    done = card(
        state=State.READY, reason=Reason.PARTIAL, request_batch=3, outputs=(item("a"), item("b"))
    )

    assert comment(done, 2).count("held back by a filter or lost") == 1


def test_notice_says_what_happened_what_it_cost_and_what_to_do() -> None:
    """The notice pings, tells all three, and leads to the card."""
    said = notice(card(state=State.FAILED, reason=Reason.FILTERED))

    assert texts(said.blocks) == [
        "Not redrawn",
        f"for <@{USER}> · <{LINK}|Card>",
        "a woodcut",
        "The image service made the pictures, but its filter held all of them back.",
        " It may have been charged. Say it in other words, or take another picture.",
        "job 01J00000000000000000000000",
    ]
    assert labels(said.blocks) == ["Run again", "Edit and run", "Delete"]


@pytest.mark.parametrize("state", [State.RUNNING, State.READY, State.UNCERTAIN])
def test_preview_is_said_on_every_message(state: State) -> None:
    """A local preview never passes for the hosted model."""
    drawn = card(preview=True, state=state, outputs=(item(),))

    for message in (shown(drawn), notice(drawn)):
        assert "(local preview)" in texts(message.blocks)[0]
        assert "This is a local preview, not Shade itself." in texts(message.blocks)
        assert "(local preview)" in message.text
    assert "(local preview)" in comment(drawn).splitlines()[0]


def test_ignored_parameter_is_told_in_one_short_line() -> None:
    """The model is known to ignore it: the card says so in small print."""
    assert "Shade is known to ignore guidance scale." in texts(
        shown(card(request_guidance_scale=3.5)).blocks
    )


def test_deleted_job_says_nothing_of_its_prompt_and_offers_nothing() -> None:
    """What is forgotten is said to be."""
    message = shown(card(state=State.READY, request_prompt=""))

    assert presentation.FORGOTTEN in texts(message.blocks)
    assert buttons(message.blocks) == []
