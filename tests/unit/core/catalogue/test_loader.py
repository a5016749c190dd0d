"""The operator's file: what it may change, and its mistakes in words."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.catalogue import loader
from core.catalogue.catalogue import Catalogue
from core.catalogue.model import Parameter, Quirk, Size, Sizing
from core.errors import SettingsError

ADDED = """
[models.my-model]
app_id = "ap-mine"
name = "My Model"
good_for = "Trying things."
sizes = "free"
"""


def _load(folder: Path, text: str | bytes) -> Catalogue:
    path = folder / "models.toml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return loader.load(path)


def _mistakes(folder: Path, text: str | bytes) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        _load(folder, text)
    assert caught.value.variable == "REDRAW_MODELS_FILE"
    return caught.value.reason.replace(str(folder / "models.toml"), "FILE").split("; ")


def test_empty_file_changes_nothing(tmp_path: Path) -> None:
    """An empty file leaves the packaged models as they are."""
    assert loader.load().models == _load(tmp_path, "").models


def test_model_can_be_added(tmp_path: Path) -> None:
    """A new table is a new model, after the packaged ones, with the documented defaults."""
    added = _load(tmp_path, ADDED).models[-1]

    assert (added.model_id, added.sizing, added.sizes) == ("my-model", Sizing.FREE, ())
    assert (added.reads, added.images_max, added.typical_s) == (frozenset(), 1, 15.0)


def test_single_keys_can_be_changed(tmp_path: Path) -> None:
    """A table of a known id replaces the keys it names, and keeps place and all else."""
    text = """
        [models.flux-redux]
        credits_per_picture = 5
        typical_s = 9
        sizes = ["512x512"]
        reads = ["strength", "negative_prompt"]
        [models.flux-redux.quirks]
        swaps_width_and_height = true
    """
    before = loader.load()
    after = _load(tmp_path, text)
    changed = after["flux-redux"]

    assert [m.model_id for m in before.models] == [m.model_id for m in after.models]
    assert (changed.credits_per_picture, changed.typical_s) == (5, 9.0)
    assert changed.sizes == (Size(width_px=512, height_px=512),)
    assert changed.reads == {Parameter.STRENGTH, Parameter.NEGATIVE_PROMPT}
    assert changed.quirks == {Quirk.SWAPS_WIDTH_AND_HEIGHT}
    assert changed.app_id == before["flux-redux"].app_id


def test_model_can_be_hidden(tmp_path: Path) -> None:
    """A hidden model cannot be found or chosen, but old jobs still know what it was."""
    catalogue = _load(tmp_path, "[models.gpt-image]\nhidden = true")

    assert catalogue.find("gpt-image") is None
    assert "gpt-image" not in {model.model_id for model in catalogue.models}
    assert catalogue["gpt-image"].name == "GPT Image"


def test_hidden_model_gives_its_name_away(tmp_path: Path) -> None:
    """A model of one's own may take the app id and the name of one that is hidden."""
    text = """
        [models.flux-dev]
        hidden = true
        [models.our-flux]
        app_id = "ap-fGhKl3mfkdlpqrshuwwabc"
        name = "Flux Dev"
        good_for = "Ours."
        sizes = "input"
    """
    found = _load(tmp_path, text).find("flux dev")

    assert found is not None
    assert found.model_id == "our-flux"


BAD_SIZES = (
    '"big"',
    "[]",
    '["1280x720", "1280x720"]',
    '["1280 x 720"]',
    '["0x720"]',
    '["1280x99999"]',
    "[1280]",
    "1280",
)


@pytest.mark.parametrize("sizes", BAD_SIZES)
def test_bad_sizes_are_reported(sizes: str, tmp_path: Path) -> None:
    """Sizes are input, free, or a list of different sizes that can be."""
    (mistake,) = _mistakes(tmp_path, f"[models.flux-redux]\nsizes = {sizes}")

    assert mistake.startswith(
        'FILE: [models.flux-redux] sizes: expected "input", "free" or a list of up to 25'
    )


BAD_VALUES = (
    ("app_id", '"fGhKl"', '"ap-" and then letters and digits', '"fGhKl"'),
    ("name", '""', "a name of 1 to 200", '""'),
    ("name", '"a\\u0000b"', "a name of 1 to 200", '"a?b"'),
    ("good_for", "3", "one line of 1 to 200", "3"),
    ("reads", '["seed"]', "a list from guidance_scale", "['seed']"),
    ("reads", '["strength", "strength"]', "a list from guidance_scale", "['strength', 'strength']"),
    ("images_max", "0", "a whole number from 1 to 8", "0"),
    ("images_max", "1.5", "a whole number from 1 to 8", "1.5"),
    ("images_max", "true", "a whole number from 1 to 8", "true"),
    ("images_max", "2", "1, or sends_file_urls = true", ""),
    ("sends_file_urls", '"yes"', "true or false", '"yes"'),
    ("qolaba_deployed", "1", "true or false", "1"),
    ("credits_per_picture", "-1", "a whole number from 0 to 100000", "-1"),
    ("credits_are_published", "0", "true or false", "0"),
    ("typical_s", "0", "more than 0 and at most 7200", "0"),
    ("typical_s", "nan", "more than 0 and at most 7200", "nan"),
    ("typical_s", "inf", "more than 0 and at most 7200", "inf"),
    ("notes", '"one"', "a list of up to 10 lines", '"one"'),
    ("notes", '[""]', "a list of up to 10 lines", "['']"),
    ("hidden", '"true"', "true or false", '"true"'),
    ("quirks", '["strength_means_fidelity"]', "a table of strength_means_fidelity", "["),
)


@pytest.mark.parametrize(("key", "value", "expected", "found"), BAD_VALUES)
def test_bad_value_is_reported(
    key: str, value: str, expected: str, found: str, tmp_path: Path
) -> None:
    """A value that cannot be is reported with file, table, key, what was expected and found."""
    (mistake,) = _mistakes(tmp_path, f"[models.flux-dev]\n{key} = {value}")

    assert mistake.startswith(f"FILE: [models.flux-dev] {key}: expected ")
    assert expected in mistake
    assert f"found {found}" in mistake or not found


def test_unknown_key_is_reported_with_the_nearest(tmp_path: Path) -> None:
    """A key that does not exist is reported, with the one that was probably meant."""
    text = "[models.flux-dev]\ncredits = 3\nzzz = 1\n[models.flux-dev.quirks]\nswaps_width = true"
    quirk, credits_, other = _mistakes(tmp_path, text)

    assert "quirks.swaps_width: expected a known key (swaps_width_and_height perhaps)" in quirk
    assert "credits: expected a known key (credits_per_picture perhaps), found 3" in credits_
    assert "zzz: expected a key from app_id, name, good_for, sizes, reads, images_max" in other


def test_missing_keys_of_a_new_model_are_reported(tmp_path: Path) -> None:
    """A new model needs app id, name, its line and its sizes."""
    found = [mistake.split(": ")[1] for mistake in _mistakes(tmp_path, "[models.new]")]

    assert found == [f"[models.new] {key}" for key in ("app_id", "name", "good_for", "sizes")]
    assert all(m.endswith("found nothing") for m in _mistakes(tmp_path, "[models.new]"))


def test_every_mistake_is_reported_at_once(tmp_path: Path) -> None:
    """Mistakes in several tables are reported together."""
    text = '[models.flux-dev]\nhidden = 1\n[models.flux-redux]\nimages_max = 9\n[models."Ü"]'
    first, second, third = _mistakes(tmp_path, text)

    assert first == "FILE: [models.flux-dev] hidden: expected true or false, found 1"
    assert second.startswith("FILE: [models.flux-redux] images_max: expected a whole number")
    assert third.startswith("FILE: [models.Ü] expected lower-case letters")


@pytest.mark.parametrize("model_id", ["Flux", "a--b", "-a", "a_b", "a b", "x" * 41, ""])
def test_unfit_model_id_is_reported(model_id: str, tmp_path: Path) -> None:
    """A model's id is short and plain, because buttons and rows carry it."""
    (mistake,) = _mistakes(tmp_path, f'[models."{model_id}"]\nhidden = true')

    assert "expected lower-case letters, digits and single dashes" in mistake


@pytest.mark.parametrize(
    ("key", "value"),
    [("app_id", "ap-fGhKl3mfkdlpqrshuwwabc"), ("name", "FLUX dev")],
)
def test_name_of_another_model_is_reported(key: str, value: str, tmp_path: Path) -> None:
    """Two models on offer cannot share what they are found by."""
    text = ADDED + f'\n[models.flux-redux]\n{key} = "{value}"'
    (mistake,) = _mistakes(tmp_path, text)

    assert mistake.startswith(f"FILE: [models.flux-redux] {key}: expected a value that")


def test_packaged_model_is_not_blamed(tmp_path: Path) -> None:
    """Where a packaged model and the operator's collide, the operator's table is named."""
    text = ADDED.replace("My Model", "flux-kontext-max")
    (mistake,) = _mistakes(tmp_path, text)

    assert mistake.startswith("FILE: [models.my-model] name: expected a value that")

    (mistake,) = _mistakes(tmp_path, '[models.flux-dev]\nname = "GPT Image"')

    assert mistake.startswith("FILE: [models.flux-dev] name: expected a value that gpt-image")


def test_something_must_be_left(tmp_path: Path) -> None:
    """Hiding every model is a mistake."""
    text = "\n".join(f"[models.{m.model_id}]\nhidden = true" for m in loader.load().models)

    assert _mistakes(tmp_path, text) == ["FILE: expected at least one model that is not hidden"]


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        (b"\xff\xfe", "expected UTF-8 text"),
        (b"models = ", "expected TOML"),
        (b"models = " + b"9" * 5000, "expected TOML"),
        (b"models = " + b"[" * 9000 + b"]" * 9000, "no deeper"),
        (b"[models.flux-dev" + b".a" * 3000 + b"]", "no deeper"),
        (b"models = 3", "models: expected tables such as [models.flux-dev]"),
        (b"version = 1", '"version": expected only [models.'),
        (b"[models]\nflux-dev = 3", "[models.flux-dev] expected a table, found 3"),
    ],
)
def test_file_that_is_no_catalogue_is_reported(text: bytes, mistake: str, tmp_path: Path) -> None:
    """What is no TOML, or has no tables of models, is reported as such."""
    assert mistake in "; ".join(_mistakes(tmp_path, text))


def test_missing_and_unreadable_files_are_reported(tmp_path: Path) -> None:
    """A file that is not there, a folder, and a file far too long are reported."""
    for path in (tmp_path / "none.toml", tmp_path):
        with pytest.raises(SettingsError, match="REDRAW_MODELS_FILE"):
            loader.load(path)

    assert "expected at most" in _mistakes(tmp_path, b"#" * (loader.FILE_MAX_BYTES + 1))[0]


def test_byte_order_mark_is_no_mistake(tmp_path: Path) -> None:
    """A file saved by an editor that marks UTF-8 is read."""
    assert _load(tmp_path, b"\xef\xbb\xbf" + ADDED.encode()).find("my model") is not None


VALUES = st.one_of(
    st.just("true"),
    st.just("-3"),
    st.just("1e400"),
    st.just("2026-01-01"),
    st.text("ap-x0 ", max_size=5).map(lambda text: f'"{text}"'),
    st.just("[[1]]"),
    st.just("{quirks = {x = 1}}"),
)
KEYS = st.sampled_from(["app_id", "name", "sizes", "reads", "quirks", "typical_s", "other"])


@settings(deadline=None)
@given(st.dictionaries(KEYS, VALUES, min_size=1))
def test_any_file_is_a_catalogue_or_a_setting_error(
    tmp_path_factory: pytest.TempPathFactory, table: dict[str, str]
) -> None:
    """Whatever a table holds, the file loads or its mistakes are told; nothing else escapes."""
    lines = "\n".join(f"{key} = {value}" for key, value in table.items())
    folder = tmp_path_factory.mktemp("models")
    try:
        catalogue = _load(folder, f"[models.flux-dev]\n{lines}")
    except SettingsError as exc:
        told = exc.reason
    else:
        told = f"[models.flux-dev] {len(catalogue.models)}"

    assert "[models.flux-dev]" in told
