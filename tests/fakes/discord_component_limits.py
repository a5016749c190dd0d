"""What Discord asks of components, modals and choices, within reach of the document or not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tests.fakes.discord_posted import SELECTS, Kind, components_in
from tests.fakes.problem import Path, Problem, length, mapping, number, objects

MAX_CUSTOM_ID = 100
MAX_OPTIONS = 25
MAX_MODAL_COMPONENTS = 5
"""Source: Discord, Receiving and Responding, Modal; the document says 40."""
MAX_TITLE = 45
MAX_CHOICES = 25
MAX_CHOICE = 100
"""Characters of a choice's name and of its text value. Source: Discord, Application Commands."""
MAX_INPUT = 4000
MAX_GALLERY = 10
ROW_BUTTONS = 5
LINK = 5
PREMIUM = 6

LENGTHS: Mapping[int, Mapping[str, int]] = {
    Kind.BUTTON: {"label": 80},
    Kind.TEXT_INPUT: {"placeholder": 100, "value": MAX_INPUT, "label": 45},
    Kind.THUMBNAIL: {"description": 1024},
    Kind.LABEL: {"label": 45, "description": 100},
    **{kind: {"placeholder": 150} for kind in SELECTS},
}
"""Characters in texts of components, by type. Source: Discord, Component Reference."""


def component_problems(holder: Mapping[str, object], path: Path) -> Iterator[Problem]:
    """Go through what the components of a message or modal break, one by one and together."""
    seen: set[object] = set()
    for where, component in components_in(holder, path):
        yield from _custom_id(component, where, seen)
        yield from _lengths(component, where)
        rule = RULES.get(number(component.get("type")) or 0)
        if rule is not None:
            yield from rule(component, where)


def modal_problems(modal: Mapping[str, object]) -> Iterator[Problem]:
    """Go through what a modal breaks; it stands at `data`."""
    if not 1 <= length(modal.get("title")) <= MAX_TITLE:
        yield _problem("modal title", ("data", "title"), f"1 to {MAX_TITLE} characters")
    if not 1 <= length(modal.get("components")) <= MAX_MODAL_COMPONENTS:
        text = f"1 to {MAX_MODAL_COMPONENTS} top-level components"
        yield _problem("modal components", ("data", "components"), text)
    if not 1 <= length(modal.get("custom_id")) <= MAX_CUSTOM_ID:
        yield _problem("custom_id", ("data", "custom_id"), f"1 to {MAX_CUSTOM_ID} characters")
    yield from component_problems(modal, ("data",))


def choice_problems(choices: object, path: Path) -> Iterator[Problem]:
    """Go through what choices break, of an option or in an answer to autocomplete."""
    if length(choices) > MAX_CHOICES:
        yield _problem("choices", path, f"{length(choices)} choices, at most {MAX_CHOICES}")
    for where, choice in objects(choices, path):
        if not 1 <= length(choice.get("name")) <= MAX_CHOICE:
            yield _problem("choice name", (*where, "name"), f"1 to {MAX_CHOICE} characters")
        if length(choice.get("value")) > MAX_CHOICE:
            yield _problem("choice value", (*where, "value"), f"at most {MAX_CHOICE} characters")


def _problem(rule: str, path: Path, text: str) -> Problem:
    return Problem(rule=rule, path=path, text=text)


def _custom_id(component: Mapping[str, object], path: Path, seen: set[object]) -> Iterator[Problem]:
    custom_id = component.get("custom_id")
    if custom_id is None:
        return
    if not 1 <= length(custom_id) <= MAX_CUSTOM_ID:
        yield _problem("custom_id", (*path, "custom_id"), f"1 to {MAX_CUSTOM_ID} characters")
    if custom_id in seen:
        yield _problem("custom_id twice", (*path, "custom_id"), f"{custom_id!r} is taken")
    seen.add(custom_id)


def _lengths(component: Mapping[str, object], path: Path) -> Iterator[Problem]:
    for key, limit in LENGTHS.get(number(component.get("type")) or 0, {}).items():
        found = length(component.get(key))
        if found > limit:
            yield _problem("text length", (*path, key), f"{found} characters, at most {limit}")


def _row(component: Mapping[str, object], path: Path) -> Iterator[Problem]:
    inner = [entry for _, entry in objects(component.get("components"), path)]
    selects = any(entry.get("type") in SELECTS for entry in inner)
    if not 1 <= len(inner) <= (1 if selects else ROW_BUTTONS):
        text = f"1 to {ROW_BUTTONS} buttons, or one select"
        yield _problem("row", (*path, "components"), text)


def _button(component: Mapping[str, object], path: Path) -> Iterator[Problem]:
    style = component.get("style")
    wanted = {LINK: "url", PREMIUM: "sku_id"}.get(number(style) or 0, "custom_id")
    given = [key for key in ("custom_id", "url", "sku_id") if component.get(key) is not None]
    if given != [wanted]:
        yield _problem("button", path, f"style {style} has {wanted} alone, not {given}")
    if style != PREMIUM and not (component.get("label") or component.get("emoji")):
        yield _problem("button", path, "has neither label nor emoji")


def _select(component: Mapping[str, object], path: Path) -> Iterator[Problem]:
    options = [mapping(entry) for _, entry in objects(component.get("options"), path)]
    if component.get("type") == Kind.STRING_SELECT and not 1 <= len(options) <= MAX_OPTIONS:
        yield _problem("select options", (*path, "options"), f"1 to {MAX_OPTIONS} options")
    values = [option.get("value") for option in options]
    if len(values) > len(set(values)):
        yield _problem("select values", (*path, "options"), "two options have one value")
    yield from _range(component, path, "min_values", "max_values")


def _text_input(component: Mapping[str, object], path: Path) -> Iterator[Problem]:
    for key in ("min_length", "max_length"):
        if (number(component.get(key)) or 0) > MAX_INPUT:
            yield _problem("text input", (*path, key), f"at most {MAX_INPUT}")
    yield from _range(component, path, "min_length", "max_length")


def _range(component: Mapping[str, object], path: Path, low: str, high: str) -> Iterator[Problem]:
    least, most = number(component.get(low)), number(component.get(high))
    if least is not None and most is not None and least > most:
        yield _problem("range", (*path, low), f"{low} is over {high}")


def _gallery(component: Mapping[str, object], path: Path) -> Iterator[Problem]:
    items = (*path, "items")
    if not 1 <= length(component.get("items")) <= MAX_GALLERY:
        yield _problem("gallery", items, f"1 to {MAX_GALLERY} pictures")
    for where, item in objects(component.get("items"), items):
        if length(item.get("description")) > LENGTHS[Kind.THUMBNAIL]["description"]:
            yield _problem("alt text", (*where, "description"), "over 1024 characters")


RULES = {
    Kind.ACTION_ROW: _row,
    Kind.BUTTON: _button,
    Kind.TEXT_INPUT: _text_input,
    Kind.MEDIA_GALLERY: _gallery,
    **dict.fromkeys(SELECTS, _select),
}
