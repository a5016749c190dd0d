"""The lists of models and of jobs: complete, short, and legal however much there is to list."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import discord
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters import presentation
from adapters.discord import ids
from adapters.discord.listings import JOBS_MAX, Entry, jobs_view, models_view
from core.catalogue.catalogue import Catalogue
from core.catalogue.loader import load
from core.catalogue.model import Model, Parameter, Size, Sizing
from core.jobs.job import Job
from core.jobs.lifecycle import ACTIVE, Reason, State
from core.jobs.quota import Limits, Usage
from tests.fakes.clock import START
from tests.fakes.discord_rendered import buttons, components, legal, posted, rendered, texts
from tests.fakes.jobs import ENDS, SHADE, TINT, item, job

LINK = "https://discord.com/channels/111111111111111111/222222222222222222/333333333333333333"
LARGE = Limits(pictures_per_user_day=10**9, credits_month=10**12)


def models(catalogue: Catalogue, *, preview: bool = False) -> discord.ui.LayoutView:
    return rendered(lambda: models_view(catalogue, preview=preview))


def jobs(*entries: Entry, limits: Limits | None = None) -> discord.ui.LayoutView:
    return rendered(lambda: jobs_view(entries, Usage(), limits or Limits(), now=START))


def entry(
    of: Job, model: Model = SHADE, *, link: str | None = LINK, can_show_again: bool = False
) -> Entry:
    card = presentation.card(of, model, now=START + timedelta(seconds=5), expected_s=None)
    return Entry(card=card, link=link, can_show_again=can_show_again)


def test_packaged_models_are_all_described() -> None:
    """Eight models: what each is good for, which sizes it takes, what it reads and costs."""
    catalogue = load()
    view = models(catalogue)
    said = texts(view)

    assert legal(posted(view))
    assert "Also:" not in said
    for model in catalogue.models:
        assert f"**{model.name}**\n{model.good_for}\n-# " in said
        assert all(str(size) in said for size in model.sizes)
    assert "-# takes the picture's own size · reads strength · about 9 credits a picture" in said
    assert "reads guidance scale, up to 4 pictures · about 16 credits a picture, a guess" in said
    assert "reads the prompt alone" in said


def test_preview_costs_nothing_and_says_so() -> None:
    """In a local preview no credits are told."""
    said = texts(models(Catalogue((SHADE,)), preview=True))

    assert said.startswith("### Models (local preview)")
    assert "nothing is charged (local preview)" in said
    assert "credits" not in said


def test_free_sizes_and_unknown_costs_are_said() -> None:
    """A model of any size names its bounds; one without an estimate gets none."""
    said = texts(models(Catalogue((replace(SHADE, sizing=Sizing.FREE, credits_per_picture=0),))))

    assert "any size of 256 to 1536 pixels a side" in said
    assert "cost not known" in said


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 120), st.sampled_from(["short", "*" * 200, "👩‍🚀" * 60]), st.booleans())
def test_any_catalogue_makes_a_legal_list(count: int, text: str, preview: bool) -> None:
    """With more models than there is room for, the others are at least named."""
    sizes = tuple(Size(width_px=10_000 + each, height_px=10_000) for each in range(25))
    model = replace(SHADE, sizing=Sizing.LISTED, sizes=sizes, reads=frozenset(Parameter))
    every = [
        replace(
            model, model_id=f"m{each}", app_id=f"ap-{each}", name=f"{each} {text}", good_for=text
        )
        for each in range(count)
    ]
    view = models(Catalogue(every), preview=preview)

    assert legal(posted(view))
    assert all(part.endswith(_cost(preview=preview)) for part in _parts(view) if "\n-# " in part)
    assert ("-# Also: " in texts(view)) is (sum("\n-# " in part for part in _parts(view)) < count)


def _cost(*, preview: bool) -> str:
    return "nothing is charged (local preview)" if preview else "about 9 credits a picture"


def _parts(view: discord.ui.LayoutView) -> list[str]:
    return [each["content"] for each in components(view)[0]["components"]]


def test_jobs_tell_state_prompt_and_way_to_them() -> None:
    """A job in the list says how it stands, what it was and where it is."""
    view = jobs(entry(job(state=State.READY, outputs=(item(),), request_prompt="a *woodcut*")))

    assert legal(posted(view))
    assert texts(view).splitlines() == [
        "### Your jobs",
        "-# 0 of 3 jobs at a time are under way. 50 of 50 pictures for these 24 hours are left.",
        f"**Redrawn** · Shade · <t:{int(START.timestamp())}:R>",
        r"> a \*woodcut\*",
    ]
    assert [(each["label"], each["url"]) for each in buttons(view)] == [("Open", LINK)]


def test_job_that_failed_says_why() -> None:
    """The reason of an end that was not wished for is in the list already."""
    said = texts(jobs(entry(job(state=State.FAILED, reason=Reason.FILTERED))))

    assert "-# The image service made the pictures, but its filter held all of them back." in said


def test_refused_result_can_be_shown_again() -> None:
    """Where a place had refused the result, a button shows it again; the way there stays."""
    again = entry(job(state=State.READY, outputs=(item(),)), can_show_again=True)
    view = jobs(again)
    (button,) = buttons(view)

    assert ids.read(button["custom_id"]) == ids.Stepped(
        step=ids.Step.SHOW_AGAIN, subject_id=again.card.job_id
    )
    assert f"[open](<{LINK}>)" in texts(view)
    assert "[open]" not in texts(jobs(replace(again, link=None)))


def test_nobody_has_no_jobs_without_a_word() -> None:
    """An empty list says how to begin."""
    view = jobs()

    assert legal(posted(view))
    assert texts(view).endswith("There are none so far. Ask with **/redraw** and a picture.")


@settings(max_examples=50, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from([*((state, None) for state in ACTIVE), *ENDS]),
            st.sampled_from(["a woodcut", "@everyone *" * 300, "", "👩‍🚀" * 900]),
            st.sampled_from([SHADE, TINT, replace(SHADE, name="*" * 200)]),
            st.none() | st.just(LINK),
            st.booleans(),
        ),
        max_size=14,
    )
)
def test_any_list_of_jobs_is_legal(
    listed: list[tuple[tuple[State, Reason | None], str, Model, str | None, bool]],
) -> None:
    """Ten jobs at most, all of them with a button: 40 components and 4000 characters are enough."""
    entries = [
        entry(
            job(job_id=f"{number:026d}", state=state, reason=reason, request_prompt=prompt),
            model,
            link=link,
            can_show_again=again,
        )
        for number, ((state, reason), prompt, model, link, again) in enumerate(listed)
    ]
    view = jobs(*entries, limits=LARGE)

    assert legal(posted(view))
    assert texts(view).count("<t:") == min(len(listed), JOBS_MAX)


def test_fullest_list_of_jobs_holds_ten() -> None:
    """Of more jobs with everything to say and to press, the newest ten fit, and are shown."""
    loud = replace(SHADE, name="*" * 200)
    entries = [
        entry(
            job(
                job_id=f"{number:026d}",
                state=State.CANCELLED,
                reason=Reason.MAY_BE_BILLED,
                request_prompt="@everyone *" * 300,
            ),
            loud,
            can_show_again=True,
        )
        for number in range(14)
    ]
    view = jobs(*entries, limits=LARGE)

    assert legal(posted(view))
    assert [each["custom_id"] for each in buttons(view)] == [
        ids.step(ids.Step.SHOW_AGAIN, each.card.job_id) for each in entries[:10]
    ]
