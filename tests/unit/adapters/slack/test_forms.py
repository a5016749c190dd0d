"""The form: legal for every model, shaped by it, and read back as it was filled in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.slack import fields, forms, ids
from adapters.slack.forms import Pictures
from core.catalogue.catalogue import Catalogue
from core.catalogue.loader import load
from core.catalogue.model import Parameter, Size, Sizing
from core.errors import InvalidRequest, Limit, Problem, QuotaExceeded, StoreUnavailable
from core.request import validate
from tests.fakes.jobs import MODELS, SHADE, TINT
from tests.fakes.slack_rendered import corrects, inputs, opens, texts

ID = "01J00000000000000000000000"
HOSTILE = "<!channel> & <https://evil.example|Slack> \u202ertl 👩‍🚀 " * 60
PACKAGED = load()
FREE = replace(SHADE, model_id="free", name="Free", app_id="ap-free", sizing=Sizing.FREE)
OWN = replace(SHADE, model_id="own", name="Own", app_id="ap-own", qolaba_deployed=True)
SEVERAL = replace(SHADE, model_id="several", name="Several", app_id="ap-several", images_max=4)
EVERY = Catalogue((*PACKAGED.models, SHADE, TINT, FREE, OWN, SEVERAL))
MANY = Catalogue(
    tuple(
        replace(SHADE, model_id=f"m{each}", app_id=f"a{each}", name=f"M{each}")
        for each in range(150)
    )
)

texts_given = st.one_of(
    st.none(),
    st.text(max_size=60),
    st.sampled_from([HOSTILE, "x" * 4000, "0.4", "2", "1e400", "1024x1024", "AUTO", "0,5"]),
)
NAMES = ("prompt", "size", "width", "height", "strength", "guidance_scale", "negative_prompt")
values_given = st.fixed_dictionaries(
    dict.fromkeys((*NAMES, "batch", "inference_type", "app_id", "celery"), texts_given)
)
pictures_given = st.none() | st.builds(
    Pictures,
    names=st.lists(st.sampled_from(["", "a.png", HOSTILE]), min_size=1, max_size=12).map(tuple),
    pick=st.booleans(),
    chosen=st.lists(st.integers(0, 20), max_size=6).map(tuple),
)


def view(values: Mapping[str, object] | None = None, **changes: Any) -> dict[str, Any]:
    asked: dict[str, Any] = {
        "catalogue": MODELS,
        "default_model": "shade",
        "max_batch": 4,
        "preview": False,
    }
    return forms.redraw_view(ID, values=values or {}, **{**asked, **changes})


def state(shown: Mapping[str, Any], **answers: Any) -> dict[str, Any]:
    """Return the state of a view in which what was filled in at first is, but for `answers`."""
    found: dict[str, Any] = {}
    for name, block in inputs(shown).items():
        answer = {**_first(block["element"]), **answers.get(name, {})}
        found[block["block_id"]] = {block["element"]["action_id"]: answer}
    return {"values": found}


def _first(element: Mapping[str, Any]) -> dict[str, Any]:
    match element["type"]:
        case "static_select":
            return {"selected_option": element.get("initial_option")}
        case "multi_static_select":
            return {"selected_options": element.get("initial_options", [])}
        case "conversations_select":
            return {"selected_conversation": element.get("initial_conversation")}
        case "file_input":
            return {"files": []}
        case _:
            return {"value": element.get("initial_value")}


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.sampled_from([model.model_id for model in EVERY.models] + ["nonsense", ""]),
    values_given,
    pictures_given,
    st.fixed_dictionaries(
        {"max_batch": st.integers(0, 12), "preview": st.booleans(), "asks_channel": st.booleans()}
    ),
)
def test_form_is_legal_whatever_it_is_filled_with(
    model: str,
    values: dict[str, object],
    pictures: Pictures | None,
    changes: dict[str, Any],
) -> None:
    """Slack opens and updates the form of any draft for any model."""
    shown = view(
        {**values, "model": model},
        catalogue=EVERY,
        pictures=pictures,
        **changes,
    )

    assert opens(shown)
    assert ids.read_form(shown["callback_id"], shown["private_metadata"]) is not None
    assert len(shown["title"]["text"]) <= forms.TITLE_MAX
    assert len(shown["private_metadata"]) <= ids.METADATA_MAX
    read = forms.filled(state(shown))
    assert read.files == ()
    assert len(read.chosen) <= fields.FILES_MAX


def test_form_of_more_models_than_a_menu_holds_has_the_chosen_one() -> None:
    """What was chosen is always among what is offered."""
    shown = view({"model": "m149"}, catalogue=MANY, default_model="m0")

    assert opens(shown)
    menu = inputs(shown)["model"]["element"]
    assert len(menu["options"]) == 100
    assert menu["initial_option"]["value"] == "m149"


@pytest.mark.parametrize("model", PACKAGED.models, ids=lambda model: model.model_id)
def test_form_shows_what_the_model_reads_and_no_more(model: Any) -> None:
    """Choosing a model reshapes the form to its parameters and its sizes."""
    shown = inputs(view({"model": model.model_id}, catalogue=PACKAGED))

    reads = {each.value for each in Parameter} & shown.keys()
    assert reads == {each.value for each in model.reads}
    assert ("size" in shown) == (model.sizing is Sizing.LISTED)
    if model.sizing is Sizing.LISTED:
        offered = [each["value"] for each in shown["size"]["element"]["options"]]
        assert offered == ["auto", *map(str, model.sizes)]


def test_model_tells_us_when_it_is_chosen() -> None:
    """So that the form can be reshaped; no other field does."""
    shown = inputs(view())

    assert [name for name, block in shown.items() if block.get("dispatch_action")] == ["model"]


def test_fields_of_another_shape_are_other_fields() -> None:
    """Slack keeps what was filled in by the block's id: a size of another model is not kept."""
    one, other = (
        view({"model": name}, catalogue=PACKAGED) for name in ("ideogram-remix", "flux-redux")
    )

    assert inputs(one)["size"]["block_id"] != inputs(other)["size"]["block_id"]
    assert inputs(one)["prompt"]["block_id"] == inputs(other)["prompt"]["block_id"]
    assert inputs(one)["strength"]["block_id"] == inputs(other)["strength"]["block_id"]


def test_model_that_takes_the_pictures_own_size_says_so() -> None:
    """There is nothing to choose, and the form says why."""
    assert "Size: Shade takes the picture's own." in texts(view()["blocks"])


def test_form_tells_what_the_model_is_good_for_and_what_it_costs() -> None:
    """Before anything is sent; in a preview nothing is charged, and that it is one is said."""
    said = texts(view()["blocks"])
    labels = [each["text"]["text"] for each in inputs(view())["batch"]["element"]["options"]]

    assert SHADE.good_for in said
    assert labels[1] == "2: about 18 credits"
    assert inputs(view({"batch": "3"}))["batch"]["element"]["initial_option"]["value"] == "3"
    local = view(preview=True)
    assert "This is a local preview, not Shade itself." in "\n".join(texts(local["blocks"]))
    assert "1: nothing (local preview)" in texts(local["blocks"])


def test_form_without_a_limit_on_batches_offers_all() -> None:
    """0 is no limit: then the request's own bound holds."""
    assert len(inputs(view(max_batch=0))["batch"]["element"]["options"]) == 8
    assert len(inputs(view(max_batch=12))["batch"]["element"]["options"]) == 8


def test_files_are_asked_for_when_there_are_none() -> None:
    """The field takes four; its hint says how many the model takes."""
    field = inputs(view(catalogue=EVERY))["pictures"]

    assert field["element"]["type"] == "file_input"
    assert field["element"]["max_files"] == 4
    assert field["hint"]["text"] == "Shade takes one picture, 10 MB at most."
    several = inputs(view({"model": "several"}, catalogue=EVERY))["pictures"]
    assert several["hint"]["text"] == "Several takes up to 4 pictures, 10 MB at most."


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (("",), "Picture: the one you chose"),
        (("a.png",), "Picture: the one you chose, a.png"),
        (("a.png", "b.png"), "Pictures: the 2 you chose, a.png, b.png"),
        (("", ""), "Pictures: the 2 you chose"),
    ],
)
def test_given_pictures_are_named(names: tuple[str, ...], said: str) -> None:
    """There is nothing to choose; what the form is about is said."""
    shown = view(pictures=Pictures(names=names))

    assert texts(shown["blocks"])[0] == said
    assert "pictures" not in inputs(shown)


def test_one_of_several_pictures_is_chosen() -> None:
    """By its number and name."""
    shown = view(pictures=Pictures(names=("a.png", ""), pick=True, chosen=(1,)))
    menu = inputs(shown)["picture"]["element"]

    assert [each["text"]["text"] for each in menu["options"]] == ["Picture 1: a.png", "Picture 2"]
    assert forms.filled(state(shown)).chosen == (1,)


def test_model_that_takes_several_lets_several_be_chosen() -> None:
    """As many as it takes."""
    asked = Pictures(names=("a", "b", "c"), pick=True, chosen=(0, 2))
    shown = view({"model": "several"}, catalogue=EVERY, pictures=asked)

    assert inputs(shown)["picture"]["element"]["max_selected_items"] == 3
    assert forms.filled(state(shown)).chosen == (0, 2)


def test_channel_is_asked_for_where_none_is_known() -> None:
    """The place where the shortcut was used is proposed, or the one chosen before."""
    element = inputs(view(asks_channel=True))["channel"]["element"]
    assert element["default_to_current_conversation"] is True
    assert "initial_conversation" not in element

    shown = view(asks_channel=True, channel="C1")
    assert forms.filled(state(shown)).channel == "C1"
    assert forms.filled(state(view())).channel is None


@settings(deadline=None)
@given(
    st.sampled_from(PACKAGED.models),
    st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=50),
    st.integers(1, 4),
    st.floats(0.01, 1).map(lambda number: round(number, 2)),
)
def test_prefilled_form_is_read_back_as_the_same_request(
    model: Any, prompt: str, batch: int, strength: float
) -> None:
    """A form that is sent as it was filled in at first asks for the same as its draft."""
    draft: dict[str, object] = {"model": model.model_id, "prompt": prompt, "batch": batch}
    if Parameter.STRENGTH in model.reads:
        draft["strength"] = strength
    if model.sizing is Sizing.LISTED:
        draft["size"] = str(model.sizes[-1])
    shown = view(draft, catalogue=PACKAGED)

    read = forms.filled(state(shown))

    assert validate(read.values, PACKAGED, image_count=1, default_model="flux-dev") == validate(
        draft, PACKAGED, image_count=1, default_model="flux-dev"
    )


def test_filled_form_is_what_was_filled_in() -> None:
    """Text, numbers, choices and files, by their names; what was left empty is not there."""
    shown = view({"model": "tint", "prompt": "fog"}, asks_channel=True)
    file = {"id": "F1", "mimetype": "image/png", "url_private": "https://files.slack.com/a"}
    read = forms.filled(
        state(
            shown,
            pictures={"files": [file]},
            size={"selected_option": {"value": "1280x720"}},
            negative_prompt={"value": "  "},
            channel={"selected_conversation": "C9"},
        )
    )

    assert read.values == {"prompt": "fog", "model": "tint", "size": "1280x720", "batch": "1"}
    assert [each.file_id for each in read.files] == ["F1"]
    assert read.channel == "C9"
    assert read.shown == {"prompt", "model", "size", "negative_prompt", "batch"}


def test_size_that_chooses_by_itself_is_no_size() -> None:
    """It stands for none."""
    assert "size" not in forms.filled(state(view({"model": "tint"}))).values


def test_state_that_is_not_ours_says_nothing() -> None:
    """Fields of others, emptied ones and an empty state are passed over."""
    read = forms.filled({"values": {"b": {"other": {"value": "x"}, ids.field("prompt"): None}}})

    assert read.values == {}
    assert read.shown == {"prompt"}
    assert forms.filled({}).values == {}


def test_two_sides_are_filled_in_as_one_size() -> None:
    """A mention may give width and height; the form asks for a size."""
    shown = view({"model": "tint", "width": "720", "height": "1280"})

    assert forms.filled(state(shown)).values["size"] == "720x1280"


def test_choosing_a_model_keeps_what_the_form_did_not_show() -> None:
    """It is there again when the first model is; what was shown and emptied stays empty."""
    draft: dict[str, object] = {
        "model": "shade",
        "app_id": "ap-shade",
        "strength": "0.4",
        "negative_prompt": "fog",
        "width": "1",
    }
    shown = view(draft)
    chosen = forms.filled(
        state(shown, model={"selected_option": {"value": "tint"}}, strength={"value": None})
    )

    kept = forms.merged(draft, chosen)

    assert kept == {"model": "tint", "negative_prompt": "fog", "width": "1", "batch": "1"}
    assert inputs(view(kept))["negative_prompt"]["element"]["initial_value"] == "fog"


def test_gpu_is_asked_for_where_it_can_be_chosen() -> None:
    """Of the packaged models none runs on one; an operator's own may."""
    shown = view({"model": "own", "inference_type": "A100"}, catalogue=EVERY)

    assert forms.filled(state(shown)).values["inference_type"] == "a100"
    assert "inference_type" not in inputs(view(catalogue=EVERY))


def test_free_size_is_typed() -> None:
    """Any size in its bounds."""
    shown = view({"model": "free", "size": "300x400"}, catalogue=EVERY)

    assert forms.filled(state(shown)).values["size"] == "300x400"
    assert inputs(shown)["size"]["block_id"] == "size:free"


@pytest.mark.parametrize("number", ["2", "0", "abc", "", "1e999"])
def test_number_that_is_none_is_not_filled_in(number: str) -> None:
    """Slack refuses a form with one."""
    assert "initial_value" not in inputs(view({"strength": number}))["strength"]["element"]


def problem(parameter: str, reason: str = "is missing", allowed: str = "some") -> Problem:
    return Problem(parameter=parameter, reason=reason, allowed=allowed)


def test_every_problem_is_told_at_its_field() -> None:
    """And by the block that the view has, whatever its shape; what has none, at the first."""
    shown = view({"model": "tint"}, asks_channel=True)
    told = forms.errors(
        [
            problem("prompt"),
            problem("width"),
            problem("size", "is no size"),
            problem("image"),
            problem("place"),
            problem("strength"),
        ],
        shown,
    )

    assert told == {
        "prompt": "is missing. Allowed: some.",
        "size:tint": "is missing. Allowed: some. is no size. Allowed: some.",
        "pictures": "is missing. Allowed: some. Strength: is missing. Allowed: some.",
        "channel": "is missing. Allowed: some.",
    }
    assert corrects(told)


def test_problem_of_pictures_that_were_given_is_told_at_the_first_field() -> None:
    """There is no field of files then."""
    told = forms.errors([problem("image")], view(pictures=Pictures(names=("a.png",))))

    assert told == {"prompt": "Image: is missing. Allowed: some."}


@settings(max_examples=50, deadline=None)
@given(st.lists(st.builds(problem, st.text(min_size=1), st.text(), st.text()), min_size=1))
def test_any_problems_are_told_at_blocks_of_the_view(found: list[Problem]) -> None:
    """Slack refuses an answer that names a block which is not there."""
    shown = view({"model": "tint"})
    told = forms.errors(found, shown)

    assert told.keys() <= {block["block_id"] for block in inputs(shown).values()}
    assert corrects(told)


def test_every_packaged_problem_has_a_field() -> None:
    """What validation says of the fields of a form is said at these fields."""
    bad = {"model": "ideogram-remix", "size": "1x1", "strength": "7", "batch": "99", "prompt": ""}
    shown = view({"model": "ideogram-remix"}, catalogue=PACKAGED)
    with pytest.raises(InvalidRequest) as caught:
        validate(bad, PACKAGED, image_count=0, default_model="flux-dev")

    told = forms.refused(caught.value, shown)

    at = {name: block["block_id"] for name, block in inputs(shown).items()}
    assert told.keys() == {at[name] for name in ("pictures", "prompt", "size", "strength", "batch")}


def test_quota_is_told_at_the_batch_and_others_at_the_first_field() -> None:
    """Whatever keeps a form from being taken is told in it."""
    shown = view()
    batch = inputs(shown)["batch"]["block_id"]

    told = forms.refused(QuotaExceeded(limit=Limit.BATCH, used=8, allowed=4), shown)
    assert told == {
        batch: "You asked for 8 pictures; 4 at once are allowed here. Nothing was charged. "
        "Ask for fewer pictures at once."
    }
    assert list(forms.refused(StoreUnavailable(), shown)) == ["pictures"]
    assert list(forms.refused(QuotaExceeded(limit=Limit.QUEUE, used=200, allowed=200), shown)) == [
        "pictures"
    ]


def test_size_of_a_list_is_worded() -> None:
    """By how it lies."""
    sizes = (
        Size(width_px=9, height_px=9),
        Size(width_px=9, height_px=5),
        Size(width_px=5, height_px=9),
    )
    shown = view({"model": "tint"}, catalogue=Catalogue((replace(TINT, sizes=sizes),)))

    assert [each["text"]["text"] for each in inputs(shown)["size"]["element"]["options"]] == [
        "Nearest to the picture's shape",
        "9x9 (square)",
        "9x5 (landscape)",
        "5x9 (portrait)",
    ]
