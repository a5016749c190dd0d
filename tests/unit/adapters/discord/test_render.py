"""Cards, results and notices: legal whatever the job, honest, and found again by their marker."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import discord
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters import presentation
from adapters.discord import ids, markup, render
from adapters.discord.render import Mark, Picture
from adapters.presentation import Action, JobCard
from core.catalogue.model import Model, Size
from core.errors import Misconfiguration, Rejection
from core.jobs.job import NOTICES_MAX, Job
from core.jobs.lifecycle import ACTIVE, DeliveryKind, Reason, State
from core.media.item import Kind
from tests.fakes.clock import START
from tests.fakes.discord_rendered import (
    V2,
    buttons,
    components,
    every,
    labels,
    legal,
    posted,
    rendered,
    texts,
)
from tests.fakes.jobs import ENDS, SHADE, item, job

USER = 123_456_789_012_345_678
LINK = "https://discord.com/channels/111111111111111111/222222222222222222/333333333333333333"
CARD = Mark(kind=DeliveryKind.CARD, seq=0)
RESULT = Mark(kind=DeliveryKind.RESULT, seq=0)
NOTICE = Mark(kind=DeliveryKind.NOTICE, seq=0)
REFERENCE = Picture(name="reference-1.jpg", alt="The picture to be redrawn.")
HOSTILE = (
    "@everyone <@123> `code` ||spoiler||\n# heading\n-# small https://evil.example/x_y "
    "[a](https://b.c) \u202ertl\u200b 👩‍🚀 discord.gg/abc <t:1:R> <:e:1> **"
)
WAYS = [*((state, None) for state in ACTIVE), *ENDS]

prompts = st.one_of(
    st.sampled_from([HOSTILE * 20, "*" * 4000, "👩‍🚀" * 1333, "a" * 4000, "", "> q"]),
    st.text(min_size=1, max_size=300),
)
marks = st.builds(Mark, kind=st.sampled_from(DeliveryKind), seq=st.integers(0, 999))
models = st.builds(
    replace,
    st.just(SHADE),
    name=st.sampled_from(["Shade", "*" * 200, HOSTILE[:200]]),
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
pictures = st.integers(0, 8).map(
    lambda count: tuple(Picture(name=f"p-{each}.png", alt="x" * 1000) for each in range(count))
)
thorough = settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])


def card(model: Model = SHADE, expected_s: float | None = 8.0, **changes: Any) -> JobCard:
    now = START + timedelta(seconds=5)
    return presentation.card(job(**changes), model, now=now, expected_s=expected_s)


def shown(
    of: JobCard, *references: Picture, result_link: str | None = None, mark: Mark = CARD
) -> discord.ui.LayoutView:
    return rendered(
        lambda: render.card_view(
            of, mark=mark, requester_id=USER, references=references, result_link=result_link
        )
    )


def result(
    of: JobCard, *given: Picture, links: tuple[str, ...] = (), missing: int = 0
) -> discord.ui.LayoutView:
    return rendered(
        lambda: render.result_view(
            of, mark=RESULT, requester_id=USER, pictures=given, links=links, missing=missing
        )
    )


def notice(of: JobCard, card_link: str | None = LINK) -> discord.ui.LayoutView:
    return rendered(
        lambda: render.notice_view(of, mark=NOTICE, requester_id=USER, card_link=card_link)
    )


def check(view: discord.ui.LayoutView, marker: str, files: tuple[Picture, ...] = ()) -> None:
    """Assert what has to be so of every message."""
    assert legal(posted(view, [each.name for each in files]))
    assert marker in str(components(view))
    assert view.is_finished()
    said = texts(view)
    assert sum(map(markup.length, said.splitlines())) <= markup.TEXT_MAX
    mentions = set(re.findall(r"<@[!&]?\d+>|@everyone|@here", said))
    assert mentions == {markup.mention(USER)}


@thorough
@given(cards, marks, pictures, st.none() | st.just(LINK))
def test_card_is_legal_whatever_the_job(
    of: JobCard, mark: Mark, references: tuple[Picture, ...], link: str | None
) -> None:
    """Discord takes the card of any job; it has its marker, and names nobody but the requester."""
    check(shown(of, *references, result_link=link, mark=mark), mark.of(of.job_id), references)


@thorough
@given(cards, pictures, st.integers(0, 8), st.integers(0, 8))
def test_result_is_legal_whatever_the_job(
    of: JobCard, given_pictures: tuple[Picture, ...], links: int, missing: int
) -> None:
    """So is the result, with as many pictures and links as there can be, and no Cancel on it."""
    linked = tuple(f"https://media.example/{each}?sig={'a%2F' * 200}" for each in range(links))
    view = result(of, *given_pictures, links=linked, missing=missing)

    check(view, RESULT.of(of.job_id), given_pictures)
    assert "Cancel" not in labels(view)
    whole = [url for url in linked if f"(<{url}>)" in texts(view)]
    assert texts(view).count("https://media.example/") == len(whole) >= min(links, 2)
    lost = missing + links - len(whole)
    said = re.findall(r"(?m)^(\d+) pictures? could not be handed over here\.$", texts(view))
    assert said == ([str(lost)] if lost else [])


@thorough
@given(cards, st.none() | st.just(LINK))
def test_notice_is_legal_whatever_the_job(of: JobCard, link: str | None) -> None:
    """And so is the notice."""
    check(notice(of, link), NOTICE.of(of.job_id))


def test_whole_message_is_what_discord_py_sends() -> None:
    """The library's own count and flag agree with ours."""
    view = shown(card(), REFERENCE)

    assert view.has_components_v2()
    assert view.total_children_count == len(list(every(components(view))))
    assert view.content_length() <= 4000
    assert posted(view).body["flags"] == V2  # type: ignore[index] # as made above


def test_card_reads_from_the_request_to_what_is_going_on() -> None:
    """The card of a running job says who asked for what, with which settings, and how it stands."""
    asked = card(state=State.RUNNING, request_prompt="a *woodcut*", request_strength=0.4)

    assert texts(shown(asked, REFERENCE)).splitlines() == [
        "### Redrawing",
        f"for <@{USER}> · <t:{int(START.timestamp())}:R>",
        r"> a \*woodcut\*",
        (
            "-# Model **Shade** · Pictures **1** · Strength **0.4** "
            "· Estimated cost **about 9 credits**"
        ),
        (
            "**It is being redrawn.** The image service has taken it, so it is charged as usual. "
            "Wait, or cancel it; it may be charged all the same."
        ),
        "-# Preparing → Waiting → Sending → **Redrawing** → Fetching → Done",
        "-# usually takes about 8 seconds",
        "-# job 01J00000000000000000000000",
    ]


def test_card_shows_the_references_with_words_for_them() -> None:
    """Each reference is shown from its attachment, with its alternative text."""
    galleries = [each for each in every(components(shown(card(), REFERENCE))) if each["type"] == 12]

    assert [each["items"] for each in galleries] == [
        [
            {
                "media": {"url": "attachment://reference-1.jpg"},
                "description": "The picture to be redrawn.",
                "spoiler": False,
            }
        ]
    ]


def test_card_that_has_no_references_left_shows_none() -> None:
    """Without pictures there is no gallery: Discord refuses an empty one."""
    assert 12 not in {each["type"] for each in every(components(shown(card())))}


def test_long_fact_gets_a_line_of_its_own() -> None:
    """A long negative prompt is cut, and does not hide the settings beside it."""
    lines = texts(shown(card(request_negative_prompt="fog " * 900))).splitlines()

    (long,) = [line for line in lines if "Negative prompt" in line]
    assert long.startswith("-# Negative prompt **fog fog")
    assert long.endswith("…**")
    assert len(long) < 300


def test_ended_card_tells_how_long_it_took_and_where_the_result_is() -> None:
    """A finished card says no more what usually happens, and leads to the result."""
    view = shown(card(state=State.READY, outputs=(item(),)), result_link=LINK)

    assert "-# took 12 seconds" in texts(view)
    assert "usually" not in texts(view)
    assert "→" not in texts(view)
    assert [(each["label"], each["url"]) for each in buttons(view) if "url" in each] == [
        ("Result", LINK)
    ]


def test_unknown_duration_is_not_made_up() -> None:
    """Nobody knows how long it takes: then nothing is said about it."""
    assert "usually" not in texts(shown(card(expected_s=None)))


@pytest.mark.parametrize(
    ("changes", "colour"),
    [
        ({"state": State.RUNNING}, 0x5865F2),
        ({"state": State.QUEUED, "attempt": 1}, 0xF0B232),
        ({"state": State.READY}, 0x23A55A),
        ({"state": State.FAILED, "reason": Reason.FILTERED}, 0xDA373C),
        ({"state": State.CANCELLED, "reason": Reason.WITHDRAWN}, 0x80848E),
        ({"state": State.EXPIRED, "reason": Reason.DEADLINE}, 0xE67E22),
        ({"state": State.UNCERTAIN, "reason": Reason.OUTCOME_UNKNOWN}, 0xF0B232),
    ],
)
def test_colour_tells_the_state(changes: dict[str, Any], colour: int) -> None:
    """Going on, held up, done, failed, cancelled, too late, unknown: told apart at a glance."""
    (box,) = components(shown(card(**changes)))

    assert box["accent_color"] == colour


def test_buttons_are_the_legal_actions_in_their_order() -> None:
    """What may be done is offered in the order of the card; what destroys is red."""
    done = card(state=State.READY, outputs=(item(),), prepared=(item("p"),))
    found = buttons(result(done, Picture(name="a.png", alt="a")))

    assert [ids.read(each["custom_id"]) for each in found] == [
        ids.Press(action=action, job_id=done.job_id) for action in done.actions
    ]
    assert [each["label"] for each in found if each["style"] == 4] == ["Delete"]
    assert labels(shown(card())) == ["Cancel"]


def test_every_action_has_a_short_label() -> None:
    """No action is without words."""
    assert set(render.LABELS) == set(Action)
    assert all(len(label) <= markup.BUTTON_LABEL_MAX for label in render.LABELS.values())


def test_final_edit_keeps_the_marker_of_the_card() -> None:
    """The last edit of a card leaves it findable as the card that it is."""
    final = Mark(kind=DeliveryKind.CARD_FINAL, seq=0)
    view = shown(card(state=State.READY), mark=final)

    assert final.of("J") == CARD.of("J") == "J:c0"
    assert all(each["custom_id"].endswith(":c0") for each in buttons(view))


def test_message_without_buttons_is_marked_in_its_last_line() -> None:
    """With nothing to press, the marker is in the line that names the job."""
    deleted = card(state=State.READY, request_prompt="")

    assert deleted.actions == ()
    assert texts(shown(deleted)).endswith(f"-# job {deleted.job_id}:c0")


def test_result_calls_the_requester_and_tells_what_was_made() -> None:
    """The result pings, and says by which model, how fast, how large and at which cost."""
    done = card(
        state=State.READY,
        request_batch=3,
        outputs=(item("a"), item("b"), replace(item("c"), width_px=80)),
    )

    assert texts(result(done, Picture(name="a.png", alt="a"))).splitlines() == [
        "### Redrawn",
        f"<@{USER}> 3 pictures are ready.",
        "> a woodcut",
        (
            "-# **Shade** · 12 seconds · 64x48, 80x48 pixels · "
            "It was charged: about 9 credits by our estimate."
        ),
        "-# job 01J00000000000000000000000",
    ]


def test_result_says_what_is_not_attached() -> None:
    """Links are numbered after the pictures that are shown, and lost ones are counted."""
    done = card(state=State.READY, request_batch=3, outputs=(item("a"), item("b"), item("c")))
    said = texts(
        result(done, Picture(name="a.png", alt="a"), links=("https://m.example/2",), missing=1)
    )

    assert "1 picture could not be handed over here." in said
    assert "Too large to be attached here:\n- [Picture 2](<https://m.example/2>)" in said


def test_link_that_no_message_takes_is_not_cut_and_hides_no_other() -> None:
    """Half of it would lead nowhere: it is told that the picture could not be handed over."""
    done = card(state=State.READY, request_batch=2, outputs=(item("a"), item("b")))
    links = (f"https://m.example/{'a' * markup.TEXT_MAX}", "https://m.example/b")
    said = texts(result(done, links=links))

    assert "aaa" not in said
    assert "1 picture could not be handed over here.\nToo large to be attached here:\n" in said
    assert "- [Picture 1](<https://m.example/b>)" in said


def test_partial_result_says_once_why_pictures_lack() -> None:
    """Filtered or lost pictures are told in the head, and not again below."""
    done = card(
        state=State.READY, reason=Reason.PARTIAL, request_batch=3, outputs=(item("a"), item("b"))
    )
    said = texts(result(done, Picture(name="a.png", alt="a")))

    assert said.count("held back by a filter or lost") == 1


def test_notice_says_what_happened_what_it_cost_and_what_to_do() -> None:
    """The notice pings, tells all three, and leads to the card."""
    failed = card(state=State.FAILED, reason=Reason.FILTERED)
    view = notice(failed)

    assert texts(view).splitlines() == [
        "### Not redrawn",
        f"for <@{USER}>",
        "> a woodcut",
        (
            "**The image service made the pictures, but its filter held all of them back.** "
            "It may have been charged. Say it in other words, or take another picture."
        ),
        "-# job 01J00000000000000000000000",
    ]
    assert [each["url"] for each in buttons(view) if "url" in each] == [LINK]
    assert labels(view) == ["Run again", "Edit and run", "Delete"]


@pytest.mark.parametrize("state", [State.RUNNING, State.READY, State.UNCERTAIN])
def test_preview_is_said_on_every_message(state: State) -> None:
    """A local preview never passes for the hosted model, not even in a thread's name."""
    drawn = card(preview=True, state=state, outputs=(item(),))

    for view in (shown(drawn), result(drawn, REFERENCE), notice(drawn)):
        assert "(local preview)" in texts(view).splitlines()[0]
        assert "This is a local preview, not Shade itself." in texts(view)
    assert render.thread_name(drawn) == "a woodcut · Shade (local preview)"


def test_ignored_parameter_is_told_in_one_short_line() -> None:
    """The model is known to ignore it: the card says so in subtext."""
    assert "-# Shade is known to ignore negative prompt." in texts(
        shown(card(request_negative_prompt="fog"))
    )


@given(cards)
def test_thread_name_is_one_line_of_1_to_100_characters(of: JobCard) -> None:
    """Discord takes the name of any job's thread."""
    name = render.thread_name(of)

    assert 1 <= markup.length(name) <= 100
    assert name == markup.plain(name)


def test_thread_name_of_an_unreadable_prompt_is_the_title() -> None:
    """A prompt of invisible characters leaves the name its meaning."""
    assert render.thread_name(replace(card(), prompt="\u200b")) == "Redrawing · Shade"
