"""Discord's rules for components, in messages and in forms, and the ids it gives them."""

from __future__ import annotations

import copy
import itertools
from collections.abc import Iterator

from tests.fakes.discord_refusals import Form
from tests.fakes.discord_values import Json, walk

ROW, BUTTON, SELECT, TEXT_INPUT = 1, 2, 3, 4
SELECTS = (3, 5, 6, 7, 8)
SECTION, TEXT, THUMBNAIL, GALLERY, FILE, SEPARATOR, CONTAINER = 9, 10, 11, 12, 13, 14, 17
LABEL, UPLOAD, RADIO, CHECKBOXES, CHECKBOX = 18, 19, 21, 22, 23
"""Types of components. Source: Discord, components/reference."""

NEW_STYLE = (SECTION, TEXT, THUMBNAIL, GALLERY, FILE, SEPARATOR, CONTAINER)
"""What needs the flag IS_COMPONENTS_V2."""

FIELDS = (TEXT_INPUT, *SELECTS, UPLOAD, RADIO, CHECKBOXES, CHECKBOX)
"""What a label of a form may hold."""

ON_TOP = {True: (ROW, *NEW_STYLE), False: (ROW,)}
"""What may stand at the top of a message, with the flag and without."""

MOST_COMPONENTS = 40
MOST_CHARACTERS = 4000
"""Source: Discord, components/reference; the latter over all text components together."""

LENGTHS = {
    "custom_id": (1, 100),
    "label": (0, 80),
    "placeholder": (0, 150),
    "description": (0, 1024),
    "options": (1, 25),
    "items": (1, 10),
    "content": (1, 4000),
}
"""Least and most characters or elements. Source: Discord, components/reference."""


def check_message(form: Form, components: list[Json], *, new_style: bool) -> None:
    """Note what a message may not show."""
    for index, component in enumerate(components):
        if component.get("type") not in ON_TOP[new_style]:
            _wrong_type(form, f"components.{index}")
    every = list(walk(components))
    if len(every) > MOST_COMPONENTS or (not new_style and len(components) > 5):
        form.wrong("components", "BASE_TYPE_BAD_LENGTH", "Too many components.")
    if sum(len(one.get("content", "")) for one in every) > MOST_CHARACTERS:
        form.wrong("components", "COMPONENT_MAX_DISPLAYABLE_TEXT_SIZE_EXCEEDED", "Too much text.")
    _check_each(form, components)


def check_modal(form: Form, modal: Json) -> None:
    """Note what a form may not hold."""
    for key, most in (("title", 45), ("custom_id", 100)):
        form.required("data", modal, key)
        form.length(f"data.{key}", modal.get(key), 1, most)
    components = modal.get("components") or []
    form.length("data.components", components, 1, 5)
    for index, component in enumerate(components):
        if component.get("type") not in (ROW, TEXT, LABEL):
            _wrong_type(form, f"data.components.{index}")
        _check_field(form, f"data.components.{index}", component)
    _check_each(form, components, "data.components", texts=False)


def _check_field(form: Form, path: str, component: Json) -> None:
    inside = component.get("components") or []
    if component.get("type") == ROW and any(one.get("type") != TEXT_INPUT for one in inside):
        _wrong_type(form, f"{path}.components.0")
    if component.get("type") != LABEL:
        return
    form.length(f"{path}.label", component.get("label"), 1, 45)
    form.length(f"{path}.description", component.get("description"), 0, 100)
    if (component.get("component") or {}).get("type") not in FIELDS:
        _wrong_type(form, f"{path}.component")


def numbered(components: list[Json]) -> list[Json]:
    """Return the components with an id each, from 1 in order of appearance."""
    new = copy.deepcopy(components)
    taken = {part["id"] for part in walk(new) if part.get("id")}
    free = (number for number in itertools.count(1) if number not in taken)
    for part in walk(new):
        part["id"] = part.get("id") or next(free)
    return new


def uploads_named(components: list[Json], embeds: list[Json]) -> Iterator[str]:
    """Yield the file names that media, files and embeds refer to as `attachment://…`."""
    for part in walk(components):
        for holder in (part, *part.get("items", [])):
            urls = [(holder.get(key) or {}).get("url", "") for key in ("media", "file")]
            yield from (_name(url) for url in urls if url.startswith("attachment://"))
    for embed in embeds:
        urls = [(embed.get(key) or {}).get("url", "") for key in ("image", "thumbnail")]
        yield from (_name(url) for url in urls if url.startswith("attachment://"))


def _name(url: str) -> str:
    return url.removeprefix("attachment://")


def _check_each(
    form: Form, components: list[Json], top: str = "components", *, texts: bool = True
) -> None:
    seen: set[str] = set()
    for path, part in _paths(top, components):
        for key, (least, most) in LENGTHS.items():
            if texts or key not in ("label", "description", "content"):
                form.length(f"{path}.{key}", part.get(key), least, most)
        custom_id = part.get("custom_id")
        if custom_id in seen:
            form.wrong(f"{path}.custom_id", "COMPONENT_CUSTOM_ID_DUPLICATED", "Duplicated id.")
        if custom_id is not None:
            seen.add(custom_id)
        if part.get("type") == ROW:
            _check_row(form, path, part.get("components") or [])


def _check_row(form: Form, path: str, inside: list[Json]) -> None:
    types = {part.get("type") for part in inside}
    most = 5 if types <= {BUTTON} else 1
    form.length(f"{path}.components", inside, 1, most)
    if not types <= {BUTTON, TEXT_INPUT, *SELECTS}:
        _wrong_type(form, f"{path}.components")


def _paths(path: str, components: list[Json]) -> Iterator[tuple[str, Json]]:
    for index, part in enumerate(components):
        yield from _within(f"{path}.{index}", part)


def _within(path: str, part: Json) -> Iterator[tuple[str, Json]]:
    yield path, part
    yield from _paths(f"{path}.components", part.get("components") or [])
    for key in ("component", "accessory"):
        if part.get(key):
            yield from _within(f"{path}.{key}", part[key])


def _wrong_type(form: Form, path: str) -> None:
    text = "This type of component is not allowed here."
    form.wrong(f"{path}.type", "UNION_TYPE_CHOICES", text)
