"""Help, models and jobs: complete, short, and legal however much there is to list."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters import presentation
from adapters.slack import blocks, ids, registration
from adapters.slack.given import LISTS
from adapters.slack.listings import (
    JOBS_MAX,
    MODELS_MAX,
    Entry,
    help_message,
    jobs_message,
    models_message,
)
from core.catalogue.catalogue import Catalogue
from core.catalogue.loader import load
from core.catalogue.model import Model, Parameter, Size, Sizing
from core.jobs.job import Job
from core.jobs.lifecycle import ACTIVE, Reason, State
from core.jobs.quota import Limits, Usage
from tests.fakes.clock import START
from tests.fakes.jobs import ENDS, SHADE, TINT, item, job
from tests.fakes.slack_rendered import buttons, labels, legal, texts

LINK = "https://redraw.slack.com/archives/C0123456789/p1700000000000100"
HOSTILE = "<!channel> & *b* \u202ertl 👩‍🚀 " * 120


def entry(
    of: Job, model: Model = SHADE, *, link: str | None = LINK, can_show_again: bool = False
) -> Entry:
    card = presentation.card(of, model, now=START + timedelta(seconds=5), expected_s=None)
    return Entry(card=card, link=link, can_show_again=can_show_again)


def listed(*entries: Entry) -> list[str]:
    return texts(jobs_message(entries, Usage(), Limits(), now=START).blocks)


@pytest.mark.parametrize("preview", [False, True])
def test_help_tells_every_way_in(preview: bool) -> None:
    """By the names under which they are registered, and what works where."""
    message = help_message(preview=preview)
    said = "\n".join(texts(message.blocks))

    assert legal(message)
    for shortcut in registration.manifest()["features"]["shortcuts"]:
        assert shortcut["name"] in said
    for word in LISTS - {"help"}:
        assert f"{registration.COMMAND} {word}" in said
    assert "do not work inside threads" in said
    assert ("(local preview)" in said) is preview


def test_packaged_models_are_all_described() -> None:
    """Eight models: what each is good for, which sizes it takes, what it reads and costs."""
    catalogue = load()
    message = models_message(catalogue, preview=False)
    said = texts(message.blocks)

    assert legal(message)
    for model in catalogue.models:
        at = said.index(model.name)
        assert said[at + 1] == f"\n{model.good_for}"
        assert all(str(size) in said[at + 2] for size in model.sizes)
    assert "takes the picture's own size · reads strength · about 9 credits a picture" in said
    assert not [each for each in said if each.startswith("Also:")]


def test_preview_costs_nothing_and_says_so() -> None:
    """In a local preview no credits are told."""
    said = texts(models_message(Catalogue((SHADE,)), preview=True).blocks)

    assert said[0] == "Models (local preview)"
    assert "nothing is charged (local preview)" in said[-1]


def test_free_sizes_guesses_and_unknown_costs_are_said() -> None:
    """A model of any size names its bounds; one without an estimate gets none."""
    free = replace(SHADE, sizing=Sizing.FREE, credits_per_picture=0, reads=frozenset())
    guess = replace(TINT, credits_per_picture=5, images_max=3)
    said = texts(models_message(Catalogue((free, guess)), preview=False).blocks)

    assert "any size of 256 to 1536 pixels a side · reads the prompt alone · cost not known" in said
    assert said[-1] == (
        "1280x720, 720x1280 · reads negative prompt, up to 3 pictures "
        "· about 5 credits a picture, a guess"
    )


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 120), st.sampled_from(["short", "&" * 400, HOSTILE]), st.booleans())
def test_any_catalogue_makes_a_legal_list(count: int, text: str, preview: bool) -> None:
    """With more models than there is room for, the others are at least named."""
    models = tuple(
        Model(
            model_id=f"m{each}",
            app_id=f"a{each}",
            name=f"{each} {text}",
            good_for=text,
            sizing=Sizing.LISTED,
            sizes=tuple(Size(width_px=100 + side, height_px=100) for side in range(60)),
            reads=frozenset(Parameter),
        )
        for each in range(count)
    )
    message = models_message(Catalogue(models), preview=preview)

    assert legal(message)
    assert any(each.startswith("Also:") for each in texts(message.blocks)) or count <= MODELS_MAX


@st.composite
def entries(draw: st.DrawFn) -> Entry:
    state, reason = draw(st.sampled_from([*((state, None) for state in ACTIVE), *ENDS]))
    of = job(
        state=state,
        reason=reason,
        preview=draw(st.booleans()),
        request_prompt=draw(st.sampled_from(["a woodcut", HOSTILE[:4000], ""])),
    )
    link, again = draw(st.none() | st.just(LINK)), draw(st.booleans())
    return entry(of, replace(SHADE, name=HOSTILE[:200]), link=link, can_show_again=again)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(entries(), max_size=15), st.integers(0, 10**12))
def test_any_jobs_make_a_legal_list(given_entries: list[Entry], limit: int) -> None:
    """However many, in whichever state, with or without links and buttons."""
    limits = Limits(pictures_per_user_day=limit, credits_month=limit, jobs_per_user=limit)
    message = jobs_message(given_entries, Usage(), limits, now=START)

    assert legal(message)
    again = [each for each in given_entries[:JOBS_MAX] if each.can_show_again]
    assert labels(message.blocks) == ["Show again"] * len(again)
    assert len(message.blocks) <= blocks.MESSAGE_BLOCKS_MAX


def test_job_is_told_with_its_state_words_and_link() -> None:
    """What was asked, of which model, when, and where it is."""
    said = listed(entry(job(state=State.READY, outputs=(item(),), request_prompt="a <b> *c*")))

    assert said[0] == "Your jobs"
    assert "jobs at a time are under way" in said[1]
    assert said[2].startswith("*Redrawn* · Shade · <!date^")
    assert said[2].endswith(f"<{LINK}|open>")
    assert said[3] == "a <b> *c*"
    assert len(said) == 4


def test_job_that_ended_otherwise_says_why() -> None:
    """In one short line."""
    said = listed(entry(job(state=State.FAILED, reason=Reason.FILTERED), link=None))

    assert "open" not in said[2]
    assert said[4].startswith("The image service made the pictures, but its filter")


def test_refused_result_can_be_shown_again() -> None:
    """By the job's id."""
    of = job(state=State.READY)
    message = jobs_message([entry(of, can_show_again=True)], Usage(), Limits(), now=START)
    (button,) = buttons(message.blocks)

    assert ids.read(button["action_id"], button["value"]) == ids.Stepped(
        step=ids.Step.SHOW_AGAIN, subject_id=of.job_id
    )


def test_no_jobs_is_said() -> None:
    """With what to do about it."""
    assert listed()[-1] == "There are none so far. Ask with /redraw."
