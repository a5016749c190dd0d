"""What prompts are understood to ask for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.studio.lexicon import KeepColour, Recolour, understand
from core.studio.looks import edits, register
from core.studio.vocabulary import Term, Topic, packaged

_DRAWN_BY = {
    Topic.STYLE: frozenset(register.LOOKS),
    Topic.MOOD: frozenset(register.MOODS),
    Topic.SCENE: frozenset(register.SCENES),
    Topic.COLOUR: frozenset(packaged().tones),
    Topic.EDIT: frozenset(edits.EDITS),
    Topic.REGION: frozenset({"sky", "plants", "water", "middle"}),
}


@pytest.mark.parametrize("topic", list(Topic))
def test_lexicon_leads_to_what_is_drawn(topic: Topic) -> None:
    """Every name in the lexicon is drawn by something, and everything drawn has a name there."""
    named = {t.name for terms in packaged().terms.values() for t in terms if t.topic is topic}

    assert named == _DRAWN_BY[topic]


def test_lexicon_knows_many_words() -> None:
    """At least 150 phrases stand for styles alone."""
    styles = [p for p, ts in packaged().terms.items() if any(t.topic is Topic.STYLE for t in ts)]

    assert len(styles) >= 150


@pytest.mark.parametrize(
    ("prompt", "styles", "moods", "scenes"),
    [
        ("a woodcut of a harbour", ("woodcut",), (), ("harbour",)),
        ("watercolor, golden hour", ("watercolour",), ("golden-hour",), ()),
        ("a cyberpunk city at night", ("neon",), ("night",), ("city",)),
        ("Impresionist paintng of forrests", ("impressionist", "oil"), (), ("forest",)),
        ("ukiyo-e, mountains", ("ukiyo-e",), (), ("mountains",)),
        ("oil pastel", ("pastel",), (), ()),
        ("boats and castles", (), (), ("harbour", "castle")),
        ("a starry night", ("starry",), ("stars",), ()),
    ],
)
def test_understand_names_wishes(
    prompt: str, styles: tuple[str, ...], moods: tuple[str, ...], scenes: tuple[str, ...]
) -> None:
    """Phrases are matched longest first; plurals and typing mistakes are forgiven."""
    reading = understand(prompt)

    assert (
        reading.names(Topic.STYLE),
        tuple(sorted(reading.names(Topic.MOOD))),
        reading.names(Topic.SCENE),
    ) == (styles, tuple(sorted(moods)), scenes)


@pytest.mark.parametrize(
    ("prompt", "step"),
    [
        ("make the jacket blue", Recolour(colour="blue", region="middle")),
        (
            "make the orange suit blue",
            Recolour(colour="blue", from_colour="orange", region="middle"),
        ),
        ("turn red into green", Recolour(colour="green", from_colour="red", region="middle")),
        ("paint the sky pink", Recolour(colour="pink", region="sky")),
        ("a purple sky", Recolour(colour="purple", region="sky")),
        ("black and white except the red", KeepColour(colour="red")),
        ("make it blue", Term(topic=Topic.COLOUR, name="blue")),
        ("add snow", Term(topic=Topic.MOOD, name="snow")),
        ("blur the background", Term(topic=Topic.EDIT, name="blur-background")),
    ],
)
def test_understand_reads_instructions(prompt: str, step: Term | Recolour | KeepColour) -> None:
    """An instruction becomes one step."""
    assert understand(prompt).steps == (step,)


def test_understand_keeps_the_order_of_a_compound_prompt() -> None:
    """Steps come in the order in which the prompt names them."""
    reading = understand("golden hour, then oil painting, make the sky pink")

    assert reading.steps == (
        Term(topic=Topic.MOOD, name="golden-hour"),
        Term(topic=Topic.STYLE, name="oil"),
        Recolour(colour="pink", region="sky"),
    )


@pytest.mark.parametrize("prompt", ["snowy forest", "a forest with snow", "snow, forest, fog"])
def test_understand_takes_the_negative_prompt_away(prompt: str) -> None:
    """What the negative prompt names is not among the wishes."""
    reading = understand(prompt, "snow, fog")

    assert reading.steps == (Term(topic=Topic.SCENE, name="forest"),)


def test_understand_reads_refusals_in_the_prompt() -> None:
    """A prompt with "no snow" or "without fog or rain" counts as a negative one too."""
    reading = understand("a watercolour, no snow, without fog or rain")

    assert (reading.steps, {term.name for term in reading.avoided}) == (
        (Term(topic=Topic.STYLE, name="watercolour"),),
        {"snow", "fog", "rain"},
    )


def test_understand_reports_unknown_words_as_ignored() -> None:
    """Words outside the lexicon are told apart from those that mattered; filler is neither."""
    reading = understand("a woodcut of the zorblax in a quuxly harbour", "gribble")

    assert (reading.understood, reading.ignored, reading.disliked) == (
        ("woodcut", "harbour"),
        ("zorblax", "quuxly"),
        ("gribble",),
    )


@given(st.text(max_size=300), st.text(max_size=100))
def test_understand_takes_any_text(prompt: str, negative_prompt: str) -> None:
    """Any text is read, twice alike, and nothing refused is among the wishes."""
    reading = understand(prompt, negative_prompt)

    assert reading == understand(prompt, negative_prompt)
    assert not reading.avoided & set(reading.steps)
