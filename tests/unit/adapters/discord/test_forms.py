"""The form: legal, filled in as it was left, and read back whatever Discord nests it in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import discord
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.discord import forms, ids
from adapters.discord.forms import FilledForm
from core import request
from core.catalogue.catalogue import Catalogue
from core.catalogue.loader import load
from core.catalogue.parameters import PROMPT_MAX
from tests.fakes.discord_rendered import legal, opened, rendered
from tests.fakes.jobs import SHADE

DRAFT = "01J00000000000000000000000"
CATALOGUE = load()
PLAIN_FIELDS = ["prompt", "model", "strength", "size", "negative_prompt"]


def modal(
    values: Mapping[str, object] | None = None,
    *,
    pick: int = 0,
    catalogue: Catalogue = CATALOGUE,
    default_model: str = "flux-dev",
) -> discord.ui.Modal:
    return rendered(
        lambda: forms.redraw_modal(
            DRAFT, values=values or {}, catalogue=catalogue, default_model=default_model, pick=pick
        )
    )


def fields(of: discord.ui.Modal) -> dict[str, dict[str, Any]]:
    """Return the form's fields as they are sent, by custom id."""
    found = (each["component"] for each in of.to_dict()["components"])
    return {each["custom_id"]: each for each in found}


def submitted(of: discord.ui.Modal, **typed: str) -> dict[str, Any]:
    """Return what Discord sends when somebody leaves the form as it is, but for what they type."""
    sent = []
    for number, (name, field) in enumerate(fields(of).items()):
        answer: dict[str, Any] = {"id": number, "type": field["type"], "custom_id": name}
        if field["type"] == 3:
            chosen = [each["value"] for each in field["options"] if each.get("default")]
            answer["values"] = [typed[name]] if name in typed else chosen
        else:
            answer["value"] = typed.get(name, field.get("value", ""))
        sent.append({"type": 18, "id": 100 + number, "component": answer})
    return {"custom_id": of.custom_id, "components": sent}


def chosen_model(of: discord.ui.Modal) -> list[str]:
    return [each["value"] for each in fields(of)["model"]["options"] if each["default"]]


def test_form_asks_for_five_things_in_words() -> None:
    """Prompt, model, strength, size and negative prompt; it carries its draft and is not kept."""
    form = modal()

    assert legal(opened(form))
    assert form.is_finished()
    assert ids.read(form.custom_id) == ids.Filled(form=ids.Form.REDRAW, draft_id=DRAFT)
    assert list(fields(form)) == PLAIN_FIELDS
    assert [name for name, each in fields(form).items() if each["required"]] == ["prompt", "model"]
    assert [each["label"] for each in form.to_dict()["components"]] == [
        "Prompt",
        "Model",
        "Strength",
        "Size",
        "Negative prompt",
    ]


def test_one_of_several_pictures_is_chosen_in_the_form() -> None:
    """With several pictures the form asks which, in place of the negative prompt."""
    form = modal(pick=3)

    assert legal(opened(form))
    assert list(fields(form)) == [*PLAIN_FIELDS[:4], "picture"]
    assert forms.filled(submitted(form, picture="2")).chosen == 2
    assert forms.filled(submitted(form)).chosen == 0
    assert forms.filled(submitted(modal(pick=1))).chosen is None


def test_every_model_can_be_chosen_and_says_what_it_is_good_for() -> None:
    """The menu holds the whole catalogue; the default model is chosen until another is."""
    options = fields(modal())["model"]["options"]

    assert [each["value"] for each in options] == [each.model_id for each in CATALOGUE.models]
    assert all(each["description"] for each in options)
    assert chosen_model(modal()) == ["flux-dev"]
    assert chosen_model(modal({"model": "GPT Image"})) == ["gpt-image"]
    assert chosen_model(modal({"model": "no such model"})) == ["flux-dev"]


@pytest.mark.parametrize("wanted", ["m0", "m24", "m25", "m59"])
def test_chosen_model_is_in_the_menu_of_a_large_catalogue(wanted: str) -> None:
    """A menu takes 25; the one that was chosen is always among them."""
    catalogue = Catalogue(
        replace(SHADE, model_id=f"m{each}", app_id=f"ap-{each}", name=f"M {each}")
        for each in range(60)
    )
    form = modal({"model": wanted}, catalogue=catalogue)

    assert legal(opened(form))
    assert len(fields(form)["model"]["options"]) == 25
    assert chosen_model(form) == [wanted]


def test_form_reopens_as_it_was_filled_in() -> None:
    """After an error nothing has to be typed twice, wrong values least of all."""
    typed = {
        "prompt": "a woodcut\nat dusk",
        "model": "ideogram-remix",
        "strength": "lots",
        "size": "1x1",
        "negative_prompt": "fog",
    }
    first = forms.filled(submitted(modal(), **typed))

    assert first.values == typed
    assert forms.filled(submitted(modal(first.values))).values == typed


def test_what_is_left_empty_is_not_given() -> None:
    """Blank fields and the size of none count as not given; the request takes its defaults."""
    form = forms.filled(submitted(modal(), prompt="p", strength="  ", size="auto"))

    assert form.values == {"prompt": "p", "model": "flux-dev"}
    assert form.shown == frozenset(PLAIN_FIELDS)
    asked = request.validate(form.values, CATALOGUE, image_count=1, default_model="gpt-image")
    assert (asked.model_id, asked.size, asked.strength) == ("flux-dev", None, None)


def test_what_the_form_did_not_ask_for_stays() -> None:
    """A batch of the earlier job is kept, and a strength that was emptied is gone."""
    before = {"prompt": "old", "batch": 2, "strength": "0.4", "negative_prompt": "fog"}
    form = forms.filled(submitted(modal(before, pick=2), prompt="new", strength=""))

    assert forms.merged(before, form) == {
        "prompt": "new",
        "model": "flux-dev",
        "batch": 2,
        "negative_prompt": "fog",
    }


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"components": []},
        {"components": [{"type": 10, "content": "x"}]},
        {
            "components": [
                {"type": 18, "component": {"type": 4, "custom_id": "other", "value": "x"}}
            ]
        },
        {
            "components": [
                {"type": 18, "component": {"type": 3, "custom_id": "model", "values": []}}
            ]
        },
        {
            "components": [
                {"type": 18, "component": {"type": 4, "custom_id": "size", "value": None}}
            ]
        },
    ],
)
def test_unexpected_answers_are_passed_over(data: dict[str, Any]) -> None:
    """What is not ours, or says nothing, gives no value."""
    assert forms.filled(data).values == {}


def test_rows_are_read_as_labels_are() -> None:
    """The older nesting in rows means the same."""
    row = {"type": 1, "components": [{"type": 4, "custom_id": "prompt", "value": "p"}]}

    assert forms.filled({"components": [row]}).values == {"prompt": "p"}


@pytest.mark.parametrize("picture", ["-1", "x", "\u0662", ""])
def test_picture_that_is_no_number_is_none(picture: str) -> None:
    """A form never makes up which picture is meant."""
    answer = {"type": 3, "custom_id": "picture", "values": [picture]}

    assert forms.filled({"components": [{"type": 18, "component": answer}]}) == FilledForm(
        values={}, chosen=None, shown=frozenset()
    )


@settings(max_examples=60)
@given(
    st.dictionaries(
        st.sampled_from([*PLAIN_FIELDS, "batch", "guidance_scale"]),
        st.none()
        | st.integers()
        | st.floats(allow_nan=False)
        | st.text(max_size=100)
        | st.sampled_from(["👩‍🚀" * 2000, "@everyone " * 400, "a" * 9000]),
    ),
    st.integers(0, 40),
    st.sampled_from(["x", "*" * 200, "👩‍🚀" * 60]),
)
def test_any_draft_makes_a_legal_form(values: dict[str, object], pick: int, text: str) -> None:
    """Whatever a draft holds, however many pictures and whatever the models are called."""
    catalogue = Catalogue([replace(SHADE, name=text, good_for=text)])

    assert legal(opened(modal(values, pick=pick, catalogue=catalogue, default_model="shade")))


def test_longest_prompt_is_kept_whole() -> None:
    """A prompt of the length that a request takes is not cut in the form."""
    prompt = "a" * PROMPT_MAX

    assert fields(modal({"prompt": prompt}))["prompt"]["value"] == prompt
