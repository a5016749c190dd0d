"""What a user gave: every setting, every mistake, and the prompt as it was typed."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.slack.given import (
    PICTURES_MAX,
    left_out,
    listed,
    mentioned,
    pictures_of,
    typed,
    uploads,
)
from adapters.slack.origin import Upload
from core.errors import Problem

BOT = "U0BOT"
NAMES = ("model", "size", "strength", "guidance_scale", "negative_prompt", "batch", "width")
plain_words = st.text(st.characters(codec="utf-8", exclude_characters=':"“”„'), max_size=60)
quotable = st.text(st.characters(codec="utf-8", exclude_characters='"“”„'), min_size=1, max_size=60)
simple = st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1, max_size=12)


def of(text: str) -> dict[str, str]:
    """Return the values of a text in which nothing is wrong."""
    found = typed(text)
    assert found.problems == ()
    return dict(found.values)


def wrong(text: str) -> list[tuple[str, str]]:
    """Return what is wrong with a text: parameters and reasons."""
    return [(each.parameter, each.reason) for each in typed(text).problems]


def test_a_whole_mention_is_read() -> None:
    """Settings wherever they stand; the rest is the prompt."""
    text = (
        f"<@{BOT}> as a woodcut model:flux-dev strength:0.4 size:1024x1024 batch:2 "
        'negative:"fog, rain" at night'
    )

    found = mentioned(text, bot_user_id=BOT)

    assert found.problems == ()
    assert found.values == {
        "prompt": "as a woodcut at night",
        "model": "flux-dev",
        "strength": "0.4",
        "size": "1024x1024",
        "batch": "2",
        "negative_prompt": "fog, rain",
    }


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("", {}),
        ("   ", {}),
        ("model:flux-dev", {"model": "flux-dev"}),
        ("MODEL:Flux-Dev Guidance-Scale:3", {"model": "Flux-Dev", "guidance_scale": "3"}),
        ("guidance:3 negative-prompt:fog", {"guidance_scale": "3", "negative_prompt": "fog"}),
        ("model:“Flux Dev” a cat", {"model": "Flux Dev", "prompt": "a cat"}),
        ('prompt:"a cat" batch:2', {"prompt": "a cat", "batch": "2"}),
        ("width:720 height:1280 x", {"width": "720", "height": "1280", "prompt": "x"}),
        ("app_id:ap-1 inference_type:a100", {"app_id": "ap-1", "inference_type": "a100"}),
        ("a\n\nb  batch:2\nc", {"prompt": "a\n\nb\nc", "batch": "2"}),
        ("a `model:flux-dev` *batch:2*", {"prompt": "a", "model": "flux-dev", "batch": "2"}),
        ('_~strength:0.4~_ *negative:"a fog"*', {"strength": "0.4", "negative_prompt": "a fog"}),
        ("```model:x batch:2```", {"model": "x", "batch": "2"}),
        ("*Note:* make it *blue*", {"prompt": "*Note:* make it *blue*"}),
    ],
)
def test_settings_are_read(text: str, values: dict[str, str]) -> None:
    """Names in any case and spelling, values with and without quotation marks."""
    assert of(text) == values


@pytest.mark.parametrize(
    "text",
    [
        "16:9 at 5:30",
        "Note: make it blue",
        "see https://a.example/x:y and http://b.example",
        ":tada: great:tada: :wave::skin-tone-2:",
        'a poster that says "Re:Zero" and “model:flux-dev”',
        "(model:flux-dev) in brackets",
        'an unclosed " quotation model',
        "it's 5\" wide",
    ],
)
def test_prose_with_colons_and_quotation_marks_is_the_prompt(text: str) -> None:
    """What is no setting stays as it was typed."""
    assert of(text) == {"prompt": text}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("style:oil", [("style", "there is no such setting")]),
        (
            "modle:x batc:2",
            [("modle", "there is no such setting"), ("batc", "there is no such setting")],
        ),
        ("batch:2 batch:3", [("batch", "is given twice")]),
        ("negative:a negative_prompt:b", [("negative_prompt", "is given twice")]),
        ("model: flux-dev", [("model", "nothing follows its colon")]),
        ('model:"" x', [("model", "nothing follows its colon")]),
        ('negative:"fog and rain', [("negative_prompt", "its quotation mark is not closed")]),
        ('negative:"fog"and', [("negative_prompt", "its quotation mark is not closed")]),
        ('prompt:"a" b', [("prompt", "is given twice")]),
    ],
)
def test_every_mistake_is_told(text: str, found: list[tuple[str, str]]) -> None:
    """None of them becomes a part of the prompt in silence."""
    assert wrong(text) == found


@pytest.mark.parametrize("word", ["„ ", "“ ", '" ', "a:„ ", "a_:` "])
def test_text_without_end_is_read_in_one_go(word: str) -> None:
    """Forty thousand characters, as many as a message takes: no mark is searched for ever again."""
    text = word * (40_000 // len(word))

    found = typed(text)

    assert found.problems or found.values == {"prompt": text.strip()}


def test_quotation_ends_at_any_mark() -> None:
    """An opening one within it too, so that what follows is not swallowed."""
    assert wrong("negative:„fog „rain” batch:2") == [
        ("negative_prompt", "its quotation mark is not closed")
    ]


def test_inches_are_no_quotation_marks() -> None:
    """A mark within a word opens nothing, so that no setting gets lost between two of them."""
    assert of('5" wide model:flux-dev 7" tall') == {
        "prompt": '5" wide 7" tall',
        "model": "flux-dev",
    }


def test_mistake_says_what_is_allowed() -> None:
    """With the names there are, and how to keep the words in the prompt."""
    (problem,) = typed("style:oil").problems

    assert problem == Problem(
        parameter="style",
        reason="there is no such setting",
        allowed="model, size, strength, guidance_scale, negative_prompt, batch, width, height, "
        "inference_type, app_id; quotation marks keep it in the prompt",
    )


@settings(deadline=None)
@given(plain_words)
def test_text_without_settings_is_the_prompt(text: str) -> None:
    """As it was typed, but for white space around it."""
    wanted = {"prompt": text.strip()} if text.strip() else {}

    assert of(text) == wanted


@settings(deadline=None)
@given(plain_words, st.dictionaries(st.sampled_from(NAMES), quotable, max_size=5), st.booleans())
def test_whatever_is_written_is_read(prompt: str, settings: dict[str, str], is_first: bool) -> None:
    """Any values in quotation marks, before or after any prompt."""
    written = " ".join(f'{name}:"{value}"' for name, value in settings.items())
    text = f"{written} {prompt}" if is_first else f"{prompt} {written}"
    wanted = {"prompt": prompt.strip()} if prompt.strip() else {}

    assert of(text) == settings | wanted


@settings(deadline=None)
@given(plain_words, st.dictionaries(st.sampled_from(NAMES), simple))
def test_mention_is_read_through_slacks_own_escapes(prompt: str, settings: dict[str, str]) -> None:
    """What Slack escapes on its way to us makes no difference."""
    typed_text = " ".join([prompt, *(f"{name}:{value}" for name, value in settings.items())])
    escaped = typed_text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")

    assert mentioned(f"<@{BOT}> {escaped}", bot_user_id=BOT) == typed(typed_text)


@settings(deadline=None)
@given(st.text())
def test_any_text_is_read(text: str) -> None:
    """Whatever is typed, it is read, and every problem says which setting and what is allowed."""
    found = typed(text)

    assert all(each.parameter and each.reason and each.allowed for each in found.problems)
    assert all(value for value in found.values.values())


@pytest.mark.parametrize(
    ("text", "word"),
    [("help", "help"), (" Models ", "models"), ("jobs", "jobs"), ("help me", None), ("", None)],
)
def test_a_word_alone_asks_for_a_list(text: str, word: str | None) -> None:
    """With more words it is a prompt."""
    assert listed(text) == word


FILE: dict[str, Any] = {
    "id": "F1",
    "name": "a.png",
    "mimetype": "image/png",
    "size": 12,
    "mode": "hosted",
    "url_private": "https://files.slack.com/files-pri/T1-F1/a.png",
    "url_private_download": "https://files.slack.com/files-pri/T1-F1/download/a.png",
}
STUB = {"id": "F2", "mode": "file_access", "file_access": "check_file_info"}


def test_file_is_read_as_announced() -> None:
    """By the address that gives the bytes rather than a page."""
    assert uploads([FILE]) == (
        Upload(
            file_id="F1",
            url_private="https://files.slack.com/files-pri/T1-F1/download/a.png",
            size_bytes=12,
            mimetype="image/png",
            mode="hosted",
            name="a.png",
        ),
    )


@pytest.mark.parametrize("files", [None, "F1", {}, [None, 3, "F1", {}, {"id": 7}]])
def test_what_is_no_file_is_passed_over(files: object) -> None:
    """Whatever the payload has in its place."""
    assert uploads(files) == ()


def test_pictures_of_a_message_are_its_files_that_may_be_some() -> None:
    """By type or by extension; a stub may be one; documents and deleted files are none."""
    by_name = {**FILE, "id": "F3", "mimetype": "application/octet-stream", "name": "B.HEIC"}
    document = {**FILE, "id": "F4", "mimetype": "application/pdf", "name": "c.pdf"}
    deleted = {"id": "F5", "mode": "tombstone"}
    message = {"files": [FILE, STUB, by_name, document, deleted, FILE]}

    assert [each.file_id for each in pictures_of(message)] == ["F1", "F2", "F3"]


def test_forwarded_pictures_count_and_pictures_of_links_do_not() -> None:
    """Those at addresses that anybody may have chosen are never fetched."""
    forwarded = {"is_share": True, "files": [{**FILE, "id": "F6"}]}
    unfurled = {
        "image_url": "https://evil.example/a.png",
        "thumb_url": "https://evil.example/b.png",
    }

    found = pictures_of({"attachments": [forwarded, unfurled, None]})

    assert [each.file_id for each in found] == ["F6"]
    assert pictures_of({}) == ()


def test_no_more_pictures_are_looked_at_than_a_field_takes() -> None:
    """However many a message has."""
    files = [{**FILE, "id": f"F{each}"} for each in range(30)]

    assert len(pictures_of({"files": files})) == PICTURES_MAX


def test_files_that_are_left_out_are_named() -> None:
    """No picture, gone, or one too many."""
    files = [{"id": f"F{n}", "name": f"{n}.png"} for n in range(PICTURES_MAX + 1)]
    other = [
        {"id": "FP", "name": "a.pdf", "mimetype": "application/pdf"},
        {"id": "FG", "mode": "tombstone"},
    ]

    assert left_out({"files": [*other, *files]}) == ("a.pdf", "", f"{PICTURES_MAX}.png")
    assert left_out({"files": files[:2]}) == ()
